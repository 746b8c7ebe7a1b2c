// Convert.cpp - cvt between integers, floats and packed small floats.
#include "tools/vgpu/core/ConvertOptions.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Numbers.h"

#include <limits>

namespace vgpu {

namespace {

/// Values of every source type pass through one of: int64, uint64, double.
/// Integers up to 32 bits and all floats fit a double exactly.
template <class T> struct Number {
  using Stored = T;
  static constexpr bool integer = true;
  static constexpr bool wide = sizeof(T) == 8;
  static T load(const void *p, unsigned l, unsigned stride) {
    T value;
    std::memcpy(&value, static_cast<const char *>(p) + size_t(l) * stride,
                sizeof(T));
    return value;
  }
};

double roundWhole(double x, unsigned mode) {
  switch (mode) {
  case 1:
    return std::trunc(x);
  case 2:
    return std::floor(x);
  case 3:
    return std::ceil(x);
  case 4:
    return std::round(x);
  default:
    return std::nearbyint(x);
  }
}

/// Clamps to the range of T, as every float-to-integer cvt does; NaN gives 0
/// for up to 32 bits and the top bit alone for 64.
template <class T> T toInteger(double x, unsigned mode) {
  if (x != x)
    return sizeof(T) == 8 ? T(uint64_t(1) << 63) : T(0);
  x = roundWhole(x, mode);
  if (x <= double(std::numeric_limits<T>::min()))
    return std::numeric_limits<T>::min();
  if (x >= double(std::numeric_limits<T>::max()))
    return std::numeric_limits<T>::max();
  return T(x);
}

template <class D, class S> D clampInteger(S x) {
  if constexpr (std::is_signed_v<S>) {
    if (x < 0 && (!std::is_signed_v<D> ||
                  int64_t(x) < int64_t(std::numeric_limits<D>::min())))
      return std::numeric_limits<D>::min();
  }
  if (x > 0 && uint64_t(x) > uint64_t(std::numeric_limits<D>::max()))
    return std::numeric_limits<D>::max();
  return D(x);
}

/// Bytes between the lanes of a register that holds at least sizeof(T).
template <class T> unsigned registerStride(unsigned bytes) {
  return bytes < 2 ? 2 : bytes;
}

/// aux32: bytes of the source register | bytes of the destination << 8.
template <class D> void storeInteger(Warp &w, const Insn &i, unsigned l, D v) {
  // Wider registers take the value extended by the type's sign.
  unsigned bytes = i.aux32 >> 8;
  int64_t wide = int64_t(v);
  if (!std::is_signed_v<D>)
    wide = int64_t(uint64_t(v));
  std::memcpy(w.at<char>(i.d) + size_t(l) * bytes, &wide, bytes);
}

template <class D, class S>
void runIntegers(Warp &w, const Insn &i, uint32_t mask) {
  const void *a = w.read<char>(i.a);
  unsigned stride = i.aux32 & 255;
  bool sat = i.aux & Sat;
  forEachLane(mask, [&](unsigned l) {
    S x = Number<S>::load(a, l, stride);
    storeInteger<D>(w, i, l, sat ? clampInteger<D>(x) : D(x));
  });
}

/// The common widenings, without a branch per lane.
template <class D, class S>
void runWiden(Warp &w, const Insn &i, uint32_t mask) {
  const S *a = w.read<S>(i.a);
  writeLanes<D>(w, i.d, mask, [=](unsigned l) { return D(a[l]); });
}

template <class S, class F>
void runIntegerToFloat(Warp &w, const Insn &i, uint32_t mask) {
  const void *a = w.read<char>(i.a);
  unsigned stride = i.aux32 & 255;
  F *d = w.at<F>(i.d);
  RoundingScope scope{Rounding(i.aux & 3)};
  forEachLane(mask, [&](unsigned l) {
    S x = Number<S>::load(a, l, stride);
    // Under rounding downwards the host may make a zero negative, which the
    // compiler thinks impossible.
    volatile F held = F(x);
    F r = std::is_unsigned_v<S> ? std::fabs(F(held)) : F(held);
    d[l] = i.aux & Sat ? saturated(r) : r;
  });
}

/// 64-bit integers to f64 rounded to odd: a second rounding to fewer bits then
/// comes out as if it were the only one.
template <class S> void runWideToOdd(Warp &w, const Insn &i, uint32_t mask) {
  const void *a = w.read<char>(i.a);
  double *d = w.at<double>(i.d);
  RoundingScope scope{Rounding::Zero};
  forEachLane(mask, [&](unsigned l) {
    S x = Number<S>::load(a, l, i.aux32 & 255);
    volatile double r = x == 0 ? 0.0 : double(x);
    auto bits = std::bit_cast<uint64_t>(double(r));
    // Below 2^53 every integer is exact; beyond, bits that were cut show.
    uint64_t magnitude = x < 0 ? 0 - uint64_t(x) : uint64_t(x);
    unsigned width = 64 - unsigned(std::countl_zero(magnitude | 1));
    bool cut = width > 53 && (magnitude & ((uint64_t(1) << (width - 53)) - 1));
    d[l] = std::bit_cast<double>(bits | uint64_t(cut));
  });
}

/// int32 and uint32 to f32 in the default mode.
template <class S> void runIntToFloat(Warp &w, const Insn &i, uint32_t mask) {
  const S *a = w.read<S>(i.a);
  writeLanes<float>(w, i.d, mask, [=](unsigned l) { return float(a[l]); });
}

template <class F, class D>
void runFloatToInteger(Warp &w, const Insn &i, uint32_t mask) {
  const F *a = w.read<F>(i.a);
  unsigned mode = i.aux & ModeMask;
  bool ftz = i.aux & Ftz;
  forEachLane(mask, [&](unsigned l) {
    double x = a[l];
    if (ftz && sizeof(F) == 4)
      x = flushed(float(a[l]));
    storeInteger<D>(w, i, l, toInteger<D>(x, mode));
  });
}

void runFloatToInt(Warp &w, const Insn &i, uint32_t mask) {
  // f32 to s32 towards zero, clamped; the loop vectorises.
  const float *a = w.read<float>(i.a);
  writeLanes<int32_t>(w, i.d, mask, [=](unsigned l) {
    float x = a[l] == a[l] ? a[l] : 0.0f;
    float low = x > -2147483648.0f ? x : -2147483648.0f;
    float in = low < 2147483520.0f ? low : 2147483520.0f;
    int32_t v = int32_t(in);
    return x >= 2147483648.0f ? INT32_MAX : v;
  });
}

double loadFloat(const Warp &w, Ref ref, unsigned l, Format format) {
  switch (format) {
  case FmtF16:
    return halfValue(w.read<uint16_t>(ref)[l]);
  case FmtBF16:
    return bfloatValue(w.read<uint16_t>(ref)[l]);
  case FmtF64:
    return w.read<double>(ref)[l];
  default:
    return w.read<float>(ref)[l];
  }
}

/// General float to float. aux32: source format | destination << 8.
void runFloats(Warp &w, const Insn &i, uint32_t mask) {
  Format from = Format(i.aux32 & 255), to = Format(i.aux32 >> 8 & 255);
  unsigned mode = i.aux & ModeMask;
  forEachLane(mask, [&](unsigned l) {
    double x = loadFloat(w, i.a, l, from);
    if ((i.aux & Ftz) && (from == FmtF32) && std::fabs(x) < 0x1p-126)
      x = std::copysign(0.0, x);
    if (i.aux & Whole)
      x = roundWhole(x, mode);
    if (i.aux & Sat)
      x = saturated(x);
    if ((i.aux & Relu) && !(x > 0) && x == x)
      x = 0;
    uint64_t bits = floatBitsOf(x, to, i.aux & Whole ? 0 : mode);
    if ((i.aux & Finite) && x == x)
      bits = finiteBits(bits, to);
    if ((i.aux & Ftz) && to == FmtF32 && (bits & 0x7f800000) == 0)
      bits &= 0x80000000;
    switch (to) {
    case FmtF16:
    case FmtBF16:
      w.at<uint16_t>(i.d)[l] = uint16_t(bits);
      break;
    case FmtF64:
      w.at<uint64_t>(i.d)[l] = bits;
      break;
    default:
      w.at<uint32_t>(i.d)[l] = uint32_t(bits);
      break;
    }
  });
}

void runHalfToFloat(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a);
  writeLanes<float>(w, i.d, mask, [=](unsigned l) { return halfValue(a[l]); });
}
void runBfloatToFloat(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a);
  writeLanes<float>(w, i.d, mask,
                    [=](unsigned l) { return bfloatValue(a[l]); });
}
void runFloatToHalf(Warp &w, const Insn &i, uint32_t mask) {
  const float *a = w.read<float>(i.a);
  writeLanes<uint16_t>(w, i.d, mask,
                       [=](unsigned l) { return halfBits(a[l]); });
}
void runFloatToBfloat(Warp &w, const Insn &i, uint32_t mask) {
  const float *a = w.read<float>(i.a);
  writeLanes<uint16_t>(w, i.d, mask,
                       [=](unsigned l) { return bfloatBits(a[l]); });
}

