// DeviceCode.h - device functions as PTX, and assembled.
#ifndef TRESSE_CODEGEN_CUDA_DEVICECODE_H
#define TRESSE_CODEGEN_CUDA_DEVICECODE_H

#include "codegen/cuda/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace tresse::cuda {

/// Optimizes the kernels of `device` (LLVM and NVVM dialects) and returns their
/// PTX.
llvm::FailureOr<std::string> writePtx(mlir::ModuleOp device,
                                      const Target &target);

/// What the assembler says about a kernel.
struct KernelUse {
  int64_t registers = 0, spilledBytes = 0, staticSharedBytes = 0;
};

/// Machine code, which carries its PTX with it.
struct Cubin {
  std::string code;
  llvm::StringMap<KernelUse> kernels;
};

/// Assembles PTX by `ptxas`: the program at `assembler`, or where that is
/// empty the one on the search path or the one known when this was built.
llvm::Expected<Cubin> assemble(llvm::StringRef ptx, const Target &target,
                               llvm::StringRef assembler);

} // namespace tresse::cuda

#endif // TRESSE_CODEGEN_CUDA_DEVICECODE_H
