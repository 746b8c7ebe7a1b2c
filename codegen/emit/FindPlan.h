// FindPlan.h - where a plan's bytes lie in a file.
#ifndef TRESSE_CODEGEN_EMIT_FINDPLAN_H
#define TRESSE_CODEGEN_EMIT_FINDPLAN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace tresse::plan {

/// The range of `file` that holds a plan: the whole of a bare plan, or the
/// section `.tresse.plan` of a 64-bit little-endian ELF file. The file may be
/// hostile; nothing of it is loaded or run. Empty, with a sentence in
/// `message`, when there is none.
llvm::StringRef findPlan(llvm::StringRef file, std::string &message);

} // namespace tresse::plan

#endif // TRESSE_CODEGEN_EMIT_FINDPLAN_H
