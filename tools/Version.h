// Version.h - what --version prints.
#ifndef TRESSE_TOOLS_VERSION_H
#define TRESSE_TOOLS_VERSION_H

#include "llvm/Support/raw_ostream.h"

namespace tresse {

/// Prints the version of Tresse, its commit, and the LLVM it was built on.
inline void printVersion(llvm::raw_ostream &os) {
  os << "tresse " TRESSE_VERSION " (" TRESSE_COMMIT "), LLVM " TRESSE_LLVM "\n";
}

} // namespace tresse

#endif // TRESSE_TOOLS_VERSION_H
