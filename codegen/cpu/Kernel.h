// Kernel.h - kernels of the cpu target: from a body of lm ops to a function.
//
// A kernel is `void name(void *const *operands, int64_t begin, int64_t end,
// void *scratch)` (plan.h: tresse_cpu_kernel). operands[i] is the address of
// the first element of the i-th tensor: the body's arguments, then the tensors
// it gives; a result that updates an operand in place has the same address.
// Tiles [begin, end) are computed; any partition of [0, tile count) into calls,
// in any order and on any threads, gives the same bits.
#ifndef TRESSE_CODEGEN_CPU_KERNEL_H
#define TRESSE_CODEGEN_CPU_KERNEL_H

#include "codegen/cpu/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace tresse::cpu {

/// What a launch of a kernel must know.
struct KernelShape {
  int64_t tileCount = 0;
  /// Bytes of scratch per worker, aligned to 64.
  int64_t scratchBytes = 0;
};

/// Counts the tiles of a kernel without emitting it. `body` and `layouts` as
/// emitKernel.
llvm::FailureOr<int64_t> countTiles(mlir::Block &body,
                                    llvm::ArrayRef<mlir::MemRefType> layouts,
                                    const Target &target);

/// Emits the kernel `name` into `module` as a function on flat memrefs, in the
/// scf, vector, arith, math and memref dialects. `body` holds lm and
/// elementwise ops on tensors: its arguments are the tensors read, its
/// terminator's operands those written; `layouts` is the strided memory of the
/// arguments, then of the written tensors. One op of any kind, or several
/// row-wise ones. `body` is left as it is.
llvm::FailureOr<KernelShape>
emitKernel(mlir::ModuleOp module, llvm::StringRef name, mlir::Block &body,
           llvm::ArrayRef<mlir::MemRefType> layouts, const Target &target);

/// Lowers every function that emitKernel made in `module` to the LLVM dialect
/// and gives it the signature of plan.h; attaches the target's features.
llvm::LogicalResult lowerKernels(mlir::ModuleOp module, const Target &target);

/// The row-major layout of a tensor.
mlir::MemRefType rowMajor(mlir::RankedTensorType type);

/// Loads the dialects that emitKernel and lowerKernels use, and the
/// translations of the LLVM dialect.
void registerKernelDialects(mlir::DialectRegistry &registry);

} // namespace tresse::cpu

#endif // TRESSE_CODEGEN_CPU_KERNEL_H
