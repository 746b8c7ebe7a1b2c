// Num.cpp - operators on the numbers of a kernel: arith and math ops.
#include "codegen/tile/Tile.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tresse::tile {

/// Gives both sides the same number of lanes.
static void match(Num &a, Num &b) {
  TileBuilder &tile = a.builder();
  if (a.hasLanes() && !b.hasLanes())
    b = tile.broadcast(b);
  else if (!a.hasLanes() && b.hasLanes())
    a = tile.broadcast(a);
}

template <typename FloatOp, typename IntOp> static Num binary(Num a, Num b) {
  match(a, b);
  TileBuilder &tile = a.builder();
  if (a.isFloat())
    return {tile,
            tile.ops().createOrFold<FloatOp>(tile.loc(), a.value(), b.value())};
  return {tile,
          tile.ops().createOrFold<IntOp>(tile.loc(), a.value(), b.value())};
}

template <typename IntOp> static Num binaryInt(Num a, Num b) {
  match(a, b);
  TileBuilder &tile = a.builder();
  return {tile,
          tile.ops().createOrFold<IntOp>(tile.loc(), a.value(), b.value())};
}

template <typename FloatOp> static Num unary(Num a) {
  TileBuilder &tile = a.builder();
  return {tile, FloatOp::create(tile.ops(), tile.loc(), a.value())};
}

static Num compare(arith::CmpFPredicate floats, arith::CmpIPredicate ints,
                   Num a, Num b) {
  match(a, b);
  TileBuilder &tile = a.builder();
  if (a.isFloat())
    return {tile, arith::CmpFOp::create(tile.ops(), tile.loc(), floats,
                                        a.value(), b.value())};
  return {tile, tile.ops().createOrFold<arith::CmpIOp>(tile.loc(), ints,
                                                       a.value(), b.value())};
}

Num Num::like(double number) const {
  return builder().constant(type(), number);
}

Num operator+(Num a, Num b) {
  return binary<arith::AddFOp, arith::AddIOp>(a, b);
}
Num operator-(Num a, Num b) {
  return binary<arith::SubFOp, arith::SubIOp>(a, b);
}
Num operator*(Num a, Num b) {
  return binary<arith::MulFOp, arith::MulIOp>(a, b);
}
Num operator/(Num a, Num b) {
  return binary<arith::DivFOp, arith::DivUIOp>(a, b);
}
Num operator%(Num a, Num b) { return binaryInt<arith::RemUIOp>(a, b); }
Num operator-(Num a) {
  return a.isFloat() ? unary<arith::NegFOp>(a) : a.like(0) - a;
}
Num operator&(Num a, Num b) { return binaryInt<arith::AndIOp>(a, b); }
Num operator|(Num a, Num b) { return binaryInt<arith::OrIOp>(a, b); }
Num operator^(Num a, Num b) { return binaryInt<arith::XOrIOp>(a, b); }
Num operator<<(Num a, Num b) { return binaryInt<arith::ShLIOp>(a, b); }
Num operator>>(Num a, Num b) { return binaryInt<arith::ShRUIOp>(a, b); }
Num negation(Num a) { return binaryInt<arith::XOrIOp>(a, a.like(1)); }
Num operator<(Num a, Num b) {
  return compare(arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, a, b);
}
Num operator<=(Num a, Num b) {
  return compare(arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, a, b);
}
Num operator>(Num a, Num b) {
  return compare(arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt, a, b);
}
Num operator>=(Num a, Num b) {
  return compare(arith::CmpFPredicate::OGE, arith::CmpIPredicate::sge, a, b);
}
Num operator==(Num a, Num b) {
  return compare(arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, a, b);
}

Num select(Num condition, Num a, Num b) {
  match(a, b);
  if (condition.hasLanes() && !a.hasLanes()) {
    a = a.builder().broadcast(a);
    b = b.builder().broadcast(b);
  }
  TileBuilder &tile = a.builder();
  return {tile, tile.ops().createOrFold<arith::SelectOp>(
                    tile.loc(), condition.value(), a.value(), b.value())};
}

Num fma(Num a, Num b, Num c) {
  TileBuilder &tile = a.builder();
  if (a.hasLanes() || b.hasLanes() || c.hasLanes()) {
    a = tile.broadcast(a);
    b = tile.broadcast(b);
    c = tile.broadcast(c);
  }
  return {tile, math::FmaOp::create(tile.ops(), tile.loc(), a.value(),
                                    b.value(), c.value())};
}

Num max(Num a, Num b) { return binary<arith::MaxNumFOp, arith::MaxSIOp>(a, b); }
Num min(Num a, Num b) { return binary<arith::MinNumFOp, arith::MinSIOp>(a, b); }
Num abs(Num a) { return unary<math::AbsFOp>(a); }
Num sqrt(Num a) { return unary<math::SqrtOp>(a); }
Num log(Num a) { return unary<math::LogOp>(a); }
Num roundEven(Num a) { return unary<math::RoundEvenOp>(a); }

/// exp in f64: x = k ln 2 + r, |r| <= ln 2 / 2; a Taylor polynomial of degree
/// 13 in r (remainder below 1e-17) times 2^k by exponent bits, in two factors
/// so that results near the ends of the range stay exact.
static Num exp64(Num x) {
  TileBuilder &tile = x.builder();
  Num clamped = min(max(x, x.like(-746)), x.like(710));
  Num k = roundEven(clamped * 1.4426950408889634);
  Num r = fma(k, x.like(-6.93147180369123816490e-01), clamped);
  r = fma(k, x.like(-1.90821492927058770002e-10), r);
  double factorial = 6227020800.0; // 13!
  Num sum = x.like(1 / factorial);
  for (int n = 12; n >= 0; --n) {
    factorial /= n + 1;
    sum = fma(sum, r, x.like(1 / factorial));
  }
  Num whole = tile.toInteger(k, 64);
  // Arithmetic halving: k may be negative.
  Num half =
      Num(tile, arith::ShRSIOp::create(tile.ops(), tile.loc(), whole.value(),
                                       whole.like(1).value()));
  auto power = [&](Num exponent) {
    return tile.bitcast((exponent + 1023) << exponent.like(52), x.element());
  };
  Num result = sum * power(half) * power(whole - half);
  // A NaN passes through the clamp as a number.
  return select(x == x, result, x);
}

Num exp(Num a) {
  return a.element().isF64() ? exp64(a) : unary<math::ExpOp>(a);
}

Num sigmoid(Num a) { return 1 / (1 + exp(-a)); }

} // namespace tresse::tile
