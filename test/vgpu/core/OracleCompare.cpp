// OracleCompare.cpp - comparisons, selections and conversions.
#include "test/vgpu/core/Oracle.h"

#include <algorithm>
#include <cmath>

namespace vgpu::test {

namespace {

const std::vector<std::string> tests = {
    "eq",  "ne",  "lt",  "le",  "gt",  "ge", "equ", "neu", "ltu",
    "leu", "gtu", "geu", "num", "nan", "lo", "ls",  "hi",  "hs"};

bool holds(const std::string &test, int order, bool unordered) {
  if (test == "num")
    return !unordered;
  if (test == "nan")
    return unordered;
  if (unordered)
    return test.size() == 3; // the forms with u
  std::string base = test.substr(0, 2);
  if (base == "eq")
    return order == 0;
  if (base == "ne")
    return order != 0;
  if (base == "lt" || base == "lo")
    return order < 0;
  if (base == "le" || base == "ls")
    return order <= 0;
  if (base == "gt" || base == "hi")
    return order > 0;
  return order >= 0;
}

/// One comparison of operands of `kind` (never a pair).
bool compare(const std::string &test, Kind kind, bool ftz, U64 a, U64 b) {
  if (isInteger(kind)) {
    __int128 x = valueOf(kind, a), y = valueOf(kind, b);
    return holds(test, x < y ? -1 : x > y, false);
  }
  auto value = [&](U64 bits) {
    if (kind == Kind::F64)
      return doubleOf(bits);
    if (kind == Kind::F32)
      return double(ftz ? flush(floatOf(bits)) : floatOf(bits));
    return halfOf(kind, ftz ? flushHalf(kind, bits) : bits);
  };
  double x = value(a), y = value(b);
  return holds(test, x < y ? -1 : x > y, x != x || y != y);
}

/// Which tests a source type has.
bool testAllowed(const std::string &test, const std::string &type) {
  auto at = std::find(tests.begin(), tests.end(), test) - tests.begin();
  Kind kind = *kindOf(type);
  if (!isInteger(kind))
    return at < 14;
  if (type[0] == 'b')
    return at < 2;
  return at < 6 || (at >= 14 && type[0] == 'u');
}

bool join(const std::string &how, bool value, bool with) {
  if (how == "and")
    return value && with;
  if (how == "or")
    return value || with;
  return how == "xor" ? value != with : value;
}

struct Comparison {
  std::string test, how, type;
  Kind kind;
  bool ftz;
};

/// Takes setp and set apart; false when a part does not belong.
bool parse(const Parts &parts, bool isSet, Comparison &c) {
  size_t at = 1;
  if (at >= parts.size() ||
      std::find(tests.begin(), tests.end(), parts[at]) == tests.end())
    return false;
  c.test = parts[at++];
  if (at < parts.size() &&
      (parts[at] == "and" || parts[at] == "or" || parts[at] == "xor"))
    c.how = parts[at++];
  c.ftz = at < parts.size() && parts[at] == "ftz";
  at += c.ftz + isSet;
  if (at + 1 != parts.size() || !kindOf(parts[at]) || parts[at] == "tf32" ||
      parts[at] == "u8" || parts[at] == "s8" || parts[at][1] == '8')
    return false;
  c.type = parts[at];
  c.kind = *kindOf(c.type);
  if (c.kind == Kind::U16x2 || !testAllowed(c.test, c.type))
    return false;
  bool flushes =
      c.kind == Kind::F32 || c.kind == Kind::F16 || c.kind == Kind::F16x2;
  return !c.ftz || flushes;
}

Kind halfKind(Kind kind) {
  return kind == Kind::F16x2 ? Kind::F16 : Kind::BF16;
}

std::optional<Form> setpForm(const Parts &parts) {
  Comparison c;
  if (!parse(parts, false, c))
    return std::nullopt;
  std::string opcode = parts[0];
  for (size_t k = 1; k < parts.size(); ++k)
    opcode += "." + parts[k];
  Form form;
  form.in = {c.kind, c.kind};
  if (!c.how.empty())
    form.in.push_back(Kind::Flag);
  // Both results: the joined test, and the joined opposite (or the upper
  // half's).
  form.ptx = (c.how.empty() ? "" : "setp.ne.u32 %p2, c, 0;\n") + opcode +
             " %p0|%p1, a, b" + (c.how.empty() ? ";" : ", %p2;") +
             "\nselp.b32 d, 1, 0, %p0;\n@%p1 add.u32 d, d, 2;";
  form.expect = [=](U64 a, U64 b, U64 flag) -> U64 {
    bool first, second;
    if (isPair(c.kind)) {
      Kind half = halfKind(c.kind);
      first = compare(c.test, half, c.ftz, a & 0xffff, b & 0xffff);
      second = compare(c.test, half, c.ftz, a >> 16, b >> 16);
    } else {
      first = compare(c.test, c.kind, c.ftz, a, b);
      second = !first;
    }
    return join(c.how, first, flag) + 2 * join(c.how, second, flag);
  };
  return form;
}

/// The bits of "true" in a result type, per element.
std::optional<U64> oneOf(const std::string &type) {
  if (type == "f32")
    return 0x3f800000;
  if (type == "f16" || type == "f16x2")
    return 0x3c00;
  if (type == "bf16" || type == "bf16x2")
    return 0x3f80;
  if (type == "u32" || type == "s32")
    return 0xffffffff;
  if (type == "u16" || type == "s16")
    return 0xffff;
  return std::nullopt;
}

bool setAllowed(const std::string &result, const Comparison &c) {
  bool pair = isPair(c.kind);
  if (pair)
    return result == "u32" || result == "s32" || result == c.type;
  if (result == "u32" || result == "s32")
    return true;
  if (result == "u16" || result == "s16")
    return c.kind == Kind::F16 || c.kind == Kind::BF16;
  if (result == "f32")
    return !isHalf(c.kind);
  if (result == "f16")
    return c.kind != Kind::BF16;
  return result == "bf16" && c.kind != Kind::F16;
}

std::optional<Form> setForm(const Parts &parts) {
  Comparison c;
  if (parts.size() < 4 || !parse(parts, true, c))
    return std::nullopt;
  std::string result = parts[parts.size() - 2];
  auto one = oneOf(result);
  if (!one || !setAllowed(result, c))
    return std::nullopt;
  bool pair = isPair(c.kind);
  U64 unit = pair && (result == "u32" || result == "s32") ? 0xffff : *one;
  std::string opcode = parts[0];
  for (size_t k = 1; k < parts.size(); ++k)
    opcode += "." + parts[k];
  Form form;
  form.d = *kindOf(result);
  form.in = {c.kind, c.kind};
  if (!c.how.empty())
    form.in.push_back(Kind::Flag);
  form.ptx = (c.how.empty() ? "" : "setp.ne.u32 %p2, c, 0;\n") + opcode +
             " d, a, b" + (c.how.empty() ? ";" : ", %p2;");
  form.expect = [=](U64 a, U64 b, U64 flag) -> U64 {
    if (!pair)
      return join(c.how, compare(c.test, c.kind, c.ftz, a, b), flag) ? unit : 0;
    U64 r = 0;
    for (unsigned h = 0; h < 32; h += 16)
      if (join(c.how,
               compare(c.test, halfKind(c.kind), c.ftz, a >> h & 0xffff,
                       b >> h & 0xffff),
               flag))
        r |= unit << h;
    return r;
  };
  return form;
}

std::optional<Form> selectForm(const Parts &parts) {
  bool selp = parts[0] == "selp", ftz = has(parts, "ftz");
  std::vector<Kind> kinds = kindsOf(parts);
  for (Kind kind : kinds)
    if (isHalf(kind) || isPair(kind) || kind == Kind::U8 || kind == Kind::S8)
      return std::nullopt;
  if (kinds.size() != (selp ? 1u : 2u) || has(parts, "tf32") ||
      parts.size() != 1 + kinds.size() + ftz || (ftz && selp))
    return std::nullopt;
  Form form;
  form.d = kinds[0];
  form.in = {kinds[0], kinds[0]};
  std::string opcode = parts[0];
  for (size_t k = 1; k < parts.size(); ++k)
    opcode += "." + parts[k];
  if (selp) {
    form.in.push_back(Kind::Flag);
    form.ptx = "setp.ne.u32 %p0, c, 0;\n" + opcode + " d, a, b, %p0;";
    form.expect = [](U64 a, U64 b, U64 c) { return c ? a : b; };
    return form;
  }
  if ((parts.back() != "s32" && parts.back() != "f32") ||
      (ftz && parts.back() != "f32"))
    return std::nullopt;
  form.in.push_back(kinds[1]);
  bool real = kinds[1] == Kind::F32;
  form.expect = [=](U64 a, U64 b, U64 c) {
    if (!real)
      return int32_t(c) >= 0 ? a : b;
    float x = floatOf(c);
    return (ftz ? flush(x) : x) >= 0 ? a : b;
  };
  return form;
}

} // namespace

std::optional<Form> compareForm(const Parts &parts) {
  if (parts[0] == "setp")
    return setpForm(parts);
  if (parts[0] == "set")
    return setForm(parts);
  if (parts[0] == "selp" || parts[0] == "slct")
    return selectForm(parts);
  return std::nullopt;
}

namespace {

/// A conversion's options, and its types by name.
struct Conversion {
  std::string mode, whole; ///< rn...; rni...
  bool ftz, sat, satfinite, relu;
  std::string to, from;
};

bool isFloatName(const std::string &type) {
  return type[0] == 'f' || type[0] == 'b' || type[0] == 't';
}

long double wholeOf(long double x, const std::string &mode) {
  if (mode == "rzi")
    return std::trunc(x);
  if (mode == "rmi")
    return std::floor(x);
  if (mode == "rpi")
    return std::ceil(x);
  return std::nearbyint(x);
}

/// The source's value; integers of 64 bits fit a long double.
long double sourceValue(const Conversion &c, U64 a) {
  Kind kind = *kindOf(c.from);
  if (isInteger(kind))
    return (long double)(valueOf(kind, a));
  if (kind == Kind::F64)
    return doubleOf(a);
  if (kind == Kind::F32)
    return c.ftz ? flush(floatOf(a)) : floatOf(a);
  return halfOf(kind, a);
}

U64 toInteger(const Conversion &c, Kind to, U64 a) {
  Kind from = *kindOf(c.from);
  unsigned bits = 8 * (to == Kind::U8 || to == Kind::S8 ? 1 : bytesOf(to));
  __int128 most = ((__int128)1 << (bits - isSigned(to))) - 1;
  __int128 least = isSigned(to) ? -most - 1 : 0;
  __int128 value;
  if (isInteger(from)) {
    value = valueOf(from, a);
    if (c.sat)
      value = std::clamp(value, least, most);
  } else {
    long double x = sourceValue(c, a);
    if (x != x)
      return bits == 64 ? U64(1) << 63 : 0;
    x = wholeOf(x, c.whole);
    value = x <= (long double)least  ? least
            : x >= (long double)most ? most
                                     : (__int128)x;
  }
  // Narrow results are extended in their register.
  return to == Kind::U8   ? U64(uint8_t(value))
         : to == Kind::S8 ? U64(int64_t(int8_t(value)))
                          : U64(value);
}

U64 toFloat(const Conversion &c, U64 a) {
  bool tf32 = c.to == "tf32";
  Kind to = *kindOf(c.to);
  long double x = sourceValue(c, a);
  if (!c.whole.empty())
    x = wholeOf(x, c.whole);
  if (c.sat)
    x = x > 0 ? std::min(x, 1.0L) : 0.0L;
  if (c.relu && x == x && !(x > 0))
    x = 0;
  std::string mode = c.mode.empty() ? "rn" : c.mode;
  if (to == Kind::F64)
    return roundTo(to, x, 0, mode);
  if (tf32) {
    // Ten bits of fraction in the upper part of an f32.
    if (x != x || x == 0)
      return roundTo(Kind::F32, x, 0, "rn");
    if (std::isinf(x))
      return c.satfinite ? (x < 0 ? 0xff7fe000 : 0x7f7fe000)
                         : roundTo(Kind::F32, x, 0, "rn");
    int exponent = std::max(std::ilogb(x), -126);
    long double q = std::ldexp(x, 10 - exponent), low = std::floor(q),
                part = q - low;
    bool up = mode == "rna" ? part > 0.5L || (part == 0.5L && q > 0)
              : mode == "rz"
                  ? q < 0 && part > 0
                  : part > 0.5L || (part == 0.5L && std::fmod(low, 2.0L) != 0);
    U64 r = roundTo(Kind::F32, std::ldexp(low + up, exponent - 10), 0, mode);
    return c.satfinite && (r & 0x7fffffff) == 0x7f800000 ? r - 0x2000 : r;
  }
  U64 r = roundTo(to, x, 0, mode);
  if (c.satfinite && x == x && isHalf(to)) {
    U64 infinity = to == Kind::F16 ? 0x7c00 : 0x7f80;
    if ((r & 0x7fff) == infinity)
      --r;
  }
  if (c.ftz && to == Kind::F32)
    r = bitsOf(flush(floatOf(r)));
  return r;
}

/// The 8-bit floats: bits of exponent 4 (bias 7) or 5 (bias 15).
U64 toEight(bool e5, double x) {
  U64 sign = std::signbit(x) ? 0x80 : 0;
  if (x != x)
    return 0x7f;
  int fraction = e5 ? 2 : 3, least = e5 ? -14 : -6;
  U64 most = e5 ? 0x7b : 0x7e;
  double m = std::fabs(x);
  if (m == 0)
    return sign;
  if (std::isinf(m))
    return sign | most;
  int exponent = std::max(std::ilogb(m), least);
  U64 r = U64(std::nearbyint(std::ldexp(m, fraction - exponent))) +
          (U64(exponent - least) << fraction);
  return sign | std::min(r, most);
}
double eightOf(bool e5, U64 b) {
  int fraction = e5 ? 2 : 3, bias = e5 ? 15 : 7;
  U64 exponent = (b & 0x7f) >> fraction, rest = b & ((1u << fraction) - 1);
  double value;
  if (e5 ? exponent == 31 : (b & 0x7f) == 0x7f)
    value = e5 && rest == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    value = std::ldexp(double(rest), 1 - bias - fraction);
  else
    value = std::ldexp(double(rest + (1u << fraction)),
                       int(exponent) - bias - fraction);
  return b & 0x80 ? -value : value;
}

std::optional<Form> packedForm(const Conversion &c, const std::string &opcode) {
  bool toEightBits = c.to == "e4m3x2" || c.to == "e5m2x2";
  bool fromEight = c.from == "e4m3x2" || c.from == "e5m2x2";
  bool e5 = c.to == "e5m2x2" || c.from == "e5m2x2";
  if (c.mode != "rn" && !((c.to == "f16x2" || c.to == "bf16x2") &&
                          c.mode == "rz" && c.from == "f32"))
    return std::nullopt;
  if (c.ftz || c.sat || !c.whole.empty())
    return std::nullopt;
  bool relu = c.relu;
  Form form;
  form.ptx = opcode + (c.from == "f32" ? " d, a, b;" : " d, a;");
  auto clip = [=](double x) { return relu && x == x && !(x > 0) ? 0.0 : x; };
  if (fromEight) {
    if (c.to != "f16x2" || c.satfinite)
      return std::nullopt;
    form.d = Kind::F16x2;
    form.in = {Kind::U16};
    form.expect = [=](U64 a, U64, U64) {
      auto one = [&](U64 b) {
        return roundTo(Kind::F16, clip(eightOf(e5, b & 255)), 0, "rn");
      };
      return one(a) | one(a >> 8) << 16;
    };
    return form;
  }
  if (toEightBits) {
    if (!c.satfinite || (c.from != "f32" && c.from != "f16x2"))
      return std::nullopt;
    bool pair = c.from == "f16x2";
    form.d = Kind::U16;
    if (pair)
      form.in = {Kind::F16x2};
    else
      form.in = {Kind::F32, Kind::F32};
    form.expect = [=](U64 a, U64 b, U64) {
      double high = pair ? halfOf(Kind::F16, a >> 16 & 0xffff) : floatOf(a);
      double low = pair ? halfOf(Kind::F16, a & 0xffff) : floatOf(b);
      return toEight(e5, clip(high)) << 8 | toEight(e5, clip(low));
    };
    return form;
  }
  if (c.from != "f32" || (c.to != "f16x2" && c.to != "bf16x2"))
    return std::nullopt;
  Conversion one = c;
  one.to = c.to == "f16x2" ? "f16" : "bf16";
  form.d = *kindOf(c.to);
  form.in = {Kind::F32, Kind::F32};
  form.expect = [=](U64 a, U64 b, U64) {
    return toFloat(one, a) << 16 | toFloat(one, b);
  };
  return form;
}

/// cvt.pack.sat.TYPE.s32{.b32}
std::optional<Form> packForm(const Parts &parts, const std::string &opcode) {
  if (parts.size() < 5 || parts[2] != "sat" || parts[4] != "s32")
    return std::nullopt;
  unsigned bits = unsigned(std::atoi(parts[3].c_str() + 1));
  bool third = bits != 16, isSigned = parts[3][0] == 's';
  if ((bits != 16 && bits != 8 && bits != 4) ||
      (parts[3][0] != 's' && parts[3][0] != 'u') ||
      parts.size() != 5u + third || (third && parts[5] != "b32"))
    return std::nullopt;
  Form form;
  form.in.assign(third ? 3 : 2, Kind::S32);
  if (third)
    form.in[2] = Kind::U32;
  form.ptx = opcode + (third ? " d, a, b, c;" : " d, a, b;");
  form.expect = [=](U64 a, U64 b, U64 c) {
    auto one = [&](U64 x) {
      int64_t top = (int64_t(1) << (bits - isSigned)) - 1;
      int64_t v = std::clamp<int64_t>(int32_t(x), isSigned ? -top - 1 : 0, top);
      return U64(v) & ((1u << bits) - 1);
    };
    U64 pair = one(a) << bits | one(b);
    return third ? uint32_t(c) << (2 * bits) | pair : pair;
  };
  return form;
}

/// Which rounding a conversion must, may or must not name.
bool roundingFits(const Conversion &c) {
  bool toReal = isFloatName(c.to), fromReal = isFloatName(c.from);
  if (!toReal && !fromReal)
    return c.mode.empty() && c.whole.empty() && !c.ftz && !c.relu &&
           !c.satfinite;
  if (!toReal) // real to integer
    return c.mode.empty() && !c.whole.empty() && !c.relu && !c.satfinite &&
           (!c.ftz || c.from == "f32");
  if (!fromReal)
    return c.whole.empty() && !c.mode.empty() && c.mode != "rna" && !c.relu &&
           !c.satfinite && !c.ftz;
  return true;
}

} // namespace

std::optional<Form> convertForm(const Parts &parts) {
  if (parts[0] != "cvt" || parts.size() < 3)
    return std::nullopt;
  std::string opcode = parts[0];
  for (size_t k = 1; k < parts.size(); ++k)
    opcode += "." + parts[k];
  if (parts[1] == "pack")
    return packForm(parts, opcode);
  Conversion c{};
  c.to = parts[parts.size() - 2];
  c.from = parts.back();
  for (size_t k = 1; k + 2 < parts.size(); ++k) {
    const std::string &m = parts[k];
    if (m == "ftz")
      c.ftz = true;
    else if (m == "sat")
      c.sat = true;
    else if (m == "satfinite")
      c.satfinite = true;
    else if (m == "relu")
      c.relu = true;
    else if (m.size() == 3 && m[0] == 'r' && m[2] == 'i')
      c.whole = m;
    else
      c.mode = m;
  }
  if (c.to.find("x2") != c.to.npos || c.from.find("x2") != c.from.npos)
    return packedForm(c, opcode);
  if (!kindOf(c.to) || !kindOf(c.from) || !roundingFits(c))
    return std::nullopt;
  bool toReal =
      isFloatName(c.to) && c.to != "b16" && c.to != "b32" && c.to != "b64";
  Form form;
  form.d = *kindOf(c.to);
  form.in = {*kindOf(c.from)};
  form.ptx = opcode + " d, a;";
  if (toReal)
    form.expect = [=](U64 a, U64, U64) { return toFloat(c, a); };
  else
    form.expect = [=, to = form.d](U64 a, U64, U64) {
      return toInteger(c, to, a);
    };
  return form;
}

} // namespace vgpu::test
