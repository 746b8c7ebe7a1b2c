// OracleValues.cpp - sample operands, and exact conversions of number formats.
#include "test/vgpu/core/Oracle.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace vgpu::test {

unsigned bytesOf(Kind kind) {
  switch (kind) {
  case Kind::U8:
  case Kind::S8:
  case Kind::U16:
  case Kind::S16:
  case Kind::F16:
  case Kind::BF16:
    return 2;
  case Kind::U64:
  case Kind::S64:
  case Kind::F64:
    return 8;
  default:
    return 4;
  }
}

static std::vector<U64> allSamples(Kind kind) {
  switch (kind) {
  case Kind::F32:
    return {0,          0x3f800000, 0x80000000, 0xbf800000, 0x00000001,
            0x3fc00000, 0x807fffff, 0x00800000, 0x7f7fffff, 0xff7fffff,
            0x7f800000, 0xff800000, 0x7fc00001, 0x40490fdb, 0xffc12345,
            0xc2f6e979, 0x4b800001, 0x33800000, 0x3eaaaaab, 0x4f000000,
            0xcf000000, 0x4f7fffff, 0x3f000000, 0x40200000, 0x4effffff,
            0x43800000, 0xc3000000, 0x5f000000, 0x477fe000, 0x387fc000};
  case Kind::F64:
    return {0,
            0x3ff0000000000000,
            U64(1) << 63,
            0xbff8000000000000,
            1,
            0x400921fb54442d18,
            0x000fffffffffffff,
            0x0010000000000000,
            0x7fefffffffffffff,
            0x7ff0000000000000,
            0xfff0000000000000,
            0x7ff8000000000000,
            0xc1e0000000200000,
            0x3fd5555555555555,
            0x41efffffffe00000,
            0x3fe0000000000000,
            0x36a0000000000001,
            0x3690000000000000,
            0xb810000000000000,
            0x43e0000000000000,
            0x47efffffefffffff,
            0x40c3880000000001};
  case Kind::F16:
    return {0,      0x3c00, 0x8000, 0xbc00, 0x0001, 0x83ff, 0x0400,
            0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x3555, 0x4248,
            0xb800, 0x3e00, 0x5640, 0xd640, 0x2e66, 0x7fff};
  case Kind::BF16:
    return {0,      0x3f80, 0x8000, 0xbf80, 0x0001, 0x807f, 0x0080,
            0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0, 0x3eab, 0x4049,
            0xbf00, 0x3fc0, 0x42c8, 0xc2c8, 0x3dcd, 0x7fff};
  case Kind::U8:
  case Kind::S8:
    return {0, 1, 2, 0x7f, 0x80, 0x81, 0xff, 0xfe, 0x55};
  case Kind::U16:
  case Kind::S16:
    return {0, 1, 0x7fff, 0x8000, 0xffff, 2, 0x8001, 0xfffe, 0x1234, 3, 100, 7};
  case Kind::U32:
  case Kind::S32:
    return {0,          1,   0x7fffffff, 0x80000000, 0xffffffff,
            2,          31,  32,         0x12345678, 0xdeadbeef,
            33,         255, 0x80000001, 0xfffffffe, 0x00ffffff,
            0x01000000, 3,   64,         0x01000001, 0xfeffffff};
  case Kind::Flag:
    return {0, 1};
  case Kind::U64:
  case Kind::S64:
    return {0,
            1,
            0x7fffffffffffffff,
            U64(1) << 63,
            ~U64(0),
            2,
            0x123456789abcdef0,
            0xffffffff,
            U64(1) << 32,
            63,
            64,
            0x20000000000001,
            0xfffffffffffffc01,
            0x7fffff4000000001};
  default: {
    Kind half = kind == Kind::F16x2    ? Kind::F16
                : kind == Kind::BF16x2 ? Kind::BF16
                                       : Kind::U16;
    std::vector<U64> one = allSamples(half), out;
    for (size_t k = 0; k < one.size(); ++k)
      out.push_back(one[k] | one[(k * 7 + 3) % one.size()] << 16);
    return out;
  }
  }
}

std::vector<U64> samples(Kind kind, bool few) {
  std::vector<U64> out = allSamples(kind);
  if (few && out.size() > 10)
    out.resize(10 + (out.size() - 10) / 4);
  return out;
}

bool has(const Parts &parts, const char *modifier) {
  return std::find(parts.begin() + 1, parts.end(), modifier) != parts.end();
}

std::optional<Kind> kindOf(const std::string &name) {
  struct Entry {
    const char *name;
    Kind kind;
  };
  static const Entry table[] = {
      {"u8", Kind::U8},       {"s8", Kind::S8},         {"b16", Kind::U16},
      {"u16", Kind::U16},     {"s16", Kind::S16},       {"b32", Kind::U32},
      {"u32", Kind::U32},     {"s32", Kind::S32},       {"b64", Kind::U64},
      {"u64", Kind::U64},     {"s64", Kind::S64},       {"f16", Kind::F16},
      {"bf16", Kind::BF16},   {"f32", Kind::F32},       {"f64", Kind::F64},
      {"f16x2", Kind::F16x2}, {"bf16x2", Kind::BF16x2}, {"u16x2", Kind::U16x2},
      {"s16x2", Kind::U16x2}, {"tf32", Kind::F32}};
  for (const Entry &entry : table)
    if (name == entry.name)
      return entry.kind;
  return std::nullopt;
}

