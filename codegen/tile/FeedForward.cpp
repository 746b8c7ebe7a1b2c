// FeedForward.cpp - kernels of SwiGLU and of the movement of experts' rows.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

/// gate_up: [2I]   y: [I] = silu(gate) * up
struct SwigluRows : GroupedRowTiles<SwigluRows, lm::SwigluOp> {
  void emitRow(lm::SwigluOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getGateUp(), r), y = rows.row(op.getResult(), r);
    int64_t width = y.size();
    tile.forLanes(width, [&](Lanes lanes) {
      Num gate = tile.load(x.slice(0, width), lanes);
      Num up = tile.load(x.slice(width, width), lanes);
      tile.store(y, lanes, gate * sigmoid(gate) * up);
    });
  }
};

/// dgate = dy up s (1 + gate (1 - s)), dup = dy gate s, s = sigmoid(gate)
struct SwigluGradRows : GroupedRowTiles<SwigluGradRows, lm::SwigluGradOp> {
  void emitRow(lm::SwigluGradOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getGateUp(), r), dy = rows.row(op.getGradient(), r);
    View dx = rows.row(op.getResult(), r);
    int64_t width = dy.size();
    tile.forLanes(width, [&](Lanes lanes) {
      Num gate = tile.load(x.slice(0, width), lanes);
      Num up = tile.load(x.slice(width, width), lanes);
      Num a = tile.load(dy, lanes), s = sigmoid(gate);
      tile.store(dx.slice(0, width), lanes, a * up * s * (1 + gate * (1 - s)));
      tile.store(dx.slice(width, width), lanes, a * gate * s);
    });
  }
};

Num lastOf(TileBuilder &tile, const View &ends) {
  return tile.toIndex(tile.loadAt(ends, tile.index(ends.count() - 1)));
}

/// x: [T, d]   result: [R, d]; a tile is a row of the result.
struct PermuteTiles : LeadingTiles<PermuteTiles, lm::PermuteOp> {
  void emit(lm::PermuteOp op, TileBuilder &tile, const Operands &operands,
            Num row) const {
    const View &x = operands[op.getInput()];
    View result = operands[op.getResult()].at(row);
    int64_t topK = operands[op.getRowOfSlot()].size();
    tile.when(row < lastOf(tile, operands[op.getEnds()]), [&] {
      Num slot = tile.toIndex(tile.loadAt(operands[op.getSlotOfRow()], row));
      View from = x.at(slot / topK);
      if (!op.getWeights())
        return tile.copyRow(from, result);
      Num weight = tile.loadAt(operands[op.getWeights()].flat(), slot);
      tile.forLanes(result.size(), [&](Lanes lanes) {
        tile.store(result, lanes, tile.load(from, lanes) * weight);
      });
    });
  }
};

/// y: [R, d]   result: [T, d]; a tile is a token. The sum runs in wide scratch,
/// in the order of the slots.
struct UnpermuteTiles : LeadingTiles<UnpermuteTiles, lm::UnpermuteOp> {
  void emit(lm::UnpermuteOp op, TileBuilder &tile, const Operands &operands,
            Num token) const {
    const View &y = operands[op.getInput()];
    View rows = operands[op.getRowOfSlot()].at(token);
    View result = operands[op.getResult()].at(token);
    View sum = tile.scratch(result.size());
    tile.fillRow(sum, tile.number(0));
    tile.loop(0, rows.size(), 1, [&](Num k) {
      Num row = tile.loadAt(rows, k);
      tile.when(row >= 0, [&] {
        View from = y.at(tile.toIndex(row));
        Num weight = tile.number(1);
        if (op.getWeights())
          weight = tile.loadAt(operands[op.getWeights()], {token, k});
        tile.forLanes(result.size(), [&](Lanes lanes) {
          tile.store(
              sum, lanes,
              fma(weight, tile.load(from, lanes), tile.load(sum, lanes)));
        });
      });
    });
    tile.copyRow(sum, result);
  }
};

