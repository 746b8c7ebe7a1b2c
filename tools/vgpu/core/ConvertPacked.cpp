// ConvertPacked.cpp - cvt of pairs: f16x2, bf16x2, the 8-bit floats, and
// cvt.pack.
#include "tools/vgpu/core/ConvertOptions.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/TensorCore.h"

namespace vgpu {

/// A double rounded to a format, as that format's bits.
uint64_t floatBitsOf(double x, Format format, unsigned mode) {
  if (x != x)
    return format == FmtF64                        ? std::bit_cast<uint64_t>(x)
           : format == FmtF32 || format == FmtTF32 ? 0x7fffffff
                                                   : 0x7fff;
  switch (format) {
  case FmtF16:
    return halfBits(float(roundTo(x, 10, -14, 15, int(mode))));
  case FmtBF16:
    return bfloatBits(float(roundTo(x, 7, -126, 127, int(mode))));
  case FmtTF32:
    return std::bit_cast<uint32_t>(float(roundTo(x, 10, -126, 127, int(mode))));
  case FmtF32:
    return std::bit_cast<uint32_t>(float(roundTo(x, 23, -126, 127, int(mode))));
  default:
    return std::bit_cast<uint64_t>(x);
  }
}

/// An infinity becomes the largest number of its sign.
uint64_t finiteBits(uint64_t bits, Format format) {
  switch (format) {
  case FmtF16:
    return (bits & 0x7fff) == 0x7c00 ? bits - 1 : bits;
  case FmtBF16:
    return (bits & 0x7fff) == 0x7f80 ? bits - 1 : bits;
  case FmtTF32:
    return (bits & 0x7fffffff) == 0x7f800000 ? bits - 0x2000 : bits;
  default:
    return bits;
  }
}

namespace {

/// Two f32 to a pair: d = {high: a, low: b}. aux32: 0 f16x2, 1 bf16x2,
/// 2 e4m3x2, 3 e5m2x2.
void runPack(Warp &w, const Insn &i, uint32_t mask) {
  const float *a = w.read<float>(i.a), *b = w.read<float>(i.b);
  unsigned mode = i.aux & ModeMask, kind = i.aux32;
  auto one = [&](float x) -> uint32_t {
    if ((i.aux & Relu) && !(x > 0) && x == x)
      x = 0;
    switch (kind) {
    case 0:
    case 1: {
      Format format = kind == 0 ? FmtF16 : FmtBF16;
      if (mode == 0 && !(i.aux & Finite))
        return kind == 0 ? halfBits(x) : bfloatBits(x);
      uint64_t bits = floatBitsOf(x, format, mode);
      return uint32_t(i.aux & Finite && x == x ? finiteBits(bits, format)
                                               : bits);
    }
    case 2:
      return floatToE4m3(x, true);
    default:
      return floatToE5m2(x, true);
    }
  };
  forEachLane(mask, [&](unsigned l) {
    uint32_t high = one(a[l]), low = one(b[l]);
    if (kind < 2)
      w.at<uint32_t>(i.d)[l] = high << 16 | low;
    else
      w.at<uint16_t>(i.d)[l] = uint16_t(high << 8 | low);
  });
}

/// Pair to pair: aux32: 0 e4m3x2 -> f16x2, 1 e5m2x2 -> f16x2, 2 f16x2 ->
/// e4m3x2, 3 f16x2 -> e5m2x2.
void runRepack(Warp &w, const Insn &i, uint32_t mask) {
  forEachLane(mask, [&](unsigned l) {
    if (i.aux32 < 2) {
      uint16_t a = w.read<uint16_t>(i.a)[l];
      auto one = [&](uint8_t x) {
        float v = i.aux32 == 0 ? e4m3ToFloat(x) : e5m2ToFloat(x);
        if ((i.aux & Relu) && !(v > 0) && v == v)
          v = 0;
        return uint32_t(halfBits(v));
      };
      w.at<uint32_t>(i.d)[l] = one(uint8_t(a >> 8)) << 16 | one(uint8_t(a));
      return;
    }
    uint32_t a = w.read<uint32_t>(i.a)[l];
    auto one = [&](uint16_t x) {
      float v = halfValue(x);
      if ((i.aux & Relu) && !(v > 0) && v == v)
        v = 0;
      return i.aux32 == 2 ? floatToE4m3(v, true) : floatToE5m2(v, true);
    };
    w.at<uint16_t>(i.d)[l] =
        uint16_t(one(uint16_t(a >> 16)) << 8 | one(uint16_t(a)));
  });
}

/// cvt.pack: two s32 clamped to the width and put in front of c. aux: 1 signed;
/// aux32: bits of each.
void runPackIntegers(Warp &w, const Insn &i, uint32_t mask) {
  const int32_t *a = w.read<int32_t>(i.a), *b = w.read<int32_t>(i.b);
  const uint32_t *c = w.read<uint32_t>(i.c);
  unsigned bits = i.aux32;
  bool isSigned = i.aux & 1;
  int32_t most = isSigned ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
  int32_t least = isSigned ? -most - 1 : 0;
  uint32_t keep = (1u << bits) - 1;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    auto one = [=](int32_t x) {
      return uint32_t(x < least ? least : x > most ? most : x) & keep;
    };
    uint32_t pair = one(a[l]) << bits | one(b[l]);
    return bits == 16 ? pair : c[l] << (2 * bits) | pair;
  });
}

} // namespace

