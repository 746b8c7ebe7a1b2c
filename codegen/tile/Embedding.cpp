// Embedding.cpp - kernels of the token embedding.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

/// Runs `then` where `token` is a row of a table of `rows` rows.
void whenRow(TileBuilder &tile, Num token, int64_t rows,
             function_ref<void(Num)> then,
             function_ref<void()> otherwise = nullptr) {
  tile.when((token >= 0) & (token < rows), [&] { then(tile.toIndex(token)); },
            otherwise);
}

/// tokens: i32 [R..]   table: [V, d]   result: [R.., d]
struct EmbedTiles : Tiles<EmbedTiles, lm::EmbedOp> {
  int64_t getTileCount(Operation *op, int64_t) const {
    auto type = resultType(op, 0);
    return type.getNumElements() / type.getShape().back();
  }
  void emit(lm::EmbedOp op, TileBuilder &tile, const Operands &operands,
            Num row) const {
    const View &tokens = operands[op.getTokens()];
    const View &table = operands[op.getTable()];
    const View &result = operands[op.getResult()];
    View to = rowAt(result, result.rank() - 1, row);
    Num token = tile.loadAt(rowAt(tokens, tokens.rank(), row), {});
    whenRow(
        tile, token, table.sizes[0],
        [&](Num id) { tile.copyRow(table.at(id), to); },
        [&] { tile.fillRow(to, tile.number(0)); });
  }
};

/// tokens: i32 [R..]   dy: [R.., d]   result: [V, d]. A tile is a block of
/// columns: tokens repeat, and their sums must not depend on threads.
struct EmbedGradTiles : Tiles<EmbedGradTiles, lm::EmbedGradOp> {
  int64_t columns(int64_t lanes) const { return 2 * lanes; }
  int64_t getTileCount(Operation *op, int64_t lanes) const {
    int64_t width = resultType(op, 0).getShape().back();
    return (width + columns(lanes) - 1) / columns(lanes);
  }
  void emit(lm::EmbedGradOp op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    const View &tokens = operands[op.getTokens()];
    const View &dy = operands[op.getGradient()];
    const View &result = operands[op.getResult()];
    int64_t block = columns(tile.lanes()), width = result.size();
    Num first = index * block;
    Num count = tile.index(std::min(block, width));
    if (width % block != 0)
      count = min(tile.index(width) - first, tile.index(block));
    auto columnsOf = [&](const View &row) { return row.slice(first, block); };
    if (!op.getAccumulator())
      tile.loop(0, result.sizes[0], 1, [&](Num v) {
        View to = columnsOf(result.at(v));
        tile.forLanes(
            count, [&](Lanes lanes) { tile.store(to, lanes, tile.number(0)); });
      });
    tile.loop(0, tokens.count(), 1, [&](Num row) {
      Num token = tile.loadAt(rowAt(tokens, tokens.rank(), row), {});
      View from = columnsOf(rowAt(dy, dy.rank() - 1, row));
      whenRow(tile, token, result.sizes[0], [&](Num id) {
        View to = columnsOf(result.at(id));
        tile.forLanes(count, [&](Lanes lanes) {
          tile.store(to, lanes, tile.load(to, lanes) + tile.load(from, lanes));
        });
      });
    });
  }
};

} // namespace

void registerEmbeddingTiles(MLIRContext *context) {
  lm::EmbedOp::attachInterface<EmbedTiles>(*context);
  lm::EmbedGradOp::attachInterface<EmbedGradTiles>(*context);
}

} // namespace tresse::tile