template <class F> Handler integerHandler(Type type, F pick) {
  switch (type) {
  case Type::U8:
  case Type::B8:
    return pick(uint8_t());
  case Type::S8:
    return pick(int8_t());
  case Type::U16:
  case Type::B16:
    return pick(uint16_t());
  case Type::S16:
    return pick(int16_t());
  case Type::U32:
  case Type::B32:
    return pick(uint32_t());
  case Type::S32:
    return pick(int32_t());
  case Type::U64:
  case Type::B64:
    return pick(uint64_t());
  case Type::S64:
    return pick(int64_t());
  default:
    return nullptr;
  }
}

Handler integersHandler(Type to, Type from) {
  return integerHandler(to, [&](auto d) {
    return integerHandler(from, [&](auto s) -> Handler {
      return runIntegers<decltype(d), decltype(s)>;
    });
  });
}

int formatOf(Type type) {
  switch (type) {
  case Type::F16:
    return FmtF16;
  case Type::BF16:
    return FmtBF16;
  case Type::F32:
    return FmtF32;
  case Type::F64:
    return FmtF64;
  case Type::TF32:
    return FmtTF32;
  default:
    return -1;
  }
}

/// Picks a quick handler when the plain form of a conversion is asked for.
Handler quickFloats(int from, int to, uint8_t options) {
  if (options != 0)
    return nullptr;
  if (from == FmtF16 && to == FmtF32)
    return runHalfToFloat;
  if (from == FmtBF16 && to == FmtF32)
    return runBfloatToFloat;
  if (from == FmtF32 && to == FmtF16)
    return runFloatToHalf;
  if (from == FmtF32 && to == FmtBF16)
    return runFloatToBfloat;
  return nullptr;
}

