// MmaElement.cpp - operand elements of mma.sync and wgmma.
#include "tools/vgpu/core/MmaElement.h"

#include "tools/vgpu/core/Numbers.h"

#include <cstring>

namespace vgpu {

unsigned elementBits(Element e) {
  switch (e) {
  case Element::F16:
  case Element::BF16:
    return 16;
  case Element::TF32:
    return 32;
  case Element::F64:
    return 64;
  case Element::S4:
  case Element::U4:
    return 4;
  case Element::B1:
    return 1;
  default:
    return 8;
  }
}

bool elementOf(Type type, Element &e) {
  static constexpr struct {
    Type type;
    Element element;
  } table[] = {
      {Type::F16, Element::F16},   {Type::BF16, Element::BF16},
      {Type::TF32, Element::TF32}, {Type::E4M3, Element::E4M3},
      {Type::E5M2, Element::E5M2}, {Type::S8, Element::S8},
      {Type::U8, Element::U8},     {Type::S4, Element::S4},
      {Type::U4, Element::U4},     {Type::B1, Element::B1},
      {Type::F64, Element::F64},
  };
  for (const auto &entry : table)
    if (entry.type == type) {
      e = entry.element;
      return true;
    }
  return false;
}

MmaType mmaType(Element e) {
  static constexpr MmaType types[] = {
      MmaType::F16, MmaType::BF16, MmaType::TF32, MmaType::E4M3, MmaType::E5M2};
  return types[unsigned(e)];
}

namespace {
template <class T, class F>
void convert(const uint8_t *from, unsigned count, float *to, F value) {
  for (unsigned x = 0; x < count; ++x) {
    T bits;
    std::memcpy(&bits, from + x * sizeof(T), sizeof(T));
    to[x] = value(bits);
  }
}

/// Elements of less than a byte, the lowest bits first.
template <class F>
void convertBits(const uint8_t *from, unsigned count, float *to, unsigned bits,
                 F value) {
  for (unsigned x = 0; x < count; ++x) {
    unsigned at = x * bits;
    to[x] = value(from[at / 8] >> at % 8 & ((1 << bits) - 1));
  }
}
} // namespace

void elementValues(Element e, const uint8_t *from, unsigned count, float *to) {
  switch (e) {
  case Element::F16:
    return convert<uint16_t>(from, count, to, halfValue);
  case Element::BF16:
    return convert<uint16_t>(from, count, to, bfloatValue);
  case Element::TF32:
    return convert<float>(from, count, to, truncateToTf32);
  case Element::E4M3:
    return convert<uint8_t>(from, count, to, e4m3ToFloat);
  case Element::E5M2:
    return convert<uint8_t>(from, count, to, e5m2ToFloat);
  case Element::S8:
    return convert<int8_t>(from, count, to, [](int8_t v) { return float(v); });
  case Element::S4:
    return convertBits(from, count, to, 4,
                       [](int v) { return float(v < 8 ? v : v - 16); });
  case Element::U4:
    return convertBits(from, count, to, 4, [](int v) { return float(v); });
  case Element::B1:
    return convertBits(from, count, to, 1, [](int v) { return float(v); });
  default:
    return convert<uint8_t>(from, count, to,
                            [](uint8_t v) { return float(v); });
  }
}

} // namespace vgpu
