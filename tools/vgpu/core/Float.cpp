// Float.cpp - f32 and f64 arithmetic with rounding, flushing and saturation.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"

namespace vgpu {

namespace {

struct Add {
  template <class T> static T of(T a, T b) { return a + b; }
};
struct Sub {
  template <class T> static T of(T a, T b) { return a - b; }
};
struct Mul {
  template <class T> static T of(T a, T b) { return a * b; }
};
struct Div {
  template <class T> static T of(T a, T b) { return a / b; }
};
/// div.approx: divisors beyond 2^126 give zero.
struct DivApprox {
  static float of(float a, float b) {
    float big = std::fabs(b);
    if (big > 0x1p126f && big < INFINITY)
      return std::isinf(a) || a != a
                 ? NAN
                 : std::copysign(0.0f, a) * std::copysign(1.0f, b);
    return a / b;
  }
};

template <class T, bool Ftz> T in(T x) {
  if constexpr (Ftz)
    return flushed(x);
  else
    return x;
}
template <class T, bool Ftz, bool Sat> T out(T x) {
  if constexpr (Sat)
    x = saturated(x);
  if constexpr (Ftz)
    x = flushed(x);
  return canonical(x);
}

template <class T, class Op, bool Ftz, bool Sat>
void runBinary(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    return out<T, Ftz, Sat>(Op::of(in<T, Ftz>(a[l]), in<T, Ftz>(b[l])));
  });
}

template <class T, bool Ftz, bool Sat>
void runFma(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b), *c = w.read<T>(i.c);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    return out<T, Ftz, Sat>(
        std::fma(in<T, Ftz>(a[l]), in<T, Ftz>(b[l]), in<T, Ftz>(c[l])));
  });
}

template <class T, bool Ftz>
void runSqrt(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  // The NaN is chosen among integers: to a compiler all NaNs are alike.
  using U = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  writeLanes<U>(w, i.d, mask, [=](unsigned l) {
    U bits = std::bit_cast<U>(out<T, Ftz, false>(std::sqrt(in<T, Ftz>(a[l]))));
    bool isNan = sizeof(T) == 4 && (bits & 0x7fffffff) > 0x7f800000;
    return isNan ? U(0x7fffffff) : bits;
  });
}
template <class T, bool Ftz>
void runRcp(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    return out<T, Ftz, false>(T(1) / in<T, Ftz>(a[l]));
  });
}

/// Runs another handler in the rounding mode of aux.
template <Handler Inner>
void runRounded(Warp &w, const Insn &i, uint32_t mask) {
  RoundingScope scope{Rounding(i.aux)};
  Inner(w, i, mask);
}

template <Handler Inner> Handler rounded(Rounding mode) {
  return mode == Rounding::Nearest ? Inner : runRounded<Inner>;
}

template <class T, class Op>
Handler binaryHandler(bool ftz, bool sat, Rounding mode) {
  if constexpr (sizeof(T) == 8)
    return rounded<runBinary<T, Op, false, false>>(mode);
  else if (ftz)
    return sat ? rounded<runBinary<T, Op, true, true>>(mode)
               : rounded<runBinary<T, Op, true, false>>(mode);
  else
    return sat ? rounded<runBinary<T, Op, false, true>>(mode)
               : rounded<runBinary<T, Op, false, false>>(mode);
}

template <class T> Handler fmaHandler(bool ftz, bool sat, Rounding mode) {
  if constexpr (sizeof(T) == 8)
    return rounded<runFma<T, false, false>>(mode);
  else if (ftz)
    return sat ? rounded<runFma<T, true, true>>(mode)
               : rounded<runFma<T, true, false>>(mode);
  else
    return sat ? rounded<runFma<T, false, true>>(mode)
               : rounded<runFma<T, false, false>>(mode);
}

/// neg and abs change the sign bit alone; abs.ftz and neg.ftz flush.
template <class T, bool Ftz, bool Negate>
void runSign(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    T x = in<T, Ftz>(a[l]);
    return Negate ? -x : std::fabs(x);
  });
}

/// aux: bit 0 max, bit 1 NaN wins, bit 2 xorsign.abs.
template <class T, bool Ftz>
void runMinMax(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  bool isMax = i.aux & 1, nan = i.aux & 2, xorsign = i.aux & 4;
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    T x = in<T, Ftz>(a[l]), y = in<T, Ftz>(b[l]);
    bool sign = std::signbit(x) != std::signbit(y);
    if (xorsign) {
      x = std::fabs(x);
      y = std::fabs(y);
    }
    // -0 counts as less than +0.
    bool less = x < y || (x == y && std::signbit(x));
    T r = less != isMax ? x : y;
    if (x != x)
      r = nan ? x : y;
    else if (y != y)
      r = nan ? y : x;
    if (xorsign && r == r)
      r = sign ? -r : r;
    if (r != r)
      r = sizeof(T) == 4 ? T(std::bit_cast<float>(0x7fffffffu)) : r;
    return r;
  });
}

template <class T> void runCopysign(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  // copysign d, a, b: the sign of a on the value of b.
  writeLanes<T>(w, i.d, mask,
                [=](unsigned l) { return std::copysign(b[l], a[l]); });
}

/// testp: aux 0 finite, 1 infinite, 2 number, 3 notanumber, 4 normal,
/// 5 subnormal.
template <class T> void runTestp(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  uint32_t result = 0;
  forEachLane(mask, [&](unsigned l) {
    int kind = std::fpclassify(a[l]);
    bool is = false;
    switch (i.aux) {
    case 0:
      is = kind != FP_NAN && kind != FP_INFINITE;
      break;
    case 1:
      is = kind == FP_INFINITE;
      break;
    case 2:
      is = kind != FP_NAN;
      break;
    case 3:
      is = kind == FP_NAN;
      break;
    case 4:
      is = kind == FP_NORMAL;
      break;
    default:
      is = kind == FP_SUBNORMAL;
      break;
    }
    result |= uint32_t(is) << l;
  });
  writePredicate(w, i.d, mask, result);
}

