// Families.h - what the files of the op families share: how a kernel attaches
// to its op, and one registration function per family.
#ifndef TRESSE_CODEGEN_TILE_FAMILIES_H
#define TRESSE_CODEGEN_TILE_FAMILIES_H

#include "codegen/tile/Kernel.h"
#include "dialects/lm/LM.h"

namespace tresse::tile {

/// A row-wise op that writes one row at a time: the model gives
/// `emitRow(op, tile, rows, r)`.
template <typename Model, typename Op>
struct RowTiles : RowTileOpInterface::ExternalModel<Model, Op> {
  int64_t getRowsPerTile(mlir::Operation *, int64_t) const { return 1; }
  void emitRows(mlir::Operation *op, TileBuilder &tile,
                const Rows &rows) const {
    auto model = static_cast<const Model *>(this);
    rows.forEach(
        [&](Num r) { model->emitRow(mlir::cast<Op>(op), tile, rows, r); });
  }
};

/// The same over the rows that hold something: those below the last of the
/// op's `ends`, where it has them.
template <typename Model, typename Op>
struct GroupedRowTiles : RowTileOpInterface::ExternalModel<Model, Op> {
  int64_t getRowsPerTile(mlir::Operation *, int64_t) const { return 1; }
  void emitRows(mlir::Operation *op, TileBuilder &tile,
                const Rows &rows) const {
    auto model = static_cast<const Model *>(this);
    rows.forEachBefore(mlir::cast<Op>(op).getEnds(), [&](Num r) {
      model->emitRow(mlir::cast<Op>(op), tile, rows, r);
    });
  }
};

/// The type of result `number`.
inline mlir::RankedTensorType resultType(mlir::Operation *op, unsigned number) {
  return mlir::cast<mlir::RankedTensorType>(op->getResult(number).getType());
}

/// An op that is a kernel by itself: the model gives `getTileCount` and
/// `emit(op, tile, operands, index)`.
template <typename Model, typename Op>
struct Tiles : TileOpInterface::ExternalModel<Model, Op> {
  void emitTile(mlir::Operation *op, TileBuilder &tile,
                const Operands &operands, Num index) const {
    static_cast<const Model *>(this)->emit(mlir::cast<Op>(op), tile, operands,
                                           index);
  }
};

/// The same with one tile.
template <typename Model, typename Op> struct SingleTile : Tiles<Model, Op> {
  int64_t getTileCount(mlir::Operation *, int64_t) const { return 1; }
};

/// The same with a tile for each step of the first result's first dimension.
template <typename Model, typename Op> struct LeadingTiles : Tiles<Model, Op> {
  int64_t getTileCount(mlir::Operation *op, int64_t) const {
    return resultType(op, 0).getDimSize(0);
  }
};

/// The `row`-th of the rows that the leading `rank` dimensions count.
View rowAt(const View &view, int64_t rank, Num row);

void registerAttentionTiles(mlir::MLIRContext *context);
void registerEmbeddingTiles(mlir::MLIRContext *context);
void registerFeedForwardTiles(mlir::MLIRContext *context);
void registerGroupedLinearTiles(mlir::MLIRContext *context);
void registerHyperConnectionTiles(mlir::MLIRContext *context);
void registerHyperMapTiles(mlir::MLIRContext *context);
void registerLossTiles(mlir::MLIRContext *context);
void registerMoeTiles(mlir::MLIRContext *context);
void registerNormTiles(mlir::MLIRContext *context);
void registerOptimizerTiles(mlir::MLIRContext *context);
void registerProgramTiles(mlir::MLIRContext *context);
void registerRopeTiles(mlir::MLIRContext *context);
void registerSamplingTiles(mlir::MLIRContext *context);

} // namespace tresse::tile

#endif // TRESSE_CODEGEN_TILE_FAMILIES_H
