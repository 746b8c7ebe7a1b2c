// ConvertOptions.h - what the conversions have in common.
#pragma once

#include "tools/vgpu/core/Builder.h"

namespace vgpu {

/// aux: bits 0-2 rounding (0 nearest, 1 zero, 2 down, 3 up, 4 nearest ties
/// away), bit 3 sat, bit 4 ftz, bit 5 relu, bit 6 integer rounding of a float
/// result, bit 7 satfinite: the largest number instead of an infinity.
enum : uint8_t {
  ModeMask = 7,
  Sat = 8,
  Ftz = 16,
  Relu = 32,
  Whole = 64,
  Finite = 128
};

/// Small float formats of one value per register.
enum Format : uint8_t { FmtF16, FmtBF16, FmtF32, FmtF64, FmtTF32 };

/// A double rounded to a format, as that format's bits.
uint64_t floatBitsOf(double x, Format format, unsigned mode);
/// An infinity becomes the largest number of its sign.
uint64_t finiteBits(uint64_t bits, Format format);

// ConvertPacked.cpp
/// Conversions from or to pairs; `insn.aux` holds the options taken.
bool decodePacked(Builder &b, Insn insn, Type to, Type from);
/// cvt.pack.sat.TYPE.s32{.b32} d, a, b{, c}
bool decodePackIntegers(Builder &b);

} // namespace vgpu