Handler quickWiden(Type to, Type from, unsigned stride, unsigned target) {
  if (stride != typeBytes(from) || target != typeBytes(to))
    return nullptr;
  bool u = !isSignedType(from);
  if (target == 8 && stride == 4)
    return u ? Handler(runWiden<uint64_t, uint32_t>)
             : runWiden<int64_t, int32_t>;
  if (target == 4 && stride == 2)
    return u ? Handler(runWiden<uint32_t, uint16_t>)
             : runWiden<int32_t, int16_t>;
  if (target == 4 && stride == 8)
    return runWiden<uint32_t, uint64_t>;
  if (target == 2 && stride == 4)
    return runWiden<uint16_t, uint32_t>;
  return nullptr;
}

unsigned laneStride(Builder &b, const Operand &operand, Type type) {
  unsigned bytes = b.registerBytes(operand);
  if (bytes == 0)
    bytes = typeBytes(type);
  return bytes < 2 ? 2 : bytes;
}

bool decodeToInteger(Insn &insn, Type to, Type from) {
  insn.run = integerHandler(to, [&](auto d) -> Handler {
    using D = decltype(d);
    if (from == Type::F32)
      return runFloatToInteger<float, D>;
    return runFloatToInteger<double, D>;
  });
  if (from == Type::F32 && to == Type::S32 && insn.aux == 1)
    insn.run = runFloatToInt;
  return insn.run != nullptr;
}

bool decodeFromInteger(Insn &insn, Type to, Type from) {
  if (typeBytes(to) < 4)
    return false;
  insn.run = integerHandler(from, [&](auto s) -> Handler {
    using S = decltype(s);
    if (to == Type::F32)
      return runIntegerToFloat<S, float>;
    return runIntegerToFloat<S, double>;
  });
  return insn.run != nullptr;
}

bool emitCvt(Builder &b, Insn insn, Type to, Type from) {
  if (!b.expectOperands(2) || !b.destination(0, to, insn.d, true) ||
      !b.source(1, from, insn.a, true))
    return false;
  b.emit(insn, InstructionClass::Conversion);
  return true;
}

/// Integers to f16 and bf16 and back go by way of f32 or f64: those hold every
/// value that the small format tells apart.
bool decodeSmallFloat(Builder &b, Insn insn, Type to, Type from) {
  bool toFloat = isFloatType(to);
  Type small = toFloat ? to : from;
  Insn second = insn;
  Ref middle = b.temporary(8);
  if (toFloat) {
    Insn first = insn;
    first.aux = 0;
    if (!decodeFromInteger(first, Type::F64, from) ||
        !b.source(1, from, first.a, true))
      return false;
    if (typeBytes(from) == 8)
      first.run =
          isSignedType(from) ? runWideToOdd<int64_t> : runWideToOdd<uint64_t>;
    first.aux32 = laneStride(b, b.operand(1), from);
    first.d = middle;
    b.emit(first, InstructionClass::Conversion);
    second.run = runFloats;
    second.aux32 = uint32_t(FmtF64 | formatOf(small) << 8);
    second.a = middle;
    if (!b.destination(0, to, second.d, true))
      return false;
  } else {
    Insn first = insn;
    first.aux = 0;
    first.run = runFloats;
    first.aux32 = uint32_t(formatOf(small) | FmtF64 << 8);
    first.d = middle;
    if (!b.source(1, from, first.a))
      return false;
    b.emit(first, InstructionClass::Conversion);
    if (!decodeToInteger(second, to, Type::F64) ||
        !b.destination(0, to, second.d, true))
      return false;
    second.a = middle;
    second.aux32 = 8 | laneStride(b, b.operand(0), to) << 8;
  }
  b.emit(second, InstructionClass::Conversion);
  return true;
}

