// Numbers.h - 16- and 8-bit floating-point formats, written for lane loops.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace vgpu {

/// Exact value of an f16. NaNs become the canonical f32 NaN.
inline float halfValue(uint16_t h) {
  uint32_t bits = uint32_t(h & 0x7fff) << 13;
  uint32_t exponent = bits & 0x0f800000;
  uint32_t normal = bits + 0x38000000;
  uint32_t special = (h & 0x3ff) ? 0x7fffffff : 0x7f800000;
  float small = std::bit_cast<float>(bits + 0x38800000) -
                std::bit_cast<float>(0x38800000);
  uint32_t result = exponent == 0            ? std::bit_cast<uint32_t>(small)
                    : exponent == 0x0f800000 ? special
                                             : normal;
  uint32_t sign =
      (exponent == 0x0f800000 && (h & 0x3ff)) ? 0 : uint32_t(h & 0x8000) << 16;
  return std::bit_cast<float>(result | sign);
}

/// Rounds to the nearest f16, ties to even; overflow gives an infinity, NaN
/// the canonical one.
inline uint16_t halfBits(float value) {
  uint32_t f = std::bit_cast<uint32_t>(value);
  uint32_t sign = f & 0x80000000u;
  f ^= sign;
  uint32_t odd = (f >> 13) & 1;
  uint32_t normal = (f + 0xc8000fffu + odd) >> 13;
  float shifted = std::bit_cast<float>(f) + std::bit_cast<float>(0x3f000000);
  uint32_t small = std::bit_cast<uint32_t>(shifted) - 0x3f000000;
  uint32_t result = f > 0x7f800000    ? 0x7fff
                    : f >= 0x47800000 ? 0x7c00
                    : f < 0x38800000  ? small
                                      : normal;
  return uint16_t(f > 0x7f800000 ? 0x7fff : (result | sign >> 16));
}

inline float bfloatValue(uint16_t b) {
  uint32_t bits = uint32_t(b) << 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? std::bit_cast<float>(0x7fffffffu)
                                          : std::bit_cast<float>(bits);
}

inline uint16_t bfloatBits(float value) {
  uint32_t f = std::bit_cast<uint32_t>(value);
  uint32_t rounded = (f + 0x7fff + ((f >> 16) & 1)) >> 16;
  return uint16_t((f & 0x7fffffff) > 0x7f800000 ? 0x7fff : rounded);
}

/// Rounds a double to a binary format of `mantissa` explicit bits, exponents
/// up to `maxExponent` and least normal exponent `minExponent`; the result is
/// again a double (infinite on overflow). `mode`: 0 nearest even, 1 zero, 2
/// down, 3 up, 4 nearest, ties away.
double roundTo(double value, int mantissa, int minExponent, int maxExponent,
               int mode);

/// a * b + c with one rounding left to do: the double nearest to it, its last
/// bit odd when it is not exact (so a later rounding to fewer bits is right).
inline double fmaToOdd(double a, double b, double c) {
  double product = a * b; // exact for factors of at most 26 bits
  double sum = product + c;
  double back = sum - product;
  double error = (product - (sum - back)) + (c - back);
  uint64_t bits = std::bit_cast<uint64_t>(sum);
  bool inexact = error != 0 && (bits & 1) == 0 && std::isfinite(sum);
  if (inexact) {
    bool grows = (error > 0) == (sum > 0);
    bits += grows ? 1 : uint64_t(-1);
  }
  return std::bit_cast<double>(bits);
}

/// Rounds a double that fmaToOdd gave to the nearest float, whose own further
/// rounding to 16 bits is then still right (odd again when inexact).
inline float oddFloat(double value) {
  float near = float(value);
  uint32_t bits = std::bit_cast<uint32_t>(near);
  if (double(near) != value && (bits & 1) == 0 && std::isfinite(near)) {
    bool grows = std::fabs(value) > std::fabs(double(near));
    bits += grows ? 1 : uint32_t(-1);
  }
  return std::bit_cast<float>(bits);
}

} // namespace vgpu