Rounding takeRounding(Builder &b) {
  int mode = b.takeOneOf({"rn", "rz", "rm", "rp"});
  return Rounding(mode < 0 ? 0 : mode);
}

bool emitFloat(Builder &b, Insn insn, Type type, unsigned sources) {
  if (!insn.run)
    return false;
  if (!b.expectOperands(sources + 1) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a) ||
      (sources > 1 && !b.source(2, type, insn.b)) ||
      (sources > 2 && !b.source(3, type, insn.c)))
    return false;
  b.emit(insn, type == Type::F64 ? InstructionClass::Float64
                                 : InstructionClass::Float32);
  return true;
}

bool decodeMinMax(Builder &b, bool isMax) {
  Insn insn;
  bool ftz = b.take("ftz");
  insn.aux = uint8_t((isMax ? 1 : 0) | (b.take("NaN") ? 2 : 0));
  if (b.take("xorsign")) {
    if (!b.take("abs"))
      return false;
    insn.aux |= 4;
  }
  Type type = b.takeType();
  insn.run = type == Type::F64 ? runMinMax<double, false>
             : ftz             ? runMinMax<float, true>
                               : runMinMax<float, false>;
  return emitFloat(b, insn, type, 2);
}

bool decodeSign(Builder &b, bool negate) {
  bool ftz = b.take("ftz");
  Type type = b.takeType();
  Insn insn;
  if (type == Type::F64)
    insn.run =
        negate ? runSign<double, false, true> : runSign<double, false, false>;
  else if (ftz)
    insn.run =
        negate ? runSign<float, true, true> : runSign<float, true, false>;
  else
    insn.run =
        negate ? runSign<float, false, true> : runSign<float, false, false>;
  return emitFloat(b, insn, type, 1);
}

bool decodeRoot(Builder &b, std::string_view name) {
  Insn insn;
  Rounding mode = takeRounding(b);
  insn.aux = uint8_t(mode);
  bool ftz = b.take("ftz");
  Type type = b.takeType();
  if (name == "sqrt")
    insn.run = type == Type::F64 ? rounded<runSqrt<double, false>>(mode)
               : ftz             ? rounded<runSqrt<float, true>>(mode)
                                 : rounded<runSqrt<float, false>>(mode);
  else
    insn.run = type == Type::F64 ? rounded<runRcp<double, false>>(mode)
               : ftz             ? rounded<runRcp<float, true>>(mode)
                                 : rounded<runRcp<float, false>>(mode);
  return emitFloat(b, insn, type, 1);
}

bool decodeTest(Builder &b) {
  Insn insn;
  int kind = b.takeOneOf(
      {"finite", "infinite", "number", "notanumber", "normal", "subnormal"});
  Type type = b.takeType();
  if (kind < 0 || !b.expectOperands(2) ||
      !b.destination(0, Type::Pred, insn.d) || !b.source(1, type, insn.a))
    return false;
  insn.aux = uint8_t(kind);
  insn.run = type == Type::F64 ? runTestp<double> : runTestp<float>;
  b.emit(insn, InstructionClass::Float32);
  return true;
}

} // namespace

bool decodeFloatInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "min" || name == "max")
    return decodeMinMax(b, name == "max");
  if (name == "neg" || name == "abs")
    return decodeSign(b, name == "neg");
  if (name == "testp")
    return decodeTest(b);
  if (name == "copysign") {
    Insn insn;
    Type type = b.takeType();
    insn.run = type == Type::F64 ? runCopysign<double> : runCopysign<float>;
    return emitFloat(b, insn, type, 2);
  }
  if (name == "sqrt" || name == "rcp")
    return decodeRoot(b, name);
  Insn insn;
  bool approx = name == "div" && b.takeOneOf({"approx"}) == 0;
  if (name == "div")
    b.take("full");
  Rounding mode = takeRounding(b);
  insn.aux = uint8_t(mode);
  bool ftz = b.take("ftz"), sat = b.take("sat");
  Type type = b.takeType();
  bool wide = type == Type::F64;
  if (!wide && type != Type::F32)
    return false;
  if (wide && (ftz || sat))
    return false;
  if (name == "add")
    insn.run = wide ? binaryHandler<double, Add>(ftz, sat, mode)
                    : binaryHandler<float, Add>(ftz, sat, mode);
  else if (name == "sub")
    insn.run = wide ? binaryHandler<double, Sub>(ftz, sat, mode)
                    : binaryHandler<float, Sub>(ftz, sat, mode);
  else if (name == "mul")
    insn.run = wide ? binaryHandler<double, Mul>(ftz, sat, mode)
                    : binaryHandler<float, Mul>(ftz, sat, mode);
  else if (name == "div")
    insn.run = wide     ? binaryHandler<double, Div>(ftz, sat, mode)
               : approx ? binaryHandler<float, DivApprox>(ftz, sat, mode)
                        : binaryHandler<float, Div>(ftz, sat, mode);
  else if (name == "fma" || name == "mad") {
    insn.run = wide ? fmaHandler<double>(ftz, sat, mode)
                    : fmaHandler<float>(ftz, sat, mode);
    return emitFloat(b, insn, type, 3);
  }
  return emitFloat(b, insn, type, 2);
}

} // namespace vgpu
