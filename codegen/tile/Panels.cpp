// Panels.cpp - small matrix products inside a kernel.
#include "codegen/tile/Panels.h"

using namespace mlir;

namespace tresse::tile {

void Panels::forVectors(function_ref<void(int64_t, Lanes)> body) const {
  for (int64_t v = 0; v < vectors; ++v)
    body(v, Lanes{tile.index(v * tile.lanes()), {}});
}

void Panels::clear(const View &panel) const {
  tile.fillRow(panel.flat(), tile.number(0));
}

void Panels::setLine(const View &panel, Num line, const View &row) const {
  tile.loop(0, panel.sizes[0], 1, [&](Num c) {
    tile.storeAt(panel, {c, line}, tile.loadAt(row, c));
  });
}

void Panels::getLine(const View &panel, Num line, const View &row) const {
  tile.loop(0, panel.sizes[0], 1, [&](Num c) {
    tile.storeAt(row, c, tile.loadAt(panel, {c, line}));
  });
}

void Panels::dots(const View &rows, const View &panel, const View &out) const {
  int64_t count = rows.sizes[0], channels = panel.sizes[0];
  tile.loop(0, count, unrolled, [&](Num j) {
    TileBuilder::Nums zeros(unrolled * vectors, tile.broadcast(tile.number(0)));
    auto sums = tile.loop(tile.index(0), tile.index(channels), 1, zeros,
                          [&](Num c, ArrayRef<Num> old) -> TileBuilder::Nums {
                            TileBuilder::Nums next;
                            SmallVector<Num> line;
                            forVectors([&](int64_t, Lanes lanes) {
                              line.push_back(tile.load(panel.at(c), lanes));
                            });
                            for (int64_t u = 0; u < unrolled; ++u) {
                              Num value = tile.loadAt(rows, {j + u, c});
                              for (int64_t v = 0; v < vectors; ++v)
                                next.push_back(
                                    fma(value, line[v], old[u * vectors + v]));
                            }
                            return next;
                          });
    for (int64_t u = 0; u < unrolled; ++u)
      forVectors([&](int64_t v, Lanes lanes) {
        tile.store(out.at(j + u), lanes, sums[u * vectors + v]);
      });
  });
}

void Panels::accumulate(const View &weights, const View &rows,
                        const View &panel) const {
  int64_t count = rows.sizes[0], channels = panel.sizes[0];
  // `width` channels at a time: each weight vector is loaded once for all.
  auto channelsAt = [&](Num c, int64_t width) {
    TileBuilder::Nums start;
    for (int64_t u = 0; u < width; ++u)
      forVectors([&](int64_t, Lanes lanes) {
        start.push_back(tile.load(panel.at(c + u), lanes));
      });
    auto sums = tile.loop(
        tile.index(0), tile.index(count), 1, start,
        [&](Num j, ArrayRef<Num> old) -> TileBuilder::Nums {
          TileBuilder::Nums next;
          SmallVector<Num> weight;
          forVectors([&](int64_t, Lanes lanes) {
            weight.push_back(tile.load(weights.at(j), lanes));
          });
          for (int64_t u = 0; u < width; ++u) {
            Num value = tile.loadAt(rows, {j, c + u});
            for (int64_t v = 0; v < vectors; ++v)
              next.push_back(fma(value, weight[v], old[u * vectors + v]));
          }
          return next;
        });
    for (int64_t u = 0; u < width; ++u)
      forVectors([&](int64_t v, Lanes lanes) {
        tile.store(panel.at(c + u), lanes, sums[u * vectors + v]);
      });
  };
  int64_t whole = channels / unrolled * unrolled;
  tile.loop(0, whole, unrolled, [&](Num c) { channelsAt(c, unrolled); });
  tile.loop(whole, channels, 1, [&](Num c) { channelsAt(c, 1); });
}

} // namespace tresse::tile
