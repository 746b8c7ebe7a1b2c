// Rope.cpp - kernels of rotary position embedding.
#include "codegen/tile/Families.h"

#include <cmath>

using namespace mlir;

namespace tresse::tile {
namespace {

/// The pair number at which a wave turns `turns` times over `positions`.
double turningPair(double turns, double dim, double theta, double positions) {
  return dim * std::log(positions / (2 * M_PI * turns)) / (2 * std::log(theta));
}

/// Angles per position of every pair, with YaRN (arXiv 2309.00071, 3.2).
SmallVector<double> frequencies(lm::RotaryOp op, int64_t half) {
  double dim = 2.0 * half, theta = op.getTheta().convertToDouble();
  double factor = op.getFactor().convertToDouble();
  double positions = op.getOriginalPositions();
  double low = 0, high = 1;
  if (factor != 1) {
    low = std::floor(
        turningPair(op.getBetaFast().convertToDouble(), dim, theta, positions));
    high = std::ceil(
        turningPair(op.getBetaSlow().convertToDouble(), dim, theta, positions));
    low = std::max(low, 0.0);
    high = std::min(high, dim - 1);
    if (low == high)
      high += 0.001;
  }
  SmallVector<double> result;
  for (int64_t k = 0; k < half; ++k) {
    double plain = std::pow(theta, -2.0 * k / dim);
    double ramp = std::clamp((k - low) / (high - low), 0.0, 1.0);
    result.push_back(factor == 1 ? plain
                                 : plain / factor * ramp + plain * (1 - ramp));
  }
  return result;
}

/// Cosine and sine in f64: the quarter turn nearest to x is taken off in three
/// parts, so that angles of a million positions keep their digits; Taylor
/// polynomials on [-pi/4, pi/4] (remainder below 1e-17).
std::pair<Num, Num> cosineAndSine(TileBuilder &tile, Num x) {
  Num quarters = roundEven(x * (2 / M_PI));
  Num r = fma(quarters, x.like(-1.57079632673412561417e+00), x);
  r = fma(quarters, x.like(-6.07710050630396597660e-11), r);
  r = fma(quarters, x.like(-2.02226624879595063154e-21), r);
  Num square = r * r;
  Num cosine = x.like(1.0 / 20922789888000.0); // 1 / 16!
  double factorial = 20922789888000.0;
  for (int n = 14; n >= 0; n -= 2) {
    factorial /= -(n + 1.0) * (n + 2.0);
    cosine = fma(cosine, square, x.like(1 / factorial));
  }
  factorial = 355687428096000.0; // 17!
  Num sine = x.like(1 / factorial);
  for (int n = 15; n >= 1; n -= 2) {
    factorial /= -(n + 1.0) * (n + 2.0);
    sine = fma(sine, square, x.like(1 / factorial));
  }
  sine = sine * r;
  Num turn = tile.toInteger(quarters, 64) & 3;
  Num odd = (turn & 1) == 1;
  Num c = select(odd, sine, cosine), s = select(odd, cosine, sine);
  Num cosineFlips = (turn == 1) | (turn == 2), sineFlips = turn >= 2;
  return {select(cosineFlips, -c, c), select(sineFlips, -s, s)};
}

/// positions: i32 [R..]   result: [R.., dim]
struct RotaryTiles : Tiles<RotaryTiles, lm::RotaryOp> {
  static constexpr int64_t rowsPerTile = 16;
  int64_t getTileCount(Operation *op, int64_t) const {
    auto type = resultType(op, 0);
    int64_t rows = type.getNumElements() / type.getShape().back();
    return (rows + rowsPerTile - 1) / rowsPerTile;
  }
  void emit(lm::RotaryOp op, TileBuilder &tile, const Operands &operands,
            Num index) const {
    const View &positions = operands[op.getPositions()];
    const View &table = operands[op.getResult()];
    int64_t rows = table.count() / table.size(), half = table.size() / 2;
    SmallVector<double> angles = frequencies(op, half);
    Type f64 = tile.ops().getF64Type();
    double amplitude = op.getAmplitude().convertToDouble();
    // The last lanes of the last step have angle 0.
    while (angles.size() % tile.lanes() != 0)
      angles.push_back(0);
    Num first = index * rowsPerTile;
    Num last = min(first + rowsPerTile, tile.index(rows));
    tile.loop(first, last, 1, [&](Num r) {
      View row = rowAt(table, table.rank() - 1, r);
      Num at = tile.loadAt(rowAt(positions, positions.rank(), r), {});
      Num position = tile.toFloat(max(at, at.like(0)), f64);
      View cosines = row.slice(0, half), sines = row.slice(half, half);
      for (int64_t k = 0; k < half; k += tile.lanes()) {
        Lanes lanes{tile.index(k), {}};
        if (k + tile.lanes() > half)
          lanes.mask = tile.firstLanes(tile.index(half - k));
        Num frequency =
            tile.laneTable(ArrayRef(angles).slice(k, tile.lanes()), f64);
        auto [c, s] = cosineAndSine(tile, frequency * position);
        tile.store(cosines, lanes, c * amplitude);
        tile.store(sines, lanes, s * amplitude);
      }
    });
  }
};

/// x: [(H,) D]   table: [dr]; one row or one head of it.
void rotate(lm::RopeOp op, TileBuilder &tile, const View &x, const View &table,
            const View &y) {
  int64_t dim = table.size(), half = dim / 2, offset = op.getOffset();
  if (offset > 0)
    tile.copyRow(x.slice(0, offset), y.slice(0, offset));
  int64_t rest = x.size() - offset - dim;
  if (rest > 0)
    tile.copyRow(x.slice(offset + dim, rest), y.slice(offset + dim, rest));
  View from = x.slice(offset, dim), to = y.slice(offset, dim);
  auto turn = [&](Lanes lanes, Num a, Num b) {
    Num cosine = tile.load(table.slice(0, half), lanes);
    Num sine = tile.load(table.slice(half, half), lanes);
    if (op.getInverse())
      sine = -sine;
    return std::pair(a * cosine - b * sine, a * sine + b * cosine);
  };
  if (!op.getInterleaved()) {
    View low = from.slice(0, half), high = from.slice(half, half);
    tile.forLanes(half, [&](Lanes lanes) {
      auto [a, b] = turn(lanes, tile.load(low, lanes), tile.load(high, lanes));
      tile.store(to.slice(0, half), lanes, a);
      tile.store(to.slice(half, half), lanes, b);
    });
    return;
  }
  // Pairs lie side by side: two vectors are taken apart and put together.
  int64_t width = tile.lanes();
  SmallVector<int64_t> evens, odds, lower, upper;
  for (int64_t i = 0; i < width; ++i) {
    evens.push_back(2 * i);
    odds.push_back(2 * i + 1);
    lower.push_back(i / 2 + (i % 2) * width);
    upper.push_back(width / 2 + i / 2 + (i % 2) * width);
  }
  tile.forLanes(half, [&](Lanes lanes) {
    Lanes first{lanes.first * 2, {}}, second{lanes.first * 2 + width, {}};
    if (lanes.mask) {
      int64_t left = 2 * (half % width);
      first.mask = tile.firstLanes(tile.index(std::min(left, width)));
      second.mask =
          tile.firstLanes(tile.index(std::max<int64_t>(left - width, 0)));
    }
    Num u = tile.load(from, first), v = tile.load(from, second);
    auto [a, b] =
        turn(lanes, tile.shuffle(u, v, evens), tile.shuffle(u, v, odds));
    tile.store(to, first, tile.shuffle(a, b, lower));
    tile.store(to, second, tile.shuffle(a, b, upper));
  });
}

struct RopeRows : RowTiles<RopeRows, lm::RopeOp> {
  void emitRow(lm::RopeOp op, TileBuilder &tile, const Rows &rows,
               Num r) const {
    View x = rows.row(op.getInput(), r), y = rows.row(op.getResult(), r);
    View table = rows.row(op.getTable(), r);
    if (x.rank() == 1)
      return rotate(op, tile, x, table, y);
    tile.loop(0, x.sizes[0], 1, [&](Num head) {
      rotate(op, tile, x.at(head), table, y.at(head));
    });
  }
};

} // namespace

void registerRopeTiles(MLIRContext *context) {
  lm::RotaryOp::attachInterface<RotaryTiles>(*context);
  lm::RopeOp::attachInterface<RopeRows>(*context);
}

} // namespace tresse::tile
