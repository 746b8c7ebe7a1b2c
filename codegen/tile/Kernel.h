// Kernel.h - from a block of lm ops on tensors to the loop over its tiles.
#ifndef TRESSE_CODEGEN_TILE_KERNEL_H
#define TRESSE_CODEGEN_TILE_KERNEL_H

#include "codegen/tile/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"

namespace tresse::tile {

/// Where the tensors of a kernel lie.
class Operands {
public:
  void set(mlir::Value tensor, View view) { views[tensor] = std::move(view); }
  bool has(mlir::Value tensor) const { return views.contains(tensor); }
  const View &operator[](mlir::Value tensor) const {
    return views.find(tensor)->second;
  }

private:
  llvm::DenseMap<mlir::Value, View> views;
};

/// A block of rows of a row-wise kernel.
class Rows {
public:
  Rows(TileBuilder &tile, const Operands &operands, Num first, Num count,
       int64_t rowRank, int64_t rowsPerTile)
      : tile(tile), operands(operands), first(first), rowsInBlock(count),
        rowRank(rowRank), rowsPerTile(rowsPerTile) {}

  /// Rows in this block, at most perTile().
  Num count() const { return rowsInBlock; }
  int64_t perTile() const { return rowsPerTile; }
  /// The number of the block's r-th row among all rows.
  Num global(Num r) const { return first + r; }
  /// The block's r-th row of a tensor that is indexed by rows.
  View row(mlir::Value tensor, Num r) const;
  /// A tensor that every row sees whole.
  const View &whole(mlir::Value tensor) const { return operands[tensor]; }
  void forEach(TileBuilder::Body body) const { forEach(rowsInBlock, body); }
  /// The rows below `ends`' last element only, all when `ends` is null.
  void forEachBefore(mlir::Value ends, TileBuilder::Body body) const;
  /// How many leading dimensions of the tensors at hand index rows.
  void setRowRank(int64_t rank) { rowRank = rank; }
  /// Says that a tensor's rows are the block's own scratch.
  void setLocal(mlir::Value tensor, View view) { local[tensor] = view; }

private:
  void forEach(Num count, TileBuilder::Body body) const;

  TileBuilder &tile;
  const Operands &operands;
  Num first, rowsInBlock;
  int64_t rowRank, rowsPerTile;
  llvm::DenseMap<mlir::Value, View> local;
};

/// A kernel's body, understood: how many tiles it has and how to emit them.
class KernelBody {
public:
  /// Reads `block`: its arguments are the tensors read, the operands of its
  /// terminator those written. `layouts` gives the strided memory of the
  /// arguments, then of the written tensors. Emits an error and fails where an
  /// op is not one that kernels are made of.
  static llvm::FailureOr<KernelBody>
  analyse(mlir::Block &block, llvm::ArrayRef<mlir::MemRefType> layouts,
          int64_t lanes);

  int64_t tileCount() const { return tiles; }
  /// Elements of one step: fewer where they are f64.
  int64_t lanesPerStep() const { return lanes; }
  /// The type of sums: f64 where the kernel has f64, else f32.
  mlir::Type wide() const { return wideType; }
  /// Emits the loop over tiles [begin, end); `operands` in order of layouts.
  void emit(TileBuilder &tile, llvm::ArrayRef<View> operands, Num begin,
            Num end) const;

private:
  enum class Kind { Tiles, Rows, Flat };
  llvm::LogicalResult analyseRows(llvm::ArrayRef<mlir::MemRefType> layouts);
  llvm::LogicalResult checkRows(llvm::ArrayRef<mlir::Operation *> elementwise,
                                llvm::ArrayRef<mlir::MemRefType> layouts) const;
  int64_t rowRankOf(mlir::Operation *op) const;
  void emitRows(TileBuilder &tile, const Operands &operands, Num index) const;
  void emitFlat(TileBuilder &tile, const Operands &operands, Num index) const;

  mlir::Block *block = nullptr;
  Kind kind = Kind::Rows;
  mlir::Type wideType;
  int64_t lanes = 0, tiles = 0, rowCount = 0, rowRank = 0, rowsPerTile = 1;
};

/// A kernel as a function of its tensors' flat memrefs, then of the first tile,
/// the tile behind the last one, and scratch (a memref of bytes).
struct KernelFunction {
  mlir::func::FuncOp function;
  int64_t tileCount = 0;
  /// Bytes of scratch per worker, a multiple of 64.
  int64_t scratchBytes = 0;
};

/// Emits the kernel `name` into `module` in the scf, vector, arith, math and
/// memref dialects. `body` and `layouts` as KernelBody::analyse; `prepare` may
/// set up the builder. `body` is left as it is.
llvm::FailureOr<KernelFunction> emitFunction(
    mlir::ModuleOp module, llvm::StringRef name, mlir::Block &body,
    llvm::ArrayRef<mlir::MemRefType> layouts, int64_t lanes,
    llvm::function_ref<void(TileBuilder &)> prepare = [](TileBuilder &) {});

/// The same of a body that is not made of lm ops: `body` emits the loop over
/// tiles [begin, end) of the tensors. Sums are of type `wide`.
KernelFunction emitFunction(
    mlir::ModuleOp module, llvm::StringRef name, mlir::Location loc,
    llvm::ArrayRef<mlir::MemRefType> layouts, int64_t tileCount,
    mlir::Type wide, int64_t lanes,
    llvm::function_ref<void(TileBuilder &, llvm::ArrayRef<View>, Num, Num)>
        body);

/// The row-major layout of a tensor.
mlir::MemRefType rowMajor(mlir::RankedTensorType type);

/// True for an arith or math op that maps over the elements of its tensors.
bool isElementwise(mlir::Operation *op);

/// Emits elementwise ops for the lanes of one step, in registers. `values`
/// holds the operands already known, in the type in which they compute (bf16
/// as f32), and receives the results.
void emitElementwise(TileBuilder &tile, mlir::Operation *op,
                     llvm::DenseMap<mlir::Value, Num> &values);

/// Attaches the kernel-writing interfaces to the ops of the lm dialect.
void registerTileModels(mlir::DialectRegistry &registry);

} // namespace tresse::tile

#include "codegen/tile/TileOpInterface.h.inc"

#endif // TRESSE_CODEGEN_TILE_KERNEL_H
