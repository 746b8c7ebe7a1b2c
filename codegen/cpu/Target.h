// Target.h - which CPU kernels are made for.
#ifndef TRESSE_CODEGEN_CPU_TARGET_H
#define TRESSE_CODEGEN_CPU_TARGET_H

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tresse::cpu {

struct Target {
  /// LLVM's name of the processor and its feature string.
  std::string processor, features;
  /// Width of a vector register.
  unsigned vectorBits;

  /// f32 lanes of a vector.
  int64_t lanes() const { return vectorBits / 32; }
};

/// Reads a `--cpu` value: `host`, `x86-64-v3` or `x86-64-v4`.
llvm::Expected<Target> parseTarget(llvm::StringRef name);

} // namespace tresse::cpu

#endif // TRESSE_CODEGEN_CPU_TARGET_H
