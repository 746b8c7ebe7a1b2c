// Loss.cpp - kernels of token losses and their mean.
#include "codegen/tile/Families.h"

#include <limits>

using namespace mlir;

namespace tresse::tile {
namespace {

/// log(sum(exp(x))) of a row.
Num logSumExp(TileBuilder &tile, const View &x) {
  double infinity = std::numeric_limits<double>::infinity();
  Num highest =
      tile.maximum(x.size(), [&](Lanes l) { return tile.load(x, l); });
  // An infinite maximum is its own answer; 0 avoids inf - inf.
  Num isFinite = abs(highest) < infinity;
  Num shift = select(isFinite, highest, highest.like(0));
  Num sum =
      tile.sum(x.size(), [&](Lanes l) { return exp(tile.load(x, l) - shift); });
  return select(isFinite, shift + log(sum), highest);
}

/// logits: [V]   target, result, lse: []
template <typename Model, typename Op, int sign>
struct TargetRows : RowTiles<Model, Op> {
  void emitRow(Op op, TileBuilder &tile, const Rows &rows, Num r) const {
    View x = rows.row(op.getLogits(), r);
    View result = rows.row(op->getResult(0), r);
    Num lse = logSumExp(tile, x);
    Num target = tile.loadAt(rows.row(op.getTargets(), r), {});
    Num counts = (target >= 0) & (target < x.size());
    Num chosen = tile.choose(
        counts,
        [&]() -> TileBuilder::Nums {
          Num logit = tile.loadAt(x, tile.toIndex(target));
          return {sign > 0 ? logit - lse : lse - logit};
        },
        [&]() -> TileBuilder::Nums { return {tile.number(0)}; })[0];
    tile.storeAt(result, {}, chosen);
    tile.storeAt(rows.row(op.getLse(), r), {}, lse);
  }
};
struct CrossEntropyRows : TargetRows<CrossEntropyRows, lm::CrossEntropyOp, -1> {
};
struct TokenLogProbRows : TargetRows<TokenLogProbRows, lm::TokenLogProbOp, 1> {
};

/// dlogits = dloss (exp(logits - lse) - onehot(target)); 0 without a target.
struct CrossEntropyGradRows
    : RowTiles<CrossEntropyGradRows, lm::CrossEntropyGradOp> {
  void emitRow(lm::CrossEntropyGradOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getLogits(), r), dx = rows.row(op.getResult(), r);
    Num target = tile.loadAt(rows.row(op.getTargets(), r), {});
    Num lse = tile.loadAt(rows.row(op.getLse(), r), {});
    Num dloss = tile.loadAt(rows.row(op.getGradient(), r), {});
    tile.when(
        target >= 0,
        [&] {
          tile.forLanes(x.size(), [&](Lanes lanes) {
            Num channel = tile.toInteger(lanes.first) + tile.laneNumbers();
            Num one = select(channel == target, tile.number(1), tile.number(0));
            Num p = exp(tile.load(x, lanes) - lse);
            tile.store(dx, lanes, dloss * (p - one));
          });
        },
        [&] { tile.fillRow(dx, tile.number(0)); });
  }
};

/// How many targets count, as a wide float.
Num countValid(TileBuilder &tile, const View &targets) {
  return tile.sum(targets.count(), [&](Lanes lanes) {
    Num counts = tile.load(targets.flat(), lanes) >= 0;
    return select(counts, tile.number(1), tile.number(0));
  });
}

/// losses: [R..]   targets: i32 [R..]   result: [1]
struct MeanValidTiles : SingleTile<MeanValidTiles, lm::MeanValidOp> {
  void emit(lm::MeanValidOp op, TileBuilder &tile, const Operands &operands,
            Num) const {
    View losses = operands[op.getLosses()].flat();
    View targets = operands[op.getTargets()].flat();
    Num valid = countValid(tile, targets);
    Num sum = tile.sum(losses.size(), [&](Lanes lanes) {
      Num counts = tile.load(targets, lanes) >= 0;
      return select(counts, tile.load(losses, lanes), tile.number(0));
    });
    Num mean = select(valid > 0, sum / max(valid, valid.like(1)), sum.like(0));
    tile.storeAt(operands[op.getResult()], tile.index(0), mean);
  }
};

struct MeanValidGradTiles
    : SingleTile<MeanValidGradTiles, lm::MeanValidGradOp> {
  void emit(lm::MeanValidGradOp op, TileBuilder &tile, const Operands &operands,
            Num) const {
    View targets = operands[op.getTargets()].flat();
    View result = operands[op.getResult()].flat();
    Num valid = countValid(tile, targets);
    Num dloss = tile.loadAt(operands[op.getGradient()], tile.index(0));
    Num each = dloss / max(valid, valid.like(1));
    tile.forLanes(result.size(), [&](Lanes lanes) {
      Num counts = tile.load(targets, lanes) >= 0;
      tile.store(result, lanes, select(counts, each, each.like(0)));
    });
  }
};

} // namespace

void registerLossTiles(MLIRContext *context) {
  lm::CrossEntropyOp::attachInterface<CrossEntropyRows>(*context);
  lm::TokenLogProbOp::attachInterface<TokenLogProbRows>(*context);
  lm::CrossEntropyGradOp::attachInterface<CrossEntropyGradRows>(*context);
  lm::MeanValidOp::attachInterface<MeanValidTiles>(*context);
  lm::MeanValidGradOp::attachInterface<MeanValidGradTiles>(*context);
}

} // namespace tresse::tile
