//===- Number.cpp - element types and conversions -------------------------===//
#include "runtime/core/base/Number.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace tresse::runtime {

size_t elementBytes(uint32_t dtype) {
  switch (dtype) {
  case TRESSE_F64:
  case TRESSE_I64:
    return 8;
  case TRESSE_F32:
  case TRESSE_I32:
  case TRESSE_U32:
    return 4;
  case TRESSE_BF16:
  case TRESSE_F16:
    return 2;
  case TRESSE_F8E4M3:
  case TRESSE_F8E5M2:
  case TRESSE_F8E8M0:
  case TRESSE_U8:
  case TRESSE_I1:
    return 1;
  }
  return 0;
}

const char *elementName(uint32_t dtype) {
  static const char *const names[] = {
      "unknown", "f64", "f32", "bf16", "f16", "f8e4m3", "f8e5m2",
      "f8e8m0",  "i64", "i32", "u32",  "u8",  "i1"};
  return dtype <= TRESSE_I1 ? names[dtype] : names[0];
}

bool isFloat(uint32_t dtype) {
  return dtype >= TRESSE_F64 && dtype <= TRESSE_F8E5M2;
}

float floatFromBf16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t bf16FromFloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) // stay a nan, quiet
    return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Rounds to odd, so that a second rounding to fewer bits is the only one.
static float oddFloat(double value) {
  float near = static_cast<float>(value);
  if (std::isnan(value) || std::isinf(near) ||
      static_cast<double>(near) == value)
    return near;
  uint32_t bits = std::bit_cast<uint32_t>(near);
  if (std::fabs(static_cast<double>(near)) > std::fabs(value))
    --bits; // toward zero first
  return std::bit_cast<float>(bits | 1);
}

/// A float of `exponentBits` and `mantissaBits` below a sign; subnormals kept.
static double smallFloat(uint32_t bits, int exponentBits, int mantissaBits) {
  int bias = (1 << (exponentBits - 1)) - 1;
  uint32_t mantissa = bits & ((1u << mantissaBits) - 1);
  int exponent =
      static_cast<int>(bits >> mantissaBits) & ((1 << exponentBits) - 1);
  double sign = bits >> (exponentBits + mantissaBits) & 1 ? -1 : 1;
  if (exponent == 0)
    return sign * std::ldexp(mantissa, 1 - bias - mantissaBits);
  return sign * std::ldexp(mantissa + (1u << mantissaBits),
                           exponent - bias - mantissaBits);
}

static double fromF16(uint16_t bits) {
  if ((bits & 0x7c00) == 0x7c00)
    return bits & 0x3ff ? std::nan("") : (bits & 0x8000 ? -INFINITY : INFINITY);
  return smallFloat(bits, 5, 10);
}

static double fromE5m2(uint8_t bits) {
  return fromF16(static_cast<uint16_t>(bits << 8));
}

/// The "fn" variant: no infinities, largest 448, 0x7f and 0xff are nan.
static double fromE4m3(uint8_t bits) {
  return (bits & 0x7f) == 0x7f ? std::nan("") : smallFloat(bits, 4, 3);
}

static uint16_t f16FromDouble(double value) {
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  double size = std::fabs(value);
  if (std::isnan(value))
    return sign | 0x7e00;
  if (size >= 65520)
    return sign | 0x7c00;
  if (size < std::ldexp(1, -14)) // nearbyint: to nearest even
    return sign | static_cast<uint16_t>(std::nearbyint(std::ldexp(size, 24)));
  int exponent = std::ilogb(size);
  auto mantissa =
      static_cast<uint32_t>(std::nearbyint(std::ldexp(size, 10 - exponent)));
  // A mantissa that rounds up to 2048 carries into the exponent by itself.
  return sign | static_cast<uint16_t>(((exponent + 14) << 10) + mantissa);
}

template <typename T> static T read(const void *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename T> static void write(void *to, T value) {
  std::memcpy(to, &value, sizeof value);
}

double loadElement(uint32_t dtype, const void *from) {
  switch (dtype) {
  case TRESSE_F64:
    return read<double>(from);
  case TRESSE_F32:
    return read<float>(from);
  case TRESSE_BF16:
    return floatFromBf16(read<uint16_t>(from));
  case TRESSE_F16:
    return fromF16(read<uint16_t>(from));
  case TRESSE_F8E4M3:
    return fromE4m3(read<uint8_t>(from));
  case TRESSE_F8E5M2:
    return fromE5m2(read<uint8_t>(from));
  case TRESSE_F8E8M0:
    return std::ldexp(1, read<uint8_t>(from) - 127);
  case TRESSE_I64:
    return static_cast<double>(read<int64_t>(from));
  case TRESSE_I32:
    return read<int32_t>(from);
  case TRESSE_U32:
    return read<uint32_t>(from);
  case TRESSE_U8:
  case TRESSE_I1:
    return read<uint8_t>(from);
  }
  return 0;
}

void storeElement(uint32_t dtype, void *to, double value) {
  switch (dtype) {
  case TRESSE_F64:
    return write(to, value);
  case TRESSE_F32:
    return write(to, static_cast<float>(value));
  case TRESSE_BF16:
    return write(to, bf16FromFloat(oddFloat(value)));
  case TRESSE_F16:
    return write(to, f16FromDouble(value));
  case TRESSE_I64:
    return write(to, static_cast<int64_t>(value));
  case TRESSE_I32:
    return write(to, static_cast<int32_t>(value));
  case TRESSE_U32:
    return write(to, static_cast<uint32_t>(value));
  case TRESSE_U8:
  case TRESSE_I1:
    return write(to, static_cast<uint8_t>(value));
  }
}

void convertElements(uint32_t toType, void *to, uint32_t fromType,
                     const void *from, size_t count) {
  if (toType == fromType) {
    std::memcpy(to, from, count * elementBytes(toType));
    return;
  }
  auto *out = static_cast<char *>(to);
  const auto *in = static_cast<const char *>(from);
  if (toType == TRESSE_F32 && fromType == TRESSE_BF16) {
    for (size_t i = 0; i < count; ++i)
      write(out + 4 * i, floatFromBf16(read<uint16_t>(in + 2 * i)));
    return;
  }
  if (toType == TRESSE_BF16 && fromType == TRESSE_F32) {
    for (size_t i = 0; i < count; ++i)
      write(out + 2 * i, bf16FromFloat(read<float>(in + 4 * i)));
    return;
  }
  if (toType == TRESSE_F64 && fromType == TRESSE_F32) {
    for (size_t i = 0; i < count; ++i)
      write(out + 8 * i, static_cast<double>(read<float>(in + 4 * i)));
    return;
  }
  size_t outBytes = elementBytes(toType), inBytes = elementBytes(fromType);
  for (size_t i = 0; i < count; ++i)
    storeElement(toType, out + outBytes * i,
                 loadElement(fromType, in + inBytes * i));
}

} // namespace tresse::runtime
