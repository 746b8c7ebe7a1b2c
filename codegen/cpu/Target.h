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

  /// The x86-64 level that a processor must reach to run the kernels, as the
  /// plan states it.
  const char *level() const {
    return vectorBits >= 512   ? "x86-64-v4"
           : vectorBits >= 256 ? "x86-64-v3"
                               : "x86-64-v2";
  }
  /// f32 lanes of a vector.
  int64_t lanes() const { return vectorBits / 32; }
};

/// Reads a `--cpu` value: `host`, `x86-64-v3` or `x86-64-v4`.
llvm::Expected<Target> parseTarget(llvm::StringRef name);

} // namespace tresse::cpu

#endif // TRESSE_CODEGEN_CPU_TARGET_H