/// Which conversions must, may or must not name a rounding, and what else they
/// may name.
bool roundingFits(const Insn &insn, Type to, Type from, bool whole, bool mode) {
  bool toFloat = isFloatType(to), fromFloat = isFloatType(from);
  bool narrow = to == Type::F16 || to == Type::BF16 || to == Type::TF32;
  bool away = mode && (insn.aux & ModeMask) == 4;
  if (away && to != Type::TF32)
    return false;
  if ((insn.aux & (Relu | Finite)) && !(narrow && from == Type::F32 && mode))
    return false;
  if ((insn.aux & Ftz) && from != Type::F32 && to != Type::F32)
    return false;
  unsigned named = insn.aux & ModeMask;
  if (to == Type::TF32)
    return from == Type::F32 && mode && !whole && named != 2 && named != 3 &&
           !(insn.aux & (Sat | Ftz));
  if (!toFloat && !fromFloat)
    return !whole && !mode && !(insn.aux & Ftz);
  if (!toFloat)
    return whole && !mode;
  if (!fromFloat)
    return mode && !whole && !(insn.aux & Ftz);
  return !(whole && mode) && (!whole || to == from);
}

} // namespace

bool decodeConvertInsn(Builder &b) {
  Insn insn;
  if (b.take("pack"))
    return decodePackIntegers(b);
  int whole = b.takeOneOf({"rni", "rzi", "rmi", "rpi"});
  int mode = b.takeOneOf({"rn", "rz", "rm", "rp", "rna"});
  insn.aux = uint8_t(whole >= 0 ? whole : mode >= 0 ? mode : 0);
  if (b.take("ftz"))
    insn.aux |= Ftz;
  if (b.take("sat"))
    insn.aux |= Sat;
  if (b.take("satfinite"))
    insn.aux |= Finite;
  if (b.take("relu"))
    insn.aux |= Relu;
  Type to = b.takeType(), from = b.takeType();
  if (b.mnemonic() == "cvt" && b.operandCount() >= 2) {
    bool packed = to >= Type::E4M3x2 || from >= Type::E4M3x2 ||
                  to == Type::F16x2 || to == Type::BF16x2;
    if (packed)
      return decodePacked(b, insn, to, from);
  }
  if (to == Type::None || from == Type::None)
    return false;
  bool toFloat = isFloatType(to), fromFloat = isFloatType(from);
  if (!roundingFits(insn, to, from, whole >= 0, mode >= 0))
    return false;
  unsigned stride = laneStride(b, b.operand(1), from),
           target = laneStride(b, b.operand(0), to);
  insn.aux32 = stride | target << 8;
  if (!toFloat && !fromFloat) {
    insn.run = insn.aux & Sat ? nullptr : quickWiden(to, from, stride, target);
    if (!insn.run)
      insn.run = integersHandler(to, from);
    return insn.run && emitCvt(b, insn, to, from);
  }
  if (toFloat && fromFloat) {
    int source = formatOf(from), result = formatOf(to);
    if (source < 0 || result < 0 || source == FmtTF32)
      return false;
    if (whole >= 0 && source == result)
      insn.aux |= Whole;
    insn.run = quickFloats(source, result, insn.aux);
    if (!insn.run)
      insn.run = runFloats;
    insn.aux32 = uint32_t(source | result << 8);
    return emitCvt(b, insn, to, from);
  }
  Type small = toFloat ? to : from;
  if (small == Type::F16 || small == Type::BF16)
    return decodeSmallFloat(b, insn, to, from);
  if (small != Type::F32 && small != Type::F64)
    return false;
  if (toFloat) {
    bool quick =
        to == Type::F32 && insn.aux == 0 && stride == 4 && typeBytes(from) == 4;
    if (quick)
      insn.run =
          isSignedType(from) ? runIntToFloat<int32_t> : runIntToFloat<uint32_t>;
    else if (!decodeFromInteger(insn, to, from))
      return false;
  } else if (!decodeToInteger(insn, to, from)) {
    return false;
  }
  return emitCvt(b, insn, to, from);
}

} // namespace vgpu
