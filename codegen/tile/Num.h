// Num.h - a number of a kernel under construction, with C++ operators.
#ifndef TRESSE_CODEGEN_TILE_NUM_H
#define TRESSE_CODEGEN_TILE_NUM_H

#include <concepts>

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace tresse::tile {

class TileBuilder;

/// A float, an integer, an index or a truth value: one, or one per lane. An
/// operator emits the op at the builder's insertion point; where one side has
/// lanes, the other is broadcast. C++ numbers become constants of the other
/// side's type.
class Num {
public:
  Num() = default;
  Num(TileBuilder &tile, mlir::Value value) : tile(&tile), held(value) {}

  /// True when there is a value.
  explicit operator bool() const { return static_cast<bool>(held); }
  mlir::Value value() const { return held; }
  mlir::Type type() const { return held.getType(); }
  /// The type of one lane.
  mlir::Type element() const { return mlir::getElementTypeOrSelf(held); }
  bool hasLanes() const { return mlir::isa<mlir::VectorType>(type()); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(element()); }
  TileBuilder &builder() const { return *tile; }

  /// A constant of this number's type.
  Num like(double number) const;

private:
  TileBuilder *tile = nullptr;
  mlir::Value held;
};

template <typename T>
concept Arithmetic = std::is_arithmetic_v<T>;

Num operator+(Num a, Num b);
Num operator-(Num a, Num b);
Num operator*(Num a, Num b);
/// Floats: quotient. Indices and integers: unsigned quotient.
Num operator/(Num a, Num b);
/// Unsigned remainder.
Num operator%(Num a, Num b);
Num operator-(Num a);
/// Bits, and truth values.
Num operator&(Num a, Num b);
Num operator|(Num a, Num b);
Num operator^(Num a, Num b);
Num operator<<(Num a, Num b);
/// Logical shift to the right.
Num operator>>(Num a, Num b);
/// Not, of a truth value.
Num negation(Num a);
/// Ordered comparisons of floats, signed ones of integers.
Num operator<(Num a, Num b);
Num operator<=(Num a, Num b);
Num operator>(Num a, Num b);
Num operator>=(Num a, Num b);
Num operator==(Num a, Num b);

#define TRESSE_MIXED(op)                                                       \
  template <Arithmetic T> Num operator op(Num a, T b) {                        \
    return a op a.like(static_cast<double>(b));                                \
  }                                                                            \
  template <Arithmetic T> Num operator op(T a, Num b) {                        \
    return b.like(static_cast<double>(a)) op b;                                \
  }
TRESSE_MIXED(+)
TRESSE_MIXED(-)
TRESSE_MIXED(*)
TRESSE_MIXED(/)
TRESSE_MIXED(%)
TRESSE_MIXED(&)
TRESSE_MIXED(<<)
TRESSE_MIXED(>>)
TRESSE_MIXED(<)
TRESSE_MIXED(<=)
TRESSE_MIXED(>)
TRESSE_MIXED(>=)
TRESSE_MIXED(==)
#undef TRESSE_MIXED

/// a where `condition` holds, else b.
Num select(Num condition, Num a, Num b);
/// a * b + c, rounded once.
Num fma(Num a, Num b, Num c);
/// The larger one; of a number and a NaN the number. Integers: signed.
Num max(Num a, Num b);
Num min(Num a, Num b);
Num abs(Num a);
Num sqrt(Num a);
Num log(Num a);
/// Nearest integer, ties to even, as a float.
Num roundEven(Num a);
/// Accurate to about 1e-7 relative in f32 and 1e-15 in f64; 0 at -inf.
Num exp(Num a);
/// 1 / (1 + exp(-a)).
Num sigmoid(Num a);

} // namespace tresse::tile

#endif // TRESSE_CODEGEN_TILE_NUM_H
