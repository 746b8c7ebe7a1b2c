// Norm.cpp - kernels of root-mean-square normalisation.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

/// 1 / sqrt(mean(x^2) + epsilon) of a row.
Num inverseRms(TileBuilder &tile, const View &x, double epsilon) {
  Num mean = tile.dot(x, x) / static_cast<double>(x.size());
  return 1 / sqrt(mean + epsilon);
}

/// x, y: [C]   weight: [C]
struct RmsNormRows : RowTiles<RmsNormRows, lm::RmsNormOp> {
  void emitRow(lm::RmsNormOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getInput(), r), y = rows.row(op.getResult(), r);
    const View &weight = rows.whole(op.getWeight());
    Num scale = inverseRms(tile, x, op.getEpsilon().convertToDouble());
    tile.forLanes(x.size(), [&](Lanes lanes) {
      tile.store(y, lanes,
                 tile.load(x, lanes) * scale * tile.load(weight, lanes));
    });
  }
};

/// dx = q g - x q^3 mean(g x), with g = dy * weight and q the inverse rms.
struct RmsNormGradInputRows
    : RowTiles<RmsNormGradInputRows, lm::RmsNormGradInputOp> {
  void emitRow(lm::RmsNormGradInputOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getInput(), r), dy = rows.row(op.getGradient(), r);
    View dx = rows.row(op.getResult(), r);
    const View &weight = rows.whole(op.getWeight());
    Num q = inverseRms(tile, x, op.getEpsilon().convertToDouble());
    Num mean = tile.sum(x.size(), [&](Lanes lanes) {
      return tile.load(dy, lanes) * tile.load(weight, lanes) *
             tile.load(x, lanes);
    });
    Num slope = q * q * q * (mean / static_cast<double>(x.size()));
    tile.forLanes(x.size(), [&](Lanes lanes) {
      Num g = tile.load(dy, lanes) * tile.load(weight, lanes);
      tile.store(dx, lanes, g * q - tile.load(x, lanes) * slope);
    });
  }
};

/// x, dy: [R.., C]   result: [chunks, C]; a tile is one chunk of rows.
struct RmsNormGradWeightTiles
    : Tiles<RmsNormGradWeightTiles, lm::RmsNormGradWeightOp> {
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    return resultType(op, 0).getDimSize(0);
  }
  void emit(lm::RmsNormGradWeightOp op, TileBuilder &tile,
            const Operands &operands, Num chunk) const {
    const View &x = operands[op.getInput()], &dy = operands[op.getGradient()];
    View sum = operands[op.getResult()].at(chunk);
    int64_t rows = x.count() / x.size();
    int64_t chunks = getTileCount(op, tile.lanes());
    int64_t chunkRows = (rows + chunks - 1) / chunks;
    double epsilon = op.getEpsilon().convertToDouble();
    tile.fillRow(sum, tile.number(0));
    Num first = chunk * chunkRows;
    Num last = min(first + chunkRows, tile.index(rows));
    tile.loop(first, last, 1, [&](Num r) {
      View xr = rowAt(x, x.rank() - 1, r), dyr = rowAt(dy, dy.rank() - 1, r);
      Num scale = inverseRms(tile, xr, epsilon);
      tile.forLanes(sum.size(), [&](Lanes lanes) {
        Num term = tile.load(dyr, lanes) * tile.load(xr, lanes) * scale;
        tile.store(sum, lanes, tile.load(sum, lanes) + term);
      });
    });
  }
};

} // namespace

void registerNormTiles(MLIRContext *context) {
  lm::RmsNormOp::attachInterface<RmsNormRows>(*context);
  lm::RmsNormGradInputOp::attachInterface<RmsNormGradInputRows>(*context);
  lm::RmsNormGradWeightOp::attachInterface<RmsNormGradWeightTiles>(*context);
}

} // namespace tresse::tile
