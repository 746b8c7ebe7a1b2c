// Warp.h - what a thread asks of its warp and grid. Only Warp.cpp knows the
// NVVM dialect, whose header takes longer to read than all others together.
#ifndef TRESSE_CODEGEN_CUDA_WARP_H
#define TRESSE_CODEGEN_CUDA_WARP_H

#include "mlir/IR/Builders.h"

namespace tresse::cuda {

/// Which lane a value comes from: the one named, or the one whose number
/// differs from the reader's in the bits given (a butterfly).
enum class Exchange { Lane, Butterfly };

/// The thread's number in its block, i32.
mlir::Value createThreadNumber(mlir::OpBuilder &builder, mlir::Location loc);

/// The block's number in the grid, i32.
mlir::Value createBlockNumber(mlir::OpBuilder &builder, mlir::Location loc);

/// Another lane's `value`, of 32 bits; `from` (i32) as `kind` says.
mlir::Value createExchange(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value value, mlir::Value from, Exchange kind);

/// A barrier of all lanes that orders their accesses to memory.
void createWarpBarrier(mlir::OpBuilder &builder, mlir::Location loc);
bool isWarpBarrier(mlir::Operation *op);

/// Marks a function as a kernel that is launched with `threads` a block.
void markKernel(mlir::Operation *function, int64_t threads);

/// The dialect of the above, and its registration with its translation.
inline constexpr llvm::StringLiteral warpDialect = "nvvm";
void registerWarpDialect(mlir::DialectRegistry &registry);

} // namespace tresse::cuda

#endif // TRESSE_CODEGEN_CUDA_WARP_H
