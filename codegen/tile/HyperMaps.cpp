// HyperMaps.cpp - kernels of the maps of hyper-connections: a token's few
// numbers (24 for four streams) are too small for lanes, so the lanes are
// tokens. A panel is scratch [numbers][lanes]: number k of the block's r-th
// token lies at panel[k][r].
#include "codegen/tile/Families.h"

#include <limits>

using namespace mlir;

namespace tresse::tile {
namespace {

using Matrix = SmallVector<Num>; // n x n numbers, row-major, each in lanes

/// What the ops of this family compute with.
struct Maps {
  TileBuilder &tile;
  const Rows &rows;
  int64_t n;

  /// n is the last dimension but one of the op's streams.
  template <typename Op>
  static Maps of(Op op, TileBuilder &tile, const Rows &rows) {
    return {tile, rows, op.getInput().getType().getShape().drop_back().back()};
  }

  View panel(int64_t numbers) const {
    return tile.scratch({numbers, tile.lanes()});
  }
  /// Number k of all tokens.
  Num get(const View &panel, int64_t k) const {
    return tile.load(panel.at(tile.index(k)), Lanes{tile.index(0), {}});
  }
  void put(const View &panel, int64_t k, Num value) const {
    tile.store(panel.at(tile.index(k)), Lanes{tile.index(0), {}}, value);
  }
  Matrix getAll(const View &panel, int64_t first, int64_t count) const {
    Matrix all;
    for (int64_t k = 0; k < count; ++k)
      all.push_back(get(panel, first + k));
    return all;
  }
  void putAll(const View &panel, int64_t first, ArrayRef<Num> values) const {
    for (auto [k, value] : llvm::enumerate(values))
      put(panel, first + k, value);
  }
  /// Token r's row of numbers -> panel.
  void collect(const View &row, const View &panel, Num r) const {
    View flat = row.flat();
    tile.loop(0, flat.size(), 1, [&](Num k) {
      tile.storeAt(panel, {k, r}, tile.loadAt(flat, k));
    });
  }
  /// Numbers [first, ..) of the panel -> token r's row.
  void spread(const View &panel, int64_t first, const View &row, Num r) const {
    View flat = row.flat();
    tile.loop(0, flat.size(), 1, [&](Num k) {
      tile.storeAt(flat, k, tile.loadAt(panel, {k + first, r}));
    });
  }
  /// The sum of squares of token r's streams.
  Num square(const View &x) const {
    Num sum = tile.dot(x.at(tile.index(0)), x.at(tile.index(0)));
    for (int64_t m = 1; m < n; ++m)
      sum = sum + tile.dot(x.at(tile.index(m)), x.at(tile.index(m)));
    return sum;
  }
};

/// Sums along a row (axis 1) or a column (axis 0), plus `epsilon`.
SmallVector<Num> axisSums(ArrayRef<Num> y, int64_t n, int axis,
                          double epsilon) {
  SmallVector<Num> sums;
  for (int64_t i = 0; i < n; ++i) {
    auto at = [&](int64_t j) { return axis ? y[i * n + j] : y[j * n + i]; };
    Num sum = at(0);
    for (int64_t j = 1; j < n; ++j)
      sum = sum + at(j);
    sums.push_back(epsilon != 0 ? sum + epsilon : sum);
  }
  return sums;
}

/// Multiplies every entry by the factor of its row (axis 1) or column.
Matrix scaleAxis(ArrayRef<Num> y, ArrayRef<Num> factors, int64_t n, int axis) {
  Matrix result;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      result.push_back(y[i * n + j] * factors[axis ? i : j]);
  return result;
}

Matrix transposed(ArrayRef<Num> y, int64_t n) {
  Matrix result;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j)
      result.push_back(y[j * n + i]);
  return result;
}

/// The iteration that makes a matrix nearly doubly stochastic. V4: softmax of
/// the rows, + epsilon, columns, then (iterations - 1) times rows and columns,
/// epsilon in every divisor. Paper: exp, then `iterations` times columns and
/// rows (arXiv 2512.24880, section 4).
struct Sinkhorn {
  TileBuilder &tile;
  int64_t n;
  bool v4;
  int64_t iterations;
  double epsilon;

  double added() const { return v4 ? epsilon : 0; }
  int64_t steps() const { return v4 ? 2 * iterations - 1 : 2 * iterations; }

