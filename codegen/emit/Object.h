// Object.h - a plan and its kernels as an object file, and linked.
#ifndef TRESSE_CODEGEN_EMIT_OBJECT_H
#define TRESSE_CODEGEN_EMIT_OBJECT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>
#include <vector>

namespace tresse {

/// Everything a compiled model holds.
struct ModelCode {
  /// The bytes of the plan (tresse/plan.h).
  llvm::ArrayRef<uint64_t> plan;
  /// Functions of the kernel table, in the order of the plan's `code` indices;
  /// defined in `kernels`.
  std::vector<std::string> cpuKernels;
  /// Functions of the reference table, defined in the runtime.
  std::vector<std::string> referenceKernels;
  /// What the modules of a cuda plan are ranges of.
  std::string deviceCode;
  /// The kernels' LLVM module, or null.
  std::unique_ptr<llvm::Module> kernels;
};

/// Returns the machine to generate code for; `name` is a `--cpu` value
/// (cpu::parseTarget).
llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createCpuTargetMachine(llvm::StringRef name);

/// Optimizes the kernels and returns an ELF object that exports
/// `tresse_model_query` and keeps the plan in section `.tresse.plan`.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(ModelCode code,
                                                      llvm::TargetMachine &);

/// Links `object` with the runtime by the system's `cc` into an executable.
/// `libraries` is the folder of libtresse_rt.a and its `tresse-link.txt` (one
/// argument of cc a line; `@LIB@` stands for the folder).
llvm::Error linkExecutable(llvm::ArrayRef<char> object, llvm::StringRef output,
                           llvm::StringRef libraries);

/// Links `object` into a shared library by LLD. Reference functions come from
/// libtresse_reference.a in `libraries`.
llvm::Error linkShared(llvm::ArrayRef<char> object, llvm::StringRef output,
                       llvm::StringRef libraries);

} // namespace tresse

#endif // TRESSE_CODEGEN_EMIT_OBJECT_H