/// dout: [T, d]   y: [R, d]   result: [T, K]; a tile is a token.
struct UnpermuteGradWeightsTiles
    : LeadingTiles<UnpermuteGradWeightsTiles, lm::UnpermuteGradWeightsOp> {
  void emit(lm::UnpermuteGradWeightsOp op, TileBuilder &tile,
            const Operands &operands, Num token) const {
    View dout = operands[op.getGradient()].at(token);
    View rows = operands[op.getRowOfSlot()].at(token);
    View result = operands[op.getResult()].at(token);
    tile.loop(0, rows.size(), 1, [&](Num k) {
      Num row = tile.loadAt(rows, k);
      tile.when(
          row >= 0,
          [&] {
            View y = operands[op.getRows()].at(tile.toIndex(row));
            tile.storeAt(result, k, tile.dot(dout, y));
          },
          [&] { tile.storeAt(result, k, tile.number(0)); });
    });
  }
};

/// indices: i32 [T, K] -> row_of_slot [T, K], slot_of_row [T * K], ends [E]:
/// a stable counting sort, in one tile.
struct GroupRowsTiles : SingleTile<GroupRowsTiles, lm::GroupRowsOp> {
  void emit(lm::GroupRowsOp op, TileBuilder &tile, const Operands &operands,
            Num) const {
    View indices = operands[op.getIndices()].flat();
    View rowOfSlot = operands[op.getRowOfSlot()].flat();
    View slotOfRow = operands[op.getSlotOfRow()].flat();
    View ends = operands[op.getEnds()];
    int64_t slots = indices.size(), experts = ends.size();
    tile.fillRow(slotOfRow, tile.i32(-1));
    tile.fillRow(ends, tile.i32(0));
    // Counts, then where each expert's rows begin, then every slot's row;
    // `ends` holds all three one after the other.
    auto forChosen = [&](function_ref<void(Num, Num)> body,
                         function_ref<void(Num)> skipped) {
      tile.loop(0, slots, 1, [&](Num slot) {
        Num expert = tile.loadAt(indices, slot);
        tile.when((expert >= 0) & (expert < experts),
                  [&] { body(slot, tile.toIndex(expert)); },
                  [&] { skipped(slot); });
      });
    };
    forChosen(
        [&](Num, Num expert) {
          tile.storeAt(ends, expert, tile.loadAt(ends, expert) + 1);
        },
        [](Num) {});
    tile.loop(tile.index(0), tile.index(experts), 1, tile.i32(0),
              [&](Num expert, ArrayRef<Num> total) -> TileBuilder::Nums {
                Num next = total[0] + tile.loadAt(ends, expert);
                tile.storeAt(ends, expert, total[0]);
                return {next};
              });
    forChosen(
        [&](Num slot, Num expert) {
          Num row = tile.loadAt(ends, expert);
          tile.storeAt(ends, expert, row + 1);
          tile.storeAt(rowOfSlot, slot, row);
          tile.storeAt(slotOfRow, tile.toIndex(row), tile.toInteger(slot));
        },
        [&](Num slot) { tile.storeAt(rowOfSlot, slot, tile.i32(-1)); });
  }
};

/// indices: i32 [T, K]   result: i32 [E]; one tile.
struct ExpertLoadTiles : SingleTile<ExpertLoadTiles, lm::ExpertLoadOp> {
  void emit(lm::ExpertLoadOp op, TileBuilder &tile, const Operands &operands,
            Num) const {
    View indices = operands[op.getIndices()].flat();
    View result = operands[op.getResult()];
    View counts = tile.scratch(result.size(), tile.ops().getI32Type());
    if (op.getAccumulator())
      tile.copyRow(operands[op.getAccumulator()], counts);
    else
      tile.fillRow(counts, tile.i32(0));
    tile.loop(0, indices.size(), 1, [&](Num slot) {
      Num expert = tile.loadAt(indices, slot);
      tile.when((expert >= 0) & (expert < result.size()), [&] {
        Num at = tile.toIndex(expert);
        tile.storeAt(counts, at, tile.loadAt(counts, at) + 1);
      });
    });
    tile.copyRow(counts, result);
  }
};

} // namespace

void registerFeedForwardTiles(MLIRContext *context) {
  lm::SwigluOp::attachInterface<SwigluRows>(*context);
  lm::SwigluGradOp::attachInterface<SwigluGradRows>(*context);
  lm::PermuteOp::attachInterface<PermuteTiles>(*context);
  lm::UnpermuteOp::attachInterface<UnpermuteTiles>(*context);
  lm::UnpermuteGradWeightsOp::attachInterface<UnpermuteGradWeightsTiles>(
      *context);
  lm::GroupRowsOp::attachInterface<GroupRowsTiles>(*context);
  lm::ExpertLoadOp::attachInterface<ExpertLoadTiles>(*context);
}

} // namespace tresse::tile