  /// exp, scaled so that the largest entry of each row (V4) or column is 1; V4
  /// divides the rows by their sums.
  Matrix start(ArrayRef<Num> c) const {
    Matrix y(n * n);
    for (int64_t i = 0; i < n; ++i) {
      auto at = [&](int64_t j) { return v4 ? i * n + j : j * n + i; };
      Num highest = c[at(0)];
      for (int64_t j = 1; j < n; ++j)
        highest = max(highest, c[at(j)]);
      for (int64_t j = 0; j < n; ++j)
        y[at(j)] = exp(c[at(j)] - highest);
    }
    return v4 ? divide(y, 1, 0) : y;
  }
  Matrix divide(ArrayRef<Num> y, int axis, double plus) const {
    SmallVector<Num> inverses;
    for (Num sum : axisSums(y, n, axis, plus))
      inverses.push_back(1 / sum);
    return scaleAxis(y, inverses, n, axis);
  }
  /// One division; keeps the matrix before it and the inverse sums as state
  /// number `step`, when `states` is given.
  Matrix step(ArrayRef<Num> y, int axis, const View *states, Num step) const {
    SmallVector<Num> inverses;
    for (Num sum : axisSums(y, n, axis, added()))
      inverses.push_back(1 / sum);
    if (states) {
      View state = states->at(step);
      Lanes all{tile.index(0), {}};
      for (int64_t k = 0; k < n * n; ++k)
        tile.store(state.at(tile.index(k)), all, y[k]);
      for (int64_t k = 0; k < n; ++k)
        tile.store(state.at(tile.index(n * n + k)), all, inverses[k]);
    }
    return scaleAxis(y, inverses, n, axis);
  }
  /// Both forms begin with columns; V4 does one column step beforehand.
  Matrix run(ArrayRef<Num> c, const View *states = nullptr) const {
    Matrix y = start(c);
    if (v4)
      for (Num &value : y)
        value = value + epsilon;
    if (v4)
      y = step(y, 0, states, tile.index(0));
    return tile.loop(tile.index(0),
                     tile.index(v4 ? iterations - 1 : iterations), 1, y,
                     [&](Num p, ArrayRef<Num> old) {
                       Num first = v4 ? p * 2 + 1 : p * 2;
                       Matrix half = step(old, v4 ? 1 : 0, states, first);
                       return step(half, v4 ? 0 : 1, states, first + 1);
                     });
  }
  /// y = x / sum(x):  dx = (dy - sum(dy x) / sum(x)) / sum(x).
  Matrix undo(ArrayRef<Num> g, int axis, const View &states, Num step) const {
    View state = states.at(step);
    Lanes all{tile.index(0), {}};
    Matrix products, inverses, result;
    for (int64_t k = 0; k < n * n; ++k)
      products.push_back(g[k] * tile.load(state.at(tile.index(k)), all));
    for (int64_t k = 0; k < n; ++k)
      inverses.push_back(tile.load(state.at(tile.index(n * n + k)), all));
    SmallVector<Num> inner = axisSums(products, n, axis, 0);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = 0; j < n; ++j) {
        int64_t line = axis ? i : j;
        result.push_back((g[i * n + j] - inner[line] * inverses[line]) *
                         inverses[line]);
      }
    return result;
  }
  /// The unrolled gradient of run().
  Matrix backward(ArrayRef<Num> c, ArrayRef<Num> dy) const {
    View states = tile.scratch({steps(), n * n + n, tile.lanes()});
    run(c, &states);
    int64_t pairs = v4 ? iterations - 1 : iterations;
    Matrix g = tile.loop(tile.index(0), tile.index(pairs), 1, dy,
                         [&](Num p, ArrayRef<Num> old) {
                           Num second = tile.index(steps() - 1) - p * 2;
                           Matrix half = undo(old, v4 ? 0 : 1, states, second);
                           return undo(half, v4 ? 1 : 0, states, second - 1);
                         });
    if (v4)
      g = undo(g, 0, states, tile.index(0));
    Matrix y = start(c), products;
    for (int64_t k = 0; k < n * n; ++k)
      products.push_back(g[k] * y[k]);
    if (!v4)
      return products;
    SmallVector<Num> inner = axisSums(products, n, 1, 0);
    for (int64_t k = 0; k < n * n; ++k)
      products[k] = (g[k] - inner[k / n]) * y[k];
    return products;
  }
};

/// The rows of mix share a few scales: n for pre, n for post, the rest comb.
int64_t scaleOf(int64_t k, int64_t n) { return k < n ? 0 : k < 2 * n ? 1 : 2; }