/// cvt.pack.sat.TYPE.s32{.b32} d, a, b{, c}
bool decodePackIntegers(Builder &b) {
  Insn insn;
  insn.run = runPackIntegers;
  if (!b.take("sat"))
    return false;
  struct Form {
    const char *name;
    unsigned bits;
    bool isSigned;
  };
  static constexpr Form forms[] = {{"u16", 16, false}, {"s16", 16, true},
                                   {"u8", 8, false},   {"s8", 8, true},
                                   {"u4", 4, false},   {"s4", 4, true}};
  for (const Form &form : forms)
    if (b.take(form.name)) {
      insn.aux32 = form.bits;
      insn.aux = form.isSigned;
      break;
    }
  unsigned count = insn.aux32 == 16 ? 3 : 4;
  if (!insn.aux32 || !b.take("s32") || b.take("b32") != (count == 4) ||
      !b.expectOperands(count) || !b.destination(0, Type::B32, insn.d) ||
      !b.source(1, Type::B32, insn.a) || !b.source(2, Type::B32, insn.b))
    return false;
  insn.c = insn.a;
  if (count == 4 && !b.source(3, Type::B32, insn.c))
    return false;
  b.emit(insn, InstructionClass::Conversion);
  return true;
}

bool decodePacked(Builder &b, Insn insn, Type to, Type from) {
  bool sixteen = to == Type::F16x2 || to == Type::BF16x2;
  bool up = sixteen && (from == Type::E4M3x2 || from == Type::E5M2x2);
  bool nearest = b.hasModifier("rn"), finite = insn.aux & Finite;
  if (insn.aux & (Sat | Ftz))
    return false;
  if (up        ? !nearest || finite
      : sixteen ? !nearest && !b.hasModifier("rz")
                : !nearest || !finite)
    return false;
  // cvt.rn.bf16x2.f32 d, a, b; cvt.rn.satfinite.e4m3x2.f32 d, a, b.
  if (from == Type::F32) {
    insn.aux32 = to == Type::F16x2    ? 0
                 : to == Type::BF16x2 ? 1
                 : to == Type::E4M3x2 ? 2
                                      : 3;
    insn.run = runPack;
    if (!b.expectOperands(3) || !b.destination(0, to, insn.d) ||
        !b.source(1, from, insn.a) || !b.source(2, from, insn.b))
      return false;
  } else {
    bool down = from == Type::F16x2;
    Type eight = down ? to : from, sixteen = down ? from : to;
    if (sixteen != Type::F16x2 ||
        (eight != Type::E4M3x2 && eight != Type::E5M2x2))
      return false;
    insn.aux32 = (down ? 2 : 0) + (eight == Type::E5M2x2);
    insn.run = runRepack;
    if (!b.expectOperands(2) || !b.destination(0, to, insn.d) ||
        !b.source(1, from, insn.a))
      return false;
  }
  b.emit(insn, InstructionClass::Conversion);
  return true;
}

} // namespace vgpu
