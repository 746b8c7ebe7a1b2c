// MmaElement.h - operand elements of mma.sync and wgmma.
#pragma once

#include "tools/vgpu/core/Syntax.h"
#include "tools/vgpu/core/TensorCore.h"

namespace vgpu {

enum class Element : uint8_t {
  F16,
  BF16,
  TF32,
  E4M3,
  E5M2,
  S8,
  U8,
  S4,
  U4,
  B1,
  F64
};

/// Bits of one stored element.
unsigned elementBits(Element e);
/// Bytes of one stored element that has whole ones.
inline unsigned elementBytes(Element e) { return elementBits(e) / 8; }
inline bool isInteger(Element e) {
  return e >= Element::S8 && e <= Element::B1;
}
/// The element that a PTX type names; false when tensor cores take none such.
bool elementOf(Type type, Element &e);
/// The operand type of a floating-point element.
MmaType mmaType(Element e);

/// The values of `count` elements that lie together, as f32; exact for every
/// element but F64, which is not allowed.
void elementValues(Element e, const uint8_t *from, unsigned count, float *to);

} // namespace vgpu