/// From mix to z = mix / rms(x) * scale + base, and back.
struct Norm {
  const Maps &maps;
  const View &base, &scale;
  double epsilon, width; // width = n * C
  View mix, squares;     // panels

  template <typename Op>
  Norm(const Maps &maps, Op op)
      : maps(maps), base(maps.rows.whole(op.getBase())),
        scale(maps.rows.whole(op.getScale())),
        epsilon(op.getNormEpsilon().convertToDouble()),
        width(maps.n * op.getInput().getType().getShape().back()),
        mix(maps.panel(base.count())), squares(maps.panel(1)) {}

  /// What token r has of the op's streams and mix.
  template <typename Op> void collect(Op op, Num r) const {
    maps.collect(maps.rows.row(op.getMix(), r), mix, r);
    maps.tile.storeAt(squares, {maps.tile.index(0), r},
                      maps.square(maps.rows.row(op.getInput(), r)));
  }
  Num inverse() const {
    return 1 / sqrt(maps.get(squares, 0) / width + epsilon);
  }
  Num scaleAt(int64_t k) const {
    return maps.tile.loadAt(scale, maps.tile.index(scaleOf(k, maps.n)));
  }
  SmallVector<Num> forward() const {
    SmallVector<Num> z;
    Num r = inverse();
    for (int64_t k = 0; k < base.count(); ++k)
      z.push_back(maps.get(mix, k) * r * scaleAt(k) +
                  maps.tile.loadAt(base, maps.tile.index(k)));
    return z;
  }
  /// dm = dz scale;  dmix = dm / rms;  dscale = sum of dz m over its rows;
  /// slope = 2 d(sum x^2) = -sum(dm mix) r / (sum x^2 + epsilon n C).
  Num backward(ArrayRef<Num> dz, const View &dmix, const View &dscale) const {
    Num r = inverse(), inner;
    SmallVector<Num> scales(dscale.sizes[0]);
    for (auto [k, d] : llvm::enumerate(dz)) {
      Num value = maps.get(mix, k), dm = d * scaleAt(k);
      maps.put(dmix, k, dm * r);
      Num &sum = scales[scaleOf(k, maps.n)];
      Num term = d * (value * r);
      sum = sum ? sum + term : term;
      inner = inner ? fma(dm, value, inner) : dm * value;
    }
    maps.putAll(dscale, 0, scales);
    return -inner * r / (maps.get(squares, 0) + epsilon * width);
  }
};

template <typename Model, typename Op>
struct MapRows : RowTileOpInterface::ExternalModel<Model, Op> {
  int64_t getRowsPerTile(Operation *, int64_t lanes) const { return lanes; }
  void emitRows(Operation *op, TileBuilder &tile, const Rows &rows) const {
    static_cast<const Model *>(this)->emit(cast<Op>(op), tile, rows);
  }
};

template <typename Op>
Sinkhorn sinkhornOf(Op op, TileBuilder &tile, int64_t n) {
  return {tile, n, op.getForm() == lm::MhcForm::v4,
          static_cast<int64_t>(op.getIterations()),
          op.getEpsilon().convertToDouble()};
}

/// h = sum_m weight[m] x[m]: [C]
void mixStreams(TileBuilder &tile, const View &x, const View &weights, Num r,
                const View &h) {
  tile.forLanes(h.size(), [&](Lanes lanes) {
    Num sum;
    for (int64_t m = 0; m < x.sizes[0]; ++m) {
      Num weight = tile.loadAt(weights, {tile.index(m), r});
      Num value = tile.load(x.at(tile.index(m)), lanes);
      sum = sum ? fma(weight, value, sum) : weight * value;
    }
    tile.store(h, lanes, sum);
  });
}

/// x: [n, C]   mix: [(2 + n) n]   h: [C]   post: [n]   comb: [n, n]
struct PreRows : MapRows<PreRows, lm::MhcPreOp> {
  void emit(lm::MhcPreOp op, TileBuilder &tile, const Rows &rows) const {
    Maps maps = Maps::of(op, tile, rows);
    Norm norm(maps, op);
    int64_t n = maps.n;
    rows.forEach([&](Num r) { norm.collect(op, r); });
    View results = maps.panel((2 + n) * n);
    SmallVector<Num> z = norm.forward();
    Sinkhorn sinkhorn = sinkhornOf(op, tile, n);
    for (int64_t k = 0; k < n; ++k) {
      Num pre = sigmoid(z[k]);
      maps.put(results, k, sinkhorn.v4 ? pre + sinkhorn.epsilon : pre);
      maps.put(results, n + k, sigmoid(z[n + k]) * 2);
    }
    Matrix comb = sinkhorn.run(ArrayRef(z).drop_front(2 * n));
    maps.putAll(results, 2 * n, sinkhorn.v4 ? comb : transposed(comb, n));
    rows.forEach([&](Num r) {
      maps.spread(results, n, rows.row(op.getPost(), r), r);
      maps.spread(results, 2 * n, rows.row(op.getComb(), r), r);
      mixStreams(tile, rows.row(op.getInput(), r), results, r,
                 rows.row(op.getH(), r));
    });
  }
};

