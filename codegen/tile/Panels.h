// Panels.h - small matrix products inside a kernel, with whole vectors of rows
// in the lanes.
//
// A panel is wide scratch [C][L]: channel c of line l lies at panel[c][l]. L is
// one or two times the number of lanes, so that a step of a product is a vector
// times a broadcast number: no sum across lanes, and every accumulator stays in
// a register.
//
//   dots:        out[j][l]  = sum_c rows[j][c] panel[c][l]
//   accumulate:  panel[c][l] += sum_j weights[j][l] rows[j][c]
#ifndef TRESSE_CODEGEN_TILE_PANELS_H
#define TRESSE_CODEGEN_TILE_PANELS_H

#include "codegen/tile/Tile.h"

namespace tresse::tile {

class Panels {
public:
  /// `vectors` lane vectors side by side make the lines.
  Panels(TileBuilder &tile, int64_t vectors) : tile(tile), vectors(vectors) {}

  int64_t lines() const { return vectors * tile.lanes(); }
  View make(int64_t channels) const {
    return tile.scratch({channels, lines()});
  }
  void clear(const View &panel) const;
  /// panel[c][line] = row[c]
  void setLine(const View &panel, Num line, const View &row) const;
  /// row[c] = panel[c][line]
  void getLine(const View &panel, Num line, const View &row) const;
  /// rows: [J, C], C the panel's; out: [J, L]. J is a multiple of `unrolled`.
  void dots(const View &rows, const View &panel, const View &out) const;
  /// weights: [J, L]; rows: [J, C], C the panel's.
  void accumulate(const View &weights, const View &rows,
                  const View &panel) const;
  /// Calls `body` for the lanes of every vector of a line of `out`-like views.
  void forVectors(llvm::function_ref<void(int64_t, Lanes)> body) const;

  /// Rows of a block are a multiple of this.
  static constexpr int64_t unrolled = 4;

private:
  /// start[u][l] + sum over i < count of number(u, i) * lines[i][l], for
  /// `width` numbers u, all in registers.
  TileBuilder::Nums
  multiply(TileBuilder::Nums start, int64_t count, int64_t width,
           const View &lines,
           llvm::function_ref<Num(int64_t, Num)> number) const;
  /// Lines [first, first + width) of `to`.
  void storeLines(llvm::ArrayRef<Num> values, int64_t width, const View &to,
                  Num first) const;

  TileBuilder &tile;
  int64_t vectors;
};

} // namespace tresse::tile

#endif // TRESSE_CODEGEN_TILE_PANELS_H
