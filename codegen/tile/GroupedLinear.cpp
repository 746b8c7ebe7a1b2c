// GroupedLinear.cpp - kernels of products whose rows belong to groups, for
// targets whose library has none.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

/// Runs `body` with the group that row `row` belongs to; not at all for rows
/// behind the last group. `ends`: i32 [E], running totals.
void withGroup(TileBuilder &tile, const View &ends, Num row,
               TileBuilder::Body body) {
  Num number = tile.toInteger(row);
  Num group =
      tile.reduce(tile.index(ends.size()), Combine::Sum, tile.i32(0),
                  [&](Lanes lanes, ArrayRef<Num> sum) -> TileBuilder::Nums {
                    Num before = tile.load(ends, lanes) <= number;
                    return {sum[0] + select(before, tile.i32(1), tile.i32(0))};
                  })[0];
  tile.when(group < ends.size(), [&] { body(tile.toIndex(group)); });
}

/// x: [R, in]   weight: [E, out, in]   y: [R, out]; a tile is a row.
struct GroupedLinearTiles : Tiles<GroupedLinearTiles, lm::GroupedLinearOp> {
  int64_t getTileCount(Operation *op, int64_t) const {
    return resultType(op, 0).getDimSize(0);
  }
  void emit(lm::GroupedLinearOp op, TileBuilder &tile, const Operands &operands,
            Num row) const {
    View x = operands[op.getInput()].at(row);
    View y = operands[op.getResult()].at(row);
    withGroup(tile, operands[op.getEnds()], row, [&](Num group) {
      View weight = operands[op.getWeight()].at(group);
      tile.loop(0, y.size(), 1, [&](Num out) {
        tile.storeAt(y, out, tile.dot(x, weight.at(out)));
      });
    });
  }
};

/// dy: [R, out]   weight: [E, out, in]   dx: [R, in]; a tile is a row, its
/// lanes are channels of dx.
struct GradInputTiles : Tiles<GradInputTiles, lm::GroupedLinearGradInputOp> {
  int64_t getTileCount(Operation *op, int64_t) const {
    return resultType(op, 0).getDimSize(0);
  }
  void emit(lm::GroupedLinearGradInputOp op, TileBuilder &tile,
            const Operands &operands, Num row) const {
    View dy = operands[op.getGradient()].at(row);
    View dx = operands[op.getResult()].at(row);
    withGroup(tile, operands[op.getEnds()], row, [&](Num group) {
      View weight = operands[op.getWeight()].at(group);
      tile.forLanes(dx.size(), [&](Lanes lanes) {
        Num sum =
            tile.loop(tile.index(0), tile.index(dy.size()), 1,
                      tile.broadcast(tile.number(0)),
                      [&](Num out, ArrayRef<Num> old) -> TileBuilder::Nums {
                        return {fma(tile.loadAt(dy, out),
                                    tile.load(weight.at(out), lanes), old[0])};
                      })[0];
        tile.store(dx, lanes, sum);
      });
    });
  }
};

/// dy: [R, out]   x: [R, in]   dw: [E, out, in]; a tile is a row of dw.
struct GradWeightTiles : Tiles<GradWeightTiles, lm::GroupedLinearGradWeightOp> {
  int64_t getTileCount(Operation *op, int64_t) const {
    auto type = resultType(op, 0);
    return type.getDimSize(0) * type.getDimSize(1);
  }
  void emit(lm::GroupedLinearGradWeightOp op, TileBuilder &tile,
            const Operands &operands, Num index) const {
    const View &dy = operands[op.getGradient()];
    const View &x = operands[op.getInput()], &dw = operands[op.getResult()];
    const View &ends = operands[op.getEnds()];
    Num group = index / dw.sizes[1], out = index % dw.sizes[1];
    Num last = tile.toIndex(tile.loadAt(ends, group));
    Num first = tile.choose(
        group > 0,
        [&]() -> TileBuilder::Nums {
          return {tile.toIndex(tile.loadAt(ends, group - 1))};
        },
        [&]() -> TileBuilder::Nums { return {tile.index(0)}; })[0];
    View row = dw.at({group, out});
    tile.forLanes(row.size(), [&](Lanes lanes) {
      Num start = op.getAccumulator() ? tile.load(row, lanes)
                                      : tile.broadcast(tile.number(0));
      Num sum = tile.loop(first, last, 1, start,
                          [&](Num r, ArrayRef<Num> old) -> TileBuilder::Nums {
                            return {fma(tile.loadAt(dy, {r, out}),
                                        tile.load(x.at(r), lanes), old[0])};
                          })[0];
      tile.store(row, lanes, sum);
    });
  }
};

} // namespace

void registerGroupedLinearTiles(MLIRContext *context) {
  lm::GroupedLinearOp::attachInterface<GroupedLinearTiles>(*context);
  lm::GroupedLinearGradInputOp::attachInterface<GradInputTiles>(*context);
  lm::GroupedLinearGradWeightOp::attachInterface<GradWeightTiles>(*context);
}

} // namespace tresse::tile
