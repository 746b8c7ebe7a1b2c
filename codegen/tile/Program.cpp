// Program.cpp - kernels of structural ops: fills, joins, caches.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

constexpr int64_t block = 4096;

/// Writes `value` of every lane of block `index` of a result without gaps.
void writeBlock(TileBuilder &tile, const View &result, Num index,
                function_ref<Num(Lanes, Num)> value) {
  View flat = result.flat();
  Num first = index * block;
  Num count = min(tile.index(flat.size()) - first, tile.index(block));
  View part = flat.slice(first, block);
  tile.forLanes(count, [&](Lanes lanes) {
    tile.store(part, lanes, value(lanes, first + lanes.first));
  });
}

Num constantOf(TileBuilder &tile, Type element, double value) {
  return isa<FloatType>(element) ? tile.number(value)
                                 : tile.constant(element, value);
}

/// Results of independent elements; a tile is a block of them.
template <typename Model, typename Op> struct BlockTiles : Tiles<Model, Op> {
  int64_t getTileCount(Operation *op, int64_t) const {
    return (resultType(op, 0).getNumElements() + block - 1) / block;
  }
};

double valueOf(lm::FillOp op) { return op.getValue().convertToDouble(); }
double valueOf(lm::ClearOp) { return 0; }

/// result: [..] = the op's value
template <typename Op>
struct ConstantTiles : BlockTiles<ConstantTiles<Op>, Op> {
  void emit(Op op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    const View &result = operands[op.getResult()];
    Num value = constantOf(tile, result.element, valueOf(op));
    writeBlock(tile, result, index, [&](Lanes, Num) { return value; });
  }
};

/// result: i32 [.., S] = s
struct IotaTiles : BlockTiles<IotaTiles, lm::IotaOp> {
  void emit(lm::IotaOp op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    const View &result = operands[op.getResult()];
    writeBlock(tile, result, index, [&](Lanes, Num at) {
      return (tile.toInteger(at) + tile.laneNumbers()) % result.size();
    });
  }
};

/// parts: [a_i] side by side.
struct ConcatRows : RowTiles<ConcatRows, lm::ConcatOp> {
  void emitRow(lm::ConcatOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View result = rows.row(op.getResult(), r);
    int64_t first = 0;
    for (Value part : op.getParts()) {
      View from = rows.row(part, r);
      tile.copyRow(from, result.slice(first, from.size()));
      first += from.size();
    }
  }
};

/// cache: [B, L, C]   x: [B, S, C]   positions: i32 [B, S]; a tile is a
/// sequence, whose rows are written in order.
struct CacheWriteTiles : LeadingTiles<CacheWriteTiles, lm::CacheWriteOp> {
  void emit(lm::CacheWriteOp op, TileBuilder &tile, const Operands &operands,
            Num b) const {
    View x = operands[op.getRows()].at(b);
    View positions = operands[op.getPositions()].at(b);
    View cache = operands[op.getResult()].at(b);
    tile.loop(0, x.sizes[0], 1, [&](Num s) {
      Num position = tile.loadAt(positions, s);
      tile.when((position >= 0) & (position < cache.sizes[0]), [&] {
        tile.copyRow(x.at(s), cache.at(tile.toIndex(position)));
      });
    });
  }
};

/// x: [B, S, C]   positions: i32 [B, S]   result: [B, C]
struct LastRowTiles : LeadingTiles<LastRowTiles, lm::LastRowOp> {
  void emit(lm::LastRowOp op, TileBuilder &tile, const Operands &operands,
            Num b) const {
    View x = operands[op.getInput()].at(b);
    View positions = operands[op.getPositions()].at(b);
    Num last =
        tile.reduce(tile.index(positions.size()), Combine::Max, tile.i32(0),
                    [&](Lanes lanes, ArrayRef<Num> found) -> TileBuilder::Nums {
                      Num number =
                          tile.toInteger(lanes.first) + tile.laneNumbers();
                      Num valid = tile.load(positions, lanes) >= 0;
                      return {max(found[0], select(valid, number, found[0]))};
                    })[0];
    tile.copyRow(x.at(tile.toIndex(last)), operands[op.getResult()].at(b));
  }
};

} // namespace

void registerProgramTiles(MLIRContext *context) {
  lm::FillOp::attachInterface<ConstantTiles<lm::FillOp>>(*context);
  lm::ClearOp::attachInterface<ConstantTiles<lm::ClearOp>>(*context);
  lm::IotaOp::attachInterface<IotaTiles>(*context);
  lm::ConcatOp::attachInterface<ConcatRows>(*context);
  lm::CacheWriteOp::attachInterface<CacheWriteTiles>(*context);
  lm::LastRowOp::attachInterface<LastRowTiles>(*context);
}

} // namespace tresse::tile