/// dx[m] = weight[m] dh + slope x[m], of one token
void mixGradients(TileBuilder &tile, const View &x, const View &dh,
                  const View &weights, const View &slope, Num r,
                  const View &dx) {
  Num along = tile.loadAt(slope, {tile.index(0), r});
  SmallVector<Num> factors;
  for (int64_t m = 0; m < x.sizes[0]; ++m)
    factors.push_back(tile.loadAt(weights, {tile.index(m), r}));
  tile.forLanes(dh.size(), [&](Lanes lanes) {
    Num gradient = tile.load(dh, lanes);
    for (int64_t m = 0; m < x.sizes[0]; ++m) {
      Num own = tile.load(x.at(tile.index(m)), lanes) * along;
      tile.store(dx.at(tile.index(m)), lanes, fma(factors[m], gradient, own));
    }
  });
}

/// Writes the gradients that the ops' panels hold, and those of the streams.
template <typename Op>
void writeGradients(const Maps &maps, Op op, Value dh, const View &dz,
                    const View &dmix, const View &dscale, const View &weights,
                    const View &slope) {
  const Rows &rows = maps.rows;
  rows.forEach([&](Num r) {
    maps.spread(dz, 0, rows.row(op.getDz(), r), r);
    maps.spread(dmix, 0, rows.row(op.getDmix(), r), r);
    maps.spread(dscale, 0, rows.row(op.getDscale(), r), r);
    mixGradients(maps.tile, rows.row(op.getInput(), r), rows.row(dh, r),
                 weights, slope, r, rows.row(op.getDx(), r));
  });
}

/// Token r's inner products of dh with every stream -> panel.
void collectProducts(const Maps &maps, const View &x, const View &dh,
                     const View &panel, Num r) {
  for (int64_t m = 0; m < maps.n; ++m)
    maps.tile.storeAt(panel, {maps.tile.index(m), r},
                      maps.tile.dot(x.at(maps.tile.index(m)), dh));
}

struct PreGradRows : MapRows<PreGradRows, lm::MhcPreGradOp> {
  void emit(lm::MhcPreGradOp op, TileBuilder &tile, const Rows &rows) const {
    Maps maps = Maps::of(op, tile, rows);
    Norm norm(maps, op);
    int64_t n = maps.n, width = (2 + n) * n;
    View dpre = maps.panel(n), dpost = maps.panel(n), dcomb = maps.panel(n * n);
    rows.forEach([&](Num r) {
      View x = rows.row(op.getInput(), r);
      norm.collect(op, r);
      maps.collect(rows.row(op.getDpost(), r), dpost, r);
      maps.collect(rows.row(op.getDcomb(), r), dcomb, r);
      collectProducts(maps, x, rows.row(op.getDh(), r), dpre, r);
    });
    View pre = maps.panel(n), dz = maps.panel(width), dmix = maps.panel(width);
    View dscale = maps.panel(3), slope = maps.panel(1);
    SmallVector<Num> z = norm.forward(), gradients(2 * n);
    Sinkhorn sinkhorn = sinkhornOf(op, tile, n);
    for (int64_t k = 0; k < n; ++k) {
      Num s = sigmoid(z[k]), half = sigmoid(z[n + k]);
      maps.put(pre, k, sinkhorn.v4 ? s + sinkhorn.epsilon : s);
      gradients[k] = maps.get(dpre, k) * s * (1 - s);
      gradients[n + k] = maps.get(dpost, k) * 2 * half * (1 - half);
    }
    Matrix dy = maps.getAll(dcomb, 0, n * n);
    llvm::append_range(gradients,
                       sinkhorn.backward(ArrayRef(z).drop_front(2 * n),
                                         sinkhorn.v4 ? dy : transposed(dy, n)));
    maps.putAll(dz, 0, gradients);
    maps.put(slope, 0, norm.backward(gradients, dmix, dscale));
    writeGradients(maps, op, op.getDh(), dz, dmix, dscale, pre, slope);
  }
};

