// Target.h - which GPUs kernels are made for.
#ifndef TRESSE_CODEGEN_CUDA_TARGET_H
#define TRESSE_CODEGEN_CUDA_TARGET_H

#include <cstdint>
#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace tresse::cuda {

struct Target {
  /// LLVM's and ptxas' name of the architecture, such as sm_90a.
  std::string chip;
  /// PTX version that LLVM may use, as a feature.
  std::string features;
  /// Ten times the compute capability, as the plan states it: 80, 90.
  int64_t architecture;
  /// Shared memory that one block can have.
  int64_t sharedBytes;
};

/// Threads that run in step, the lanes of a kernel's vectors.
constexpr int64_t warpLanes = 32;

/// Reads what follows `cuda:` in `--target`: sm_80 or sm_90a.
llvm::Expected<Target> parseTarget(llvm::StringRef name);

} // namespace tresse::cuda

#endif // TRESSE_CODEGEN_CUDA_TARGET_H
