// Kernel.h - kernels of the cuda target: from a body of lm ops to a function
// that every thread of a grid runs.
//
//   body of lm ops
//     codegen/tile        loops over tiles on vectors of 32 lanes
//     orderLanes          a barrier where one lane reads what another wrote
//     distributeLanes     a vector is one number in each thread of a warp
//     lowerKernels        LLVM and NVVM
//
// A warp computes one tile (several, one after the other, where scratch in
// global memory limits the number of warps).
#ifndef TRESSE_CODEGEN_CUDA_KERNEL_H
#define TRESSE_CODEGEN_CUDA_KERNEL_H

#include "codegen/cuda/Target.h"
#include "codegen/tile/Kernel.h"

namespace tresse::cuda {

/// How a kernel is launched. Its parameters are the addresses of the tensors,
/// then that of scratch when `scratchBytes` is not 0.
struct KernelShape {
  int64_t tileCount = 0;
  int64_t blocks = 0, threads = 0;
  /// Dynamic shared memory of a block.
  int64_t sharedBytes = 0;
  /// Global memory that a launch needs for itself.
  int64_t scratchBytes = 0;
};

/// How far emitKernel goes.
enum class Step { Tiles, Order, Threads };

/// Emits the kernel `name` into `module`; arguments as tile::emitFunction.
llvm::FailureOr<KernelShape>
emitKernel(mlir::ModuleOp module, llvm::StringRef name, mlir::Block &body,
           llvm::ArrayRef<mlir::MemRefType> layouts, const Target &target,
           Step step = Step::Threads);

/// Emits a kernel that copies (converts) one tensor to another of the same
/// sizes.
KernelShape emitCopy(mlir::ModuleOp module, llvm::StringRef name,
                     mlir::Location loc, mlir::MemRefType from,
                     mlir::MemRefType to, const Target &target);

/// Emits a kernel that sets every element of a tensor to `value`.
KernelShape emitFill(mlir::ModuleOp module, llvm::StringRef name,
                     mlir::Location loc, mlir::MemRefType to,
                     mlir::TypedAttr value, const Target &target);

/// Puts a barrier of the warp before every access that must see, or must not
/// disturb, what another lane did: between two accesses of the same memory of
/// which one writes, unless each lane meets its own elements only. `tied` are
/// pairs of arguments on the same memory.
void orderLanes(mlir::func::FuncOp function,
                llvm::ArrayRef<std::pair<unsigned, unsigned>> tied);

/// Replaces the function by the code of one thread and says how to launch it.
KernelShape distributeLanes(const tile::KernelFunction &kernel,
                            const Target &target);

/// Lowers every kernel of `module` to the LLVM and NVVM dialects.
llvm::LogicalResult lowerKernels(mlir::ModuleOp module);

/// Loads the dialects that kernels pass through, and their translations.
void registerKernelDialects(mlir::DialectRegistry &registry);

} // namespace tresse::cuda

#endif // TRESSE_CODEGEN_CUDA_KERNEL_H
