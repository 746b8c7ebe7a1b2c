// OracleFloat.cpp - floating-point arithmetic: f32 and f64 under the host's
// rounding modes, halves through exact sums, approximations through libm.
#include "test/vgpu/core/Oracle.h"

#include <algorithm>
#include <cfenv>
#include <cmath>

namespace vgpu::test {

namespace {

std::string roundingOf(const Parts &parts) {
  for (const char *mode : {"rn", "rz", "rm", "rp"})
    if (has(parts, mode))
      return mode;
  return "";
}

int hostMode(const std::string &mode) {
  return mode == "rz"   ? FE_TOWARDZERO
         : mode == "rm" ? FE_DOWNWARD
         : mode == "rp" ? FE_UPWARD
                        : FE_TONEAREST;
}

/// `op` of values that stay in memory, under a rounding mode.
template <class T, class F>
T under(const std::string &mode, F op, T a, T b, T c) {
  volatile T x = a, y = b, z = c;
  int old = std::fegetround();
  std::fesetround(hostMode(mode));
  volatile T result = op(x, y, z);
  std::fesetround(old);
  return result;
}

template <class T> T saturate(T x) { return x > 0 ? std::min(x, T(1)) : T(0); }

/// A single- or double-precision form of an operation on T.
template <class F>
Form single(unsigned count, const std::string &mode, bool ftz, bool sat, F op) {
  Form form;
  form.d = Kind::F32;
  form.in.assign(count, Kind::F32);
  form.expect = [=](U64 a, U64 b, U64 c) {
    auto in = [=](U64 x) { return ftz ? flush(floatOf(x)) : floatOf(x); };
    float r = under<float>(mode, op, in(a), in(b), in(c));
    if (sat)
      r = saturate(r);
    return bitsOf(ftz ? flush(r) : r);
  };
  return form;
}
template <class F> Form twice(unsigned count, const std::string &mode, F op) {
  Form form;
  form.d = Kind::F64;
  form.in.assign(count, Kind::F64);
  form.expect = [=](U64 a, U64 b, U64 c) {
    return bitsOf(
        under<double>(mode, op, doubleOf(a), doubleOf(b), doubleOf(c)));
  };
  return form;
}

struct Op {
  const std::string name;
  template <class T> T operator()(T a, T b, T c) const {
    if (name == "add")
      return a + b;
    if (name == "sub")
      return a - b;
    if (name == "mul")
      return a * b;
    if (name == "div")
      return a / b;
    if (name == "rcp")
      return T(1) / a;
    if (name == "sqrt")
      return std::sqrt(a);
    return std::fma(a, b, c);
  }
};

bool needsRounding(const std::string &name) {
  return name != "add" && name != "sub" && name != "mul";
}

std::optional<Form> arithmeticForm(const Parts &parts, Kind kind) {
  const std::string &name = parts[0];
  std::string mode = roundingOf(parts);
  bool ftz = has(parts, "ftz"), sat = has(parts, "sat");
  unsigned count = name == "fma" || name == "mad"    ? 3
                   : name == "rcp" || name == "sqrt" ? 1
                                                     : 2;
  bool takesSat = name == "add" || name == "sub" || name == "mul" || count == 3;
  if (needsRounding(name) == mode.empty() && needsRounding(name))
    return std::nullopt;
  if (!only(parts, {"rn", "rz", "rm", "rp", "ftz", "sat"}) ||
      parts.size() != 2u + !mode.empty() + ftz + sat || (sat && !takesSat))
    return std::nullopt;
  if (kind == Kind::F64)
    return ftz || sat ? std::nullopt
                      : std::optional(twice(count, mode, Op{name}));
  return single(count, mode, ftz, sat, Op{name});
}

template <class T> T smaller(T x, T y, bool isMax, bool nan) {
  if (x != x || y != y) {
    if (nan || (x != x && y != y))
      return T(NAN);
    return x != x ? y : x;
  }
  bool less = x < y || (x == y && std::signbit(x) && !std::signbit(y));
  return less != isMax ? x : y;
}

template <class T> T minMax(T x, T y, bool isMax, bool nan, bool xorsign) {
  bool sign = std::signbit(x) != std::signbit(y);
  if (xorsign) {
    x = std::fabs(x);
    y = std::fabs(y);
  }
  T r = smaller(x, y, isMax, nan);
  return xorsign && r == r && sign ? -r : r;
}

std::optional<Form> extremeForm(const Parts &parts, Kind kind) {
  bool isMax = parts[0] == "max", ftz = has(parts, "ftz"),
       nan = has(parts, "NaN"), xorsign = has(parts, "xorsign");
  if (!only(parts, {"ftz", "NaN", "xorsign", "abs"}) ||
      has(parts, "abs") != xorsign ||
      parts.size() != 2u + ftz + nan + 2 * xorsign)
    return std::nullopt;
  Form form;
  form.d = kind;
  form.in.assign(2, kind);
  if (kind == Kind::F64) {
    if (ftz || nan || xorsign)
      return std::nullopt;
    form.expect = [=](U64 a, U64 b, U64) {
      return bitsOf(minMax(doubleOf(a), doubleOf(b), isMax, false, false));
    };
    return form;
  }
  form.expect = [=](U64 a, U64 b, U64) {
    auto in = [=](U64 x) { return ftz ? flush(floatOf(x)) : floatOf(x); };
    return bitsOf(minMax(in(a), in(b), isMax, nan, xorsign));
  };
  return form;
}

std::optional<Form> signForm(const Parts &parts, Kind kind) {
  bool negate = parts[0] == "neg", ftz = has(parts, "ftz");
  if (!only(parts, {"ftz"}) || parts.size() != 2u + ftz ||
      (ftz && kind == Kind::F64))
    return std::nullopt;
  Form form;
  form.d = kind;
  form.in = {kind};
  U64 sign = U64(1) << (8 * bytesOf(kind) - 1);
  form.expect = [=](U64 a, U64, U64) {
    if (ftz && (a & 0x7f800000) == 0)
      a &= sign;
    return negate ? a ^ sign : a & ~sign;
  };
  return form;
}

std::optional<Form> classForm(const Parts &parts, Kind kind) {
  if (parts.size() != 3 || (kind != Kind::F32 && kind != Kind::F64))
    return std::nullopt;
  std::string what = parts[1];
  static const std::vector<std::string> known = {
      "finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  if (std::find(known.begin(), known.end(), what) == known.end())
    return std::nullopt;
  Form form;
  form.d = Kind::Flag;
  form.in = {kind};
  form.ptx =
      "testp." + what + "." + parts[2] + " %p0, a;\nselp.b32 d, 1, 0, %p0;";
  form.expect = [=](U64 a, U64, U64) -> U64 {
    // From the bits: exponent all ones, none, or in between.
    unsigned fraction = kind == Kind::F32 ? 23 : 52;
    U64 exponent = a >> fraction & (kind == Kind::F32 ? 0xff : 0x7ff);
    U64 rest = a & ((U64(1) << fraction) - 1);
    bool top = exponent == (kind == Kind::F32 ? 0xffu : 0x7ffu);
    if (what == "finite")
      return !top;
    if (what == "infinite")
      return top && !rest;
    if (what == "number")
      return !(top && rest);
    if (what == "notanumber")
      return top && rest;
    return what == "normal" ? exponent && !top : !exponent && rest;
  };
  return form;
}

} // namespace

std::optional<Form> floatForm(const Parts &parts) {
  const std::string &name = parts[0];
  std::vector<Kind> kinds = kindsOf(parts);
  if (kinds.size() != 1 || (kinds[0] != Kind::F32 && kinds[0] != Kind::F64) ||
      parts.back() == "tf32" || has(parts, "approx") || has(parts, "full"))
    return std::nullopt;
  Kind kind = kinds[0];
  if (name == "min" || name == "max")
    return extremeForm(parts, kind);
  if (name == "neg" || name == "abs")
    return signForm(parts, kind);
  if (name == "testp")
    return classForm(parts, kind);
  if (name == "copysign") {
    if (parts.size() != 2)
      return std::nullopt;
    U64 sign = U64(1) << (8 * bytesOf(kind) - 1);
    Form form;
    form.d = kind;
    form.in.assign(2, kind);
    form.expect = [=](U64 a, U64 b, U64) { return (a & sign) | (b & ~sign); };
    return form;
  }
  for (const char *known :
       {"add", "sub", "mul", "div", "fma", "mad", "rcp", "sqrt"})
    if (name == known)
      return arithmeticForm(parts, kind);
  return std::nullopt;
}

namespace {

struct HalfOptions {
  bool ftz, sat, relu, oob, nan, xorsign;
};

/// One half of add, sub, mul or fma.
U64 halfArithmetic(const std::string &name, Kind kind, HalfOptions o, U64 a,
                   U64 b, U64 c) {
  if (o.oob && (a == 0x7fff || b == 0x7fff))
    return 0;
  auto in = [&](U64 x) { return halfOf(kind, o.ftz ? flushHalf(kind, x) : x); };
  double x = in(a), y = in(b), z = in(c), sum, rest = 0;
  if (name == "fma") {
    // The product is exact; the sum's lost part decides ties alone.
    double p = x * y;
    sum = p + z;
    if (std::isfinite(sum)) {
      double back = sum - p;
      rest = (p - (sum - back)) + (z - back);
    }
  } else if (name == "mul") {
    sum = x * y;
  } else {
    double w = name == "sub" ? -y : y;
    sum = x + w;
    if (std::isfinite(sum)) {
      double back = sum - x;
      rest = (x - (sum - back)) + (w - back);
    }
  }
  U64 r = roundTo(kind, sum, rest, "rn");
  double value = halfOf(kind, r);
  if (o.sat)
    r = roundTo(kind, saturate(value), 0, "rn");
  if (o.relu && value == value && !(value > 0))
    r = 0;
  return o.ftz ? flushHalf(kind, r) : r;
}

U64 halfExtreme(Kind kind, bool isMax, HalfOptions o, U64 a, U64 b) {
  auto in = [&](U64 x) { return halfOf(kind, o.ftz ? flushHalf(kind, x) : x); };
  double r = minMax(in(a), in(b), isMax, o.nan, o.xorsign);
  return roundTo(kind, r, 0, "rn");
}

/// Applies f to one half, or to both.
template <class F> U64 each(Kind kind, F f, U64 a, U64 b, U64 c) {
  U64 low = f(a & 0xffff, b & 0xffff, c & 0xffff);
  if (!isPair(kind))
    return low;
  return low | f(a >> 16 & 0xffff, b >> 16 & 0xffff, c >> 16 & 0xffff) << 16;
}

bool halfAllowed(const std::string &name, bool bfloat, bool rn, HalfOptions o) {
  if (o.nan || o.xorsign)
    return false;
  if (name != "fma")
    return !o.relu && !o.oob && !(bfloat && (o.ftz || o.sat));
  if (!rn || (o.relu && o.sat))
    return false;
  if (o.oob)
    return !o.ftz && !o.sat;
  return !bfloat || (!o.ftz && !o.sat);
}

} // namespace

std::optional<Form> halfForm(const Parts &parts) {
  const std::string &name = parts[0];
  std::vector<Kind> kinds = kindsOf(parts);
  if (kinds.size() != 1 || !isHalf(kinds[0]))
    return std::nullopt;
  Kind kind = kinds[0];
  bool bfloat = kind == Kind::BF16 || kind == Kind::BF16x2;
  bool rn = has(parts, "rn"), xorsign = has(parts, "xorsign");
  HalfOptions o{has(parts, "ftz"), has(parts, "sat"), has(parts, "relu"),
                has(parts, "oob"), has(parts, "NaN"), xorsign};
  if (!only(parts,
            {"rn", "ftz", "sat", "relu", "oob", "NaN", "xorsign", "abs"}) ||
      has(parts, "abs") != xorsign ||
      parts.size() !=
          2u + rn + o.ftz + o.sat + o.relu + o.oob + o.nan + 2 * xorsign)
    return std::nullopt;
  Form form;
  form.d = kind;
  if (name == "add" || name == "sub" || name == "mul" || name == "fma") {
    if (!halfAllowed(name, bfloat, rn, o))
      return std::nullopt;
    form.in.assign(name == "fma" ? 3 : 2, kind);
    form.expect = [=](U64 a, U64 b, U64 c) {
      return each(
          kind,
          [&](U64 x, U64 y, U64 z) {
            return halfArithmetic(name, kind, o, x, y, z);
          },
          a, b, c);
    };
    return form;
  }
  if (rn || o.sat || o.relu || o.oob || (bfloat && o.ftz))
    return std::nullopt;
  if (name == "min" || name == "max") {
    form.in.assign(2, kind);
    form.expect = [=](U64 a, U64 b, U64) {
      return each(
          kind,
          [&](U64 x, U64 y, U64) {
            return halfExtreme(kind, name == "max", o, x, y);
          },
          a, b, 0);
    };
    return form;
  }
  if ((name != "neg" && name != "abs") || o.nan || xorsign)
    return std::nullopt;
  form.in = {kind};
  form.expect = [=](U64 a, U64, U64) {
    return each(
        kind,
        [&](U64 x, U64, U64) {
          x = o.ftz ? flushHalf(kind, x) : x;
          return name == "neg" ? x ^ 0x8000 : x & 0x7fff;
        },
        a, 0, 0);
  };
  return form;
}

namespace {

/// The function itself, in double precision.
double exactly(const std::string &name, double x, double y) {
  if (name == "ex2")
    return std::exp2(x);
  if (name == "lg2")
    return std::log2(x);
  if (name == "sin")
    return std::sin(x);
  if (name == "cos")
    return std::cos(x);
  if (name == "rsqrt")
    return 1 / std::sqrt(x);
  if (name == "sqrt")
    return std::sqrt(x);
  if (name == "rcp")
    return 1 / x;
  return name == "div" ? x / y : std::tanh(x);
}

} // namespace

std::optional<Form> functionForm(const Parts &parts) {
  const std::string &name = parts[0];
  static const std::vector<std::string> known = {
      "ex2", "lg2", "sin", "cos", "rsqrt", "sqrt", "rcp", "tanh", "div"};
  std::vector<Kind> kinds = kindsOf(parts);
  bool ftz = has(parts, "ftz"), full = has(parts, "full");
  if (std::find(known.begin(), known.end(), name) == known.end() ||
      kinds.size() != 1 || parts.back() == "tf32" ||
      has(parts, "approx") == full || (full && name != "div") ||
      parts.size() != 3u + ftz || !only(parts, {"approx", "full", "ftz"}))
    return std::nullopt;
  Kind kind = kinds[0];
  bool bfloat = kind == Kind::BF16 || kind == Kind::BF16x2;
  Form form;
  form.d = kind;
  form.in.assign(name == "div" ? 2 : 1, kind);
  if (isHalf(kind)) {
    if ((name != "ex2" && name != "tanh") || ftz != (bfloat && name == "ex2"))
      return std::nullopt;
    form.relative = bfloat ? 0x1p-7 : 0x1p-9;
    form.absolute = bfloat ? 0x1p-126 : 0x1p-20;
    form.expect = [=](U64 a, U64, U64) {
      return each(
          kind,
          [&](U64 x, U64, U64) {
            x = ftz ? flushHalf(kind, x) : x;
            return roundTo(kind, exactly(name, halfOf(kind, x), 0), 0, "rn");
          },
          a, 0, 0);
    };
    return form;
  }
  if (kind == Kind::F64) {
    if (!(name == "rsqrt" || (name == "rcp" && ftz)))
      return std::nullopt;
    form.relative = ftz ? 0x1p-19 : 0x1p-50;
    form.absolute = 0x1p-1021;
    form.expect = [=](U64 a, U64, U64) {
      return bitsOf(exactly(name, doubleOf(a), 0));
    };
    return form;
  }
  if (kind != Kind::F32 || (name == "tanh" && ftz))
    return std::nullopt;
  form.relative = name == "tanh" ? 0x1p-10 : 0x1p-21;
  form.absolute =
      name == "sin" || name == "cos" || name == "lg2" ? 0x1p-20 : 0x1p-125;
  form.expect = [=](U64 a, U64 b, U64) {
    auto in = [=](U64 x) { return ftz ? flush(floatOf(x)) : floatOf(x); };
    float x = in(a), y = in(b);
    // Divisors beyond 2^126 give zeros, as div.approx documents.
    if (name == "div" && !full && std::fabs(y) > 0x1p126f && !std::isinf(y))
      return std::isinf(x) || x != x
                 ? U64(0x7fffffff)
                 : bitsOf(std::copysign(0.0f, x) * std::copysign(1.0f, y));
    float r = float(exactly(name, x, y));
    return bitsOf(ftz ? flush(r) : r);
  };
  return form;
}

} // namespace vgpu::test
