// HyperConnection.cpp - kernels of the residual streams: mixing them.
#include "codegen/tile/Families.h"

using namespace mlir;

namespace tresse::tile {
namespace {

/// x: [C]   result: [n, C]
struct ExpandRows : RowTiles<ExpandRows, lm::MhcExpandOp> {
  void emitRow(lm::MhcExpandOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getInput(), r), y = rows.row(op.getResult(), r);
    tile.forLanes(x.size(), [&](Lanes lanes) {
      Num value = tile.loadNative(x, lanes);
      for (int64_t k = 0; k < y.sizes[0]; ++k)
        tile.store(y.at(tile.index(k)), lanes, value);
    });
  }
};

/// dy: [n, C]   dx: [C]
struct ExpandGradRows : RowTiles<ExpandGradRows, lm::MhcExpandGradOp> {
  void emitRow(lm::MhcExpandGradOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View dy = rows.row(op.getGradient(), r), dx = rows.row(op.getResult(), r);
    tile.forLanes(dx.size(), [&](Lanes lanes) {
      Num sum = tile.load(dy.at(tile.index(0)), lanes);
      for (int64_t k = 1; k < dy.sizes[0]; ++k)
        sum = sum + tile.load(dy.at(tile.index(k)), lanes);
      tile.store(dx, lanes, sum);
    });
  }
};

/// A small matrix or row of numbers, each in every lane.
SmallVector<Num> spread(TileBuilder &tile, const View &small) {
  SmallVector<Num> numbers;
  for (int64_t i = 0; i < small.count(); ++i)
    numbers.push_back(tile.broadcast(tile.loadAt(small.flat(), tile.index(i))));
  return numbers;
}

/// x: [n, C]   y: [C]   post: [n]   comb: [n, n]
/// result[k] = post[k] y + sum_m comb[m, k] x[m]
struct PostRows : RowTiles<PostRows, lm::MhcPostOp> {
  void emitRow(lm::MhcPostOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getInput(), r), y = rows.row(op.getY(), r);
    View result = rows.row(op.getResult(), r);
    int64_t n = x.sizes[0];
    SmallVector<Num> post = spread(tile, rows.row(op.getPost(), r));
    SmallVector<Num> comb = spread(tile, rows.row(op.getComb(), r));
    tile.forLanes(y.size(), [&](Lanes lanes) {
      Num value = tile.load(y, lanes);
      SmallVector<Num> streams;
      for (int64_t m = 0; m < n; ++m)
        streams.push_back(tile.load(x.at(tile.index(m)), lanes));
      for (int64_t k = 0; k < n; ++k) {
        Num sum = post[k] * value;
        for (int64_t m = 0; m < n; ++m)
          sum = fma(comb[m * n + k], streams[m], sum);
        tile.store(result.at(tile.index(k)), lanes, sum);
      }
    });
  }
};

/// dcomb[m, k] = x[m] . dout[k]     dpost[k] = y . dout[k]
/// dy = sum_k post[k] dout[k]       dx[m] = sum_k comb[m, k] dout[k]
struct PostGradRows : RowTiles<PostGradRows, lm::MhcPostGradOp> {
  void emitRow(lm::MhcPostGradOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getInput(), r), y = rows.row(op.getY(), r);
    View dout = rows.row(op.getGradient(), r);
    View dx = rows.row(op.getDx(), r), dy = rows.row(op.getDy(), r);
    View dpost = rows.row(op.getDpost(), r), dcomb = rows.row(op.getDcomb(), r);
    int64_t n = x.sizes[0];
    SmallVector<Num> post = spread(tile, rows.row(op.getPost(), r));
    SmallVector<Num> comb = spread(tile, rows.row(op.getComb(), r));
    // One pass over the channels per stream of dout: n + 1 sums at a time.
    for (int64_t k = 0; k < n; ++k) {
      View g = dout.at(tile.index(k));
      SmallVector<Combine> sums(n + 1, Combine::Sum);
      SmallVector<Num> zeros(n + 1, tile.number(0));
      auto totals = tile.reduce(
          tile.index(y.size()), sums, zeros,
          [&](Lanes lanes, ArrayRef<Num> old) -> TileBuilder::Nums {
            Num gradient = tile.load(g, lanes);
            TileBuilder::Nums next;
            for (int64_t m = 0; m < n; ++m)
              next.push_back(
                  fma(tile.load(x.at(tile.index(m)), lanes), gradient, old[m]));
            next.push_back(fma(tile.load(y, lanes), gradient, old[n]));
            return next;
          });
      for (int64_t m = 0; m < n; ++m)
        tile.storeAt(dcomb, {tile.index(m), tile.index(k)}, totals[m]);
      tile.storeAt(dpost, tile.index(k), totals[n]);
    }
    tile.forLanes(y.size(), [&](Lanes lanes) {
      SmallVector<Num> gradients;
      for (int64_t k = 0; k < n; ++k)
        gradients.push_back(tile.load(dout.at(tile.index(k)), lanes));
      auto weighted = [&](function_ref<Num(int64_t)> weight) {
        Num sum = weight(0) * gradients[0];
        for (int64_t k = 1; k < n; ++k)
          sum = fma(weight(k), gradients[k], sum);
        return sum;
      };
      tile.store(dy, lanes, weighted([&](int64_t k) { return post[k]; }));
      for (int64_t m = 0; m < n; ++m)
        tile.store(dx.at(tile.index(m)), lanes,
                   weighted([&](int64_t k) { return comb[m * n + k]; }));
    });
  }
};

} // namespace

void registerHyperConnectionTiles(MLIRContext *context) {
  lm::MhcExpandOp::attachInterface<ExpandRows>(*context);
  lm::MhcExpandGradOp::attachInterface<ExpandGradRows>(*context);
  lm::MhcPostOp::attachInterface<PostRows>(*context);
  lm::MhcPostGradOp::attachInterface<PostGradRows>(*context);
  registerHyperMapTiles(context);
}

} // namespace tresse::tile
