// Target.h - which CPU kernels are made for.
#ifndef TRESSE_CODEGEN_CPU_TARGET_H
#define TRESSE_CODEGEN_CPU_TARGET_H

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tresse::cpu {

struct Target {
  /// The x86-64 level that code is made for, LLVM's name of a processor.
  std::string level;
  /// Instruction sets beyond the level that code may use, "avx512bf16,gfni".
  std::string extensions;
  /// The processor whose timings decide between instructions; empty for none.
  std::string tuning;
  /// Width of a vector register.
  unsigned vectorBits;

  /// LLVM's feature string.
  std::string features() const;
  /// What a processor must have to run the kernels, as the plan states it: the
  /// level, then the extensions, with commas between.
  std::string requirements() const {
    return extensions.empty() ? level : level + "," + extensions;
  }
  /// f32 lanes of a vector.
  int64_t lanes() const { return vectorBits / 32; }
};

/// Reads a `--cpu` value: `host`, `x86-64-v3` or `x86-64-v4`. `host` is the
/// highest level that this processor reaches, with those of its extensions
/// that a plan can name.
llvm::Expected<Target> parseTarget(llvm::StringRef name);

} // namespace tresse::cpu

#endif // TRESSE_CODEGEN_CPU_TARGET_H