std::vector<Kind> kindsOf(const Parts &parts) {
  std::vector<Kind> out;
  for (size_t k = 1; k < parts.size(); ++k)
    if (auto kind = kindOf(parts[k]))
      out.push_back(*kind);
  return out;
}

bool only(const Parts &parts, const std::vector<const char *> &allowed) {
  for (size_t k = 1; k < parts.size(); ++k) {
    bool good = kindOf(parts[k]).has_value();
    for (const char *modifier : allowed)
      good |= parts[k] == modifier;
    if (!good)
      return false;
  }
  return true;
}

bool isInteger(Kind kind) { return kind <= Kind::S64; }
bool isSigned(Kind kind) {
  return kind == Kind::S8 || kind == Kind::S16 || kind == Kind::S32 ||
         kind == Kind::S64;
}
bool isHalf(Kind kind) {
  return kind == Kind::F16 || kind == Kind::BF16 || kind == Kind::F16x2 ||
         kind == Kind::BF16x2;
}
bool isPair(Kind kind) {
  return kind == Kind::F16x2 || kind == Kind::BF16x2 || kind == Kind::U16x2;
}

static bool isBfloat(Kind kind) {
  return kind == Kind::BF16 || kind == Kind::BF16x2;
}

double halfOf(Kind kind, U64 bits) {
  if (isBfloat(kind))
    return floatOf(bits << 16);
  int exponent = int(bits >> 10 & 31);
  double fraction = double(bits & 1023), value;
  if (exponent == 31)
    value = fraction != 0 ? NAN : INFINITY;
  else if (exponent == 0)
    value = std::ldexp(fraction, -24);
  else
    value = std::ldexp(1024 + fraction, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

namespace {
struct Format {
  int fraction, least, most; ///< bits, exponents of normal numbers
};
Format formatOf(Kind kind) {
  if (isBfloat(kind))
    return {7, -126, 127};
  if (isHalf(kind))
    return {10, -14, 15};
  return kind == Kind::F64 ? Format{52, -1022, 1023} : Format{23, -126, 127};
}

long double roundWhole(long double q, double rest, const std::string &mode) {
  long double low = std::floor(q), part = q - low;
  bool exact = part == 0 && rest == 0;
  if (exact)
    return q;
  bool below = part == 0 && rest < 0; // just under the whole number
  long double floor = below ? low - 1 : low, ceil = floor + 1;
  if (mode == "rm")
    return floor;
  if (mode == "rp")
    return ceil;
  if (mode == "rz")
    return q > 0 || (q == 0 && rest > 0) ? floor : ceil;
  if (below)
    return ceil;
  if (part > 0.5L || (part == 0.5L && rest > 0))
    return ceil;
  if (part < 0.5L || rest < 0)
    return floor;
  if (mode == "rna")
    return q > 0 ? ceil : floor;
  return std::fmod(floor, 2.0L) == 0 ? floor : ceil;
}
} // namespace

U64 roundTo(Kind kind, long double x, double rest, const std::string &mode) {
  Format f = formatOf(kind);
  bool half = isHalf(kind);
  U64 sign = std::signbit(x) ? 1 : 0;
  unsigned width = half ? 16 : kind == Kind::F64 ? 64 : 32;
  U64 infinity = U64(f.most - f.least + 2) << f.fraction;
  if (x != x)
    return kind == Kind::F64 ? 0x7ff8000000000000 : half ? 0x7fff : 0x7fffffff;
  sign <<= width - 1;
  if (std::isinf(x))
    return sign | infinity;
  if (x == 0)
    return sign;
  int exponent = std::max(std::ilogb(x), f.least);
  long double q = roundWhole(std::ldexp(x, f.fraction - exponent), rest, mode);
  U64 magnitude = U64(std::fabs(q));
  // A carry into the next power of two lands in the exponent by itself.
  U64 bits = magnitude + (U64(exponent - f.least) << f.fraction);
  if (bits < infinity)
    return sign | bits;
  bool away = mode == "rn" || mode == "rna" || (mode == "rp" && !sign) ||
              (mode == "rm" && sign);
  return sign | (away ? infinity : infinity - 1);
}

float floatOf(U64 bits) { return std::bit_cast<float>(uint32_t(bits)); }
double doubleOf(U64 bits) { return std::bit_cast<double>(bits); }
U64 bitsOf(float x) { return x != x ? 0x7fffffff : std::bit_cast<uint32_t>(x); }
U64 bitsOf(double x) { return std::bit_cast<U64>(x); }
float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}
U64 flushHalf(Kind kind, U64 bits) {
  U64 exponent = isBfloat(kind) ? 0x7f80 : 0x7c00;
  return bits & exponent ? bits : bits & 0x8000;
}

__int128 valueOf(Kind kind, U64 bits) {
  switch (kind) {
  case Kind::U8:
    return uint8_t(bits);
  case Kind::S8:
    return int8_t(bits);
  case Kind::U16:
    return uint16_t(bits);
  case Kind::S16:
    return int16_t(bits);
  case Kind::U32:
    return uint32_t(bits);
  case Kind::S32:
    return int32_t(bits);
  case Kind::S64:
    return int64_t(bits);
  default:
    return bits;
  }
}

} // namespace vgpu::test
