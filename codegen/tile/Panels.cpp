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

TileBuilder::Nums
Panels::multiply(TileBuilder::Nums start, int64_t count, int64_t width,
                 const View &lines,
                 function_ref<Num(int64_t, Num)> number) const {
  return tile.loop(tile.index(0), tile.index(count), 1, start,
                   [&](Num i, ArrayRef<Num> old) -> TileBuilder::Nums {
                     TileBuilder::Nums next;
                     SmallVector<Num> line;
                     forVectors([&](int64_t, Lanes lanes) {
                       line.push_back(tile.load(lines.at(i), lanes));
                     });
                     for (int64_t u = 0; u < width; ++u) {
                       Num value = number(u, i);
                       for (int64_t v = 0; v < vectors; ++v)
                         next.push_back(
                             fma(value, line[v], old[u * vectors + v]));
                     }
                     return next;
                   });
}

void Panels::storeLines(ArrayRef<Num> values, int64_t width, const View &to,
                        Num first) const {
  for (int64_t u = 0; u < width; ++u)
    forVectors([&](int64_t v, Lanes lanes) {
      tile.store(to.at(first + u), lanes, values[u * vectors + v]);
    });
}

void Panels::dots(const View &rows, const View &panel, const View &out) const {
  tile.loop(0, rows.sizes[0], unrolled, [&](Num j) {
    TileBuilder::Nums zeros(unrolled * vectors, tile.broadcast(tile.number(0)));
    auto sums =
        multiply(zeros, panel.sizes[0], unrolled, panel, [&](int64_t u, Num c) {
          return tile.loadAt(rows, {j + u, c});
        });
    storeLines(sums, unrolled, out, j);
  });
}

void Panels::accumulate(const View &weights, const View &rows,
                        const View &panel) const {
  int64_t channels = panel.sizes[0];
  // `width` channels at a time: each weight vector is loaded once for all.
  auto channelsAt = [&](Num c, int64_t width) {
    TileBuilder::Nums start;
    for (int64_t u = 0; u < width; ++u)
      forVectors([&](int64_t, Lanes lanes) {
        start.push_back(tile.load(panel.at(c + u), lanes));
      });
    auto sums =
        multiply(start, rows.sizes[0], width, weights, [&](int64_t u, Num j) {
          return tile.loadAt(rows, {j, c + u});
        });
    storeLines(sums, width, panel, c);
  };
  int64_t whole = channels / unrolled * unrolled;
  tile.loop(0, whole, unrolled, [&](Num c) { channelsAt(c, unrolled); });
  tile.loop(whole, channels, 1, [&](Num c) { channelsAt(c, 1); });
}

} // namespace tresse::tile
