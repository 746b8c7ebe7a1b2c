// Optimizer.cpp - kernels of AdamW, norms of gradients, sums over rows.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

int64_t chunksOf(int64_t count, int64_t size) {
  return (count + size - 1) / size;
}

/// p, g, m, v: N elements   norm: [1]   hyper: [16]; tiles of 4096 elements.
struct AdamwTiles : Tiles<AdamwTiles, lm::AdamwOp> {
  static constexpr int64_t block = 4096;
  int64_t getTileCount(Operation *op, int64_t) const {
    return chunksOf(resultType(op, 0).getNumElements(), block);
  }
  void emit(lm::AdamwOp op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    View hyper = operands[op.getHyper()];
    auto at = [&](int64_t i) { return tile.loadAt(hyper, tile.index(i)); };
    Num rate = at(0), beta1 = at(1), beta2 = at(2), epsilon = at(3);
    Num decay = at(4), clip = at(5), correction1 = at(6), correction2 = at(7);
    Num norm = tile.loadAt(operands[op.getNorm()], tile.index(0));
    Num scale =
        select(clip > 0, min(clip / (norm + 1e-6), clip.like(1)), clip.like(1));
    Num root = sqrt(correction2);
    int64_t total = operands[op.getParameter()].count();
    Num first = index * block;
    Num count = min(tile.index(total) - first, tile.index(block));
    auto part = [&](Value tensor) {
      return operands[tensor].flat().slice(first, block);
    };
    View p = part(op.getParameter()), g = part(op.getGradient());
    View m = part(op.getM()), v = part(op.getV());
    View newP = part(op.getNewParameter());
    View newM = part(op.getNewM()), newV = part(op.getNewV());
    Num keep = 1 - rate * decay;
    tile.forLanes(count, [&](Lanes lanes) {
      Num clipped = tile.load(g, lanes) * scale;
      Num mean = beta1 * tile.load(m, lanes) + (1 - beta1) * clipped;
      Num square =
          beta2 * tile.load(v, lanes) + (1 - beta2) * clipped * clipped;
      Num step = mean / correction1 / (sqrt(square) / root + epsilon);
      tile.store(newM, lanes, mean);
      tile.store(newV, lanes, square);
      tile.store(newP, lanes, tile.load(p, lanes) * keep - rate * step);
    });
  }
};

/// x: N elements   result: [chunks]; a tile is a chunk.
struct SquareSumTiles : Tiles<SquareSumTiles, lm::SquareSumOp> {
  int64_t getTileCount(Operation *op, int64_t) const {
    return resultType(op, 0).getNumElements();
  }
  void emit(lm::SquareSumOp op, TileBuilder &tile, const Operands &operands,
            Num chunk) const {
    View x = operands[op.getInput()].flat();
    int64_t size = chunksOf(x.size(), getTileCount(op, 0));
    Num first = min(chunk * size, tile.index(x.size()));
    Num count = min(tile.index(x.size()) - first, tile.index(size));
    View part = x.slice(first, size);
    Num sum =
        tile.reduce(count, Combine::Sum, tile.number(0),
                    [&](Lanes lanes, ArrayRef<Num> sums) -> TileBuilder::Nums {
                      Num value = tile.load(part, lanes);
                      return {fma(value, value, sums[0])};
                    })[0];
    Num old = tile.loadAt(operands[op.getAccumulator()], chunk);
    tile.storeAt(operands[op.getResult()], chunk, old + sum);
  }
};

struct GlobalNormTiles : SingleTile<GlobalNormTiles, lm::GlobalNormOp> {
  void emit(lm::GlobalNormOp op, TileBuilder &tile, const Operands &operands,
            Num) const {
    View partial = operands[op.getPartial()].flat();
    Num sum = tile.sum(partial.size(),
                       [&](Lanes lanes) { return tile.load(partial, lanes); });
    tile.storeAt(operands[op.getResult()], tile.index(0), sqrt(sum));
  }
};

/// x: [R.., C]   result: [C]; a tile is a block of columns.
struct RowSumTiles : Tiles<RowSumTiles, lm::RowSumOp> {
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    return chunksOf(resultType(op, 0).getNumElements(), lanes);
  }
  void emit(lm::RowSumOp op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    const View &x = operands[op.getInput()];
    View result = operands[op.getResult()].flat();
    int64_t width = result.size(), block = tile.lanes();
    Lanes lanes{index * block, {}};
    if (width % block != 0)
      lanes.mask = tile.firstLanes(tile.index(width) - lanes.first);
    Num start = tile.broadcast(tile.number(0));
    if (op.getAccumulator())
      start = tile.load(operands[op.getAccumulator()].flat(), lanes);
    Num sum = tile.loop(tile.index(0), tile.index(x.count() / width), 1, start,
                        [&](Num r, ArrayRef<Num> sums) -> TileBuilder::Nums {
                          View row = rowAt(x, x.rank() - 1, r);
                          return {sums[0] + tile.load(row, lanes)};
                        })[0];
    tile.store(result, lanes, sum);
  }
};

} // namespace

void registerOptimizerTiles(MLIRContext *context) {
  lm::AdamwOp::attachInterface<AdamwTiles>(*context);
  lm::SquareSumOp::attachInterface<SquareSumTiles>(*context);
  lm::GlobalNormOp::attachInterface<GlobalNormTiles>(*context);
  lm::RowSumOp::attachInterface<RowSumTiles>(*context);
}

} // namespace tresse::tile