/// x: [n, C]   mix: [n]   result: [C] = sum_m (sigmoid(z[m]) + epsilon) x[m]
struct HeadRows : MapRows<HeadRows, lm::MhcHeadOp> {
  void emit(lm::MhcHeadOp op, TileBuilder &tile, const Rows &rows) const {
    Maps maps = Maps::of(op, tile, rows);
    Norm norm(maps, op);
    int64_t n = maps.n;
    rows.forEach([&](Num r) { norm.collect(op, r); });
    View weights = maps.panel(n);
    for (auto [k, z] : llvm::enumerate(norm.forward()))
      maps.put(weights, k, sigmoid(z) + op.getEpsilon().convertToDouble());
    rows.forEach([&](Num r) {
      mixStreams(tile, rows.row(op.getInput(), r), weights, r,
                 rows.row(op.getResult(), r));
    });
  }
};

struct HeadGradRows : MapRows<HeadGradRows, lm::MhcHeadGradOp> {
  void emit(lm::MhcHeadGradOp op, TileBuilder &tile, const Rows &rows) const {
    Maps maps = Maps::of(op, tile, rows);
    Norm norm(maps, op);
    int64_t n = maps.n;
    View dp = maps.panel(n);
    rows.forEach([&](Num r) {
      View x = rows.row(op.getInput(), r);
      norm.collect(op, r);
      collectProducts(maps, x, rows.row(op.getGradient(), r), dp, r);
    });
    View weights = maps.panel(n), dz = maps.panel(n), dmix = maps.panel(n);
    View dscale = maps.panel(1), slope = maps.panel(1);
    SmallVector<Num> gradients;
    for (auto [k, z] : llvm::enumerate(norm.forward())) {
      Num s = sigmoid(z);
      maps.put(weights, k, s + op.getEpsilon().convertToDouble());
      gradients.push_back(maps.get(dp, k) * s * (1 - s));
    }
    maps.putAll(dz, 0, gradients);
    maps.put(slope, 0, norm.backward(gradients, dmix, dscale));
    writeGradients(maps, op, op.getGradient(), dz, dmix, dscale, weights,
                   slope);
  }
};

struct SinkhornRows : MapRows<SinkhornRows, lm::SinkhornOp> {
  void emit(lm::SinkhornOp op, TileBuilder &tile, const Rows &rows) const {
    Maps maps = Maps::of(op, tile, rows);
    int64_t n = maps.n;
    View c = maps.panel(n * n), y = maps.panel(n * n);
    rows.forEach(
        [&](Num r) { maps.collect(rows.row(op.getInput(), r), c, r); });
    Sinkhorn sinkhorn = sinkhornOf(op, tile, n);
    maps.putAll(y, 0, sinkhorn.run(maps.getAll(c, 0, n * n)));
    rows.forEach(
        [&](Num r) { maps.spread(y, 0, rows.row(op.getResult(), r), r); });
  }
};

struct SinkhornGradRows : MapRows<SinkhornGradRows, lm::SinkhornGradOp> {
  void emit(lm::SinkhornGradOp op, TileBuilder &tile, const Rows &rows) const {
    Maps maps = Maps::of(op, tile, rows);
    int64_t n = maps.n;
    View c = maps.panel(n * n), dy = maps.panel(n * n), dc = maps.panel(n * n);
    rows.forEach([&](Num r) {
      maps.collect(rows.row(op.getInput(), r), c, r);
      maps.collect(rows.row(op.getGradient(), r), dy, r);
    });
    Sinkhorn sinkhorn = sinkhornOf(op, tile, n);
    maps.putAll(
        dc, 0,
        sinkhorn.backward(maps.getAll(c, 0, n * n), maps.getAll(dy, 0, n * n)));
    rows.forEach(
        [&](Num r) { maps.spread(dc, 0, rows.row(op.getResult(), r), r); });
  }
};

} // namespace

void registerHyperMapTiles(MLIRContext *context) {
  lm::MhcPreOp::attachInterface<PreRows>(*context);
  lm::MhcPreGradOp::attachInterface<PreGradRows>(*context);
  lm::MhcHeadOp::attachInterface<HeadRows>(*context);
  lm::MhcHeadGradOp::attachInterface<HeadGradRows>(*context);
  lm::SinkhornOp::attachInterface<SinkhornRows>(*context);
  lm::SinkhornGradOp::attachInterface<SinkhornGradRows>(*context);
}

} // namespace tresse::tile
