// Numbers.cpp - rounding to small formats, and the public conversions.
#include "tools/vgpu/core/Numbers.h"

#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/TensorCore.h"

#include <immintrin.h>

namespace vgpu {

RoundingScope::RoundingScope(Rounding mode) {
  // The control word's rounding field: 0 nearest, 1 down, 2 up, 3 zero.
  static constexpr uint32_t field[4] = {0, 3, 1, 2};
  asm volatile("stmxcsr %0" : "=m"(saved)::"memory");
  uint32_t word = (saved & ~0x6000u) | field[unsigned(mode)] << 13;
  asm volatile("ldmxcsr %0" ::"m"(word) : "memory");
}
RoundingScope::~RoundingScope() {
  asm volatile("ldmxcsr %0" ::"m"(saved) : "memory");
}

double roundTo(double value, int mantissa, int minExponent, int maxExponent,
               int mode) {
  if (value == 0 || !std::isfinite(value))
    return value;
  int exponent = std::ilogb(value);
  int quantum = std::max(exponent, minExponent) - mantissa;
  double scaled = std::fabs(std::ldexp(value, -quantum));
  double whole = std::floor(scaled), rest = scaled - whole;
  bool negative = std::signbit(value), up = false;
  switch (mode) {
  case 0:
    up = rest > 0.5 || (rest == 0.5 && std::fmod(whole, 2) == 1);
    break;
  case 1:
    break;
  case 2:
    up = negative && rest > 0;
    break;
  case 3:
    up = !negative && rest > 0;
    break;
  default:
    up = rest >= 0.5;
    break;
  }
  double result = std::ldexp(whole + up, quantum);
  double most = std::ldexp(2 - std::ldexp(1, -mantissa), maxExponent);
  if (result > most) {
    bool infinite = mode == 0 || mode == 4 || (mode == 2 && negative) ||
                    (mode == 3 && !negative);
    result = infinite ? INFINITY : most;
  }
  return negative ? -result : result;
}

float halfToFloat(uint16_t bits) { return halfValue(bits); }
uint16_t floatToHalf(float value) { return halfBits(value); }
float bfloatToFloat(uint16_t bits) { return bfloatValue(bits); }
uint16_t floatToBfloat(float value) { return bfloatBits(value); }

float e4m3ToFloat(uint8_t bits) {
  int exponent = bits >> 3 & 15, mantissa = bits & 7;
  if (exponent == 15 && mantissa == 7)
    return std::bit_cast<float>(0x7fffffffu);
  float value = exponent ? std::ldexp(8.0f + mantissa, exponent - 10)
                         : std::ldexp(float(mantissa), -9);
  return bits & 0x80 ? -value : value;
}

float e5m2ToFloat(uint8_t bits) { return halfValue(uint16_t(bits << 8)); }

uint8_t floatToE4m3(float value, bool saturate) {
  if (value != value)
    return 0x7f;
  uint8_t sign = std::signbit(value) ? 0x80 : 0;
  // 448 is the largest; the next step, 480, would be the NaN.
  double rounded = std::fabs(roundTo(value, 3, -6, 20, 0));
  if (std::isinf(value) || rounded > 448)
    return sign | (saturate ? 0x7e : 0x7f);
  if (rounded == 0)
    return sign;
  int exponent = std::max(std::ilogb(rounded), -6);
  int mantissa = int(std::ldexp(rounded, 3 - exponent));
  // Subnormals have no leading bit.
  return uint8_t(sign | ((exponent + 7) * 8 + mantissa - 8));
}

uint8_t floatToE5m2(float value, bool saturate) {
  if (value != value)
    return 0x7f;
  uint8_t sign = std::signbit(value) ? 0x80 : 0;
  double rounded = std::fabs(roundTo(value, 2, -14, 15, 0));
  if (std::isinf(rounded))
    return sign | (saturate ? 0x7b : 0x7c);
  return uint8_t(sign | halfBits(float(rounded)) >> 8);
}

float truncateToTf32(float value) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) & 0xffffe000u);
}

} // namespace vgpu
