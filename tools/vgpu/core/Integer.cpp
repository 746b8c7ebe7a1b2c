// Integer.cpp - integer arithmetic, carries and dot products of bytes.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"

#include <limits>
#include <type_traits>

namespace vgpu {

namespace {

template <class T> using Unsigned = std::make_unsigned_t<T>;
/// The type with twice the bits.
template <class T> struct WideOf;
template <> struct WideOf<uint16_t> {
  using Of = uint32_t;
};
template <> struct WideOf<int16_t> {
  using Of = int32_t;
};
template <> struct WideOf<uint32_t> {
  using Of = uint64_t;
};
template <> struct WideOf<int32_t> {
  using Of = int64_t;
};
template <> struct WideOf<uint64_t> {
  using Of = unsigned __int128;
};
template <> struct WideOf<int64_t> {
  using Of = __int128;
};
template <class T> using Wide = typename WideOf<T>::Of;

// Wrapping arithmetic goes through at least 32 unsigned bits.
template <class T>
using Word = std::conditional_t<(sizeof(T) < 4), uint32_t, Unsigned<T>>;

struct Add {
  template <class T> static T of(T a, T b) {
    return T(Word<T>(a) + Word<T>(b));
  }
};
struct Sub {
  template <class T> static T of(T a, T b) {
    return T(Word<T>(a) - Word<T>(b));
  }
};
struct MulLo {
  template <class T> static T of(T a, T b) {
    return T(Word<T>(a) * Word<T>(b));
  }
};
struct MulHi {
  template <class T> static T of(T a, T b) {
    return T((Wide<T>(a) * Wide<T>(b)) >> (8 * sizeof(T)));
  }
};
struct Min {
  template <class T> static T of(T a, T b) { return a < b ? a : b; }
};
struct Max {
  template <class T> static T of(T a, T b) { return a > b ? a : b; }
};
/// Division by zero gives all ones; the least number by -1 gives itself.
struct Div {
  template <class T> static T of(T a, T b) {
    if (b == 0)
      return T(-1);
    if (std::is_signed_v<T> && b == T(-1))
      return T(Word<T>(0) - Word<T>(a));
    return T(a / b);
  }
};
struct Rem {
  template <class T> static T of(T a, T b) {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};
struct AddSat {
  template <class T> static T of(T a, T b) {
    int64_t sum = int64_t(a) + int64_t(b);
    return T(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
};
struct SubSat {
  template <class T> static T of(T a, T b) {
    int64_t sum = int64_t(a) - int64_t(b);
    return T(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
};
/// Products of the low 24 bits.
struct Mul24Lo {
  template <class T> static T of(T a, T b) {
    Wide<T> x = Wide<T>(T(Unsigned<T>(a) << 8) >> 8);
    Wide<T> y = Wide<T>(T(Unsigned<T>(b) << 8) >> 8);
    return T(x * y);
  }
};
struct Mul24Hi {
  template <class T> static T of(T a, T b) {
    Wide<T> x = Wide<T>(T(Unsigned<T>(a) << 8) >> 8);
    Wide<T> y = Wide<T>(T(Unsigned<T>(b) << 8) >> 8);
    return T((x * y) >> 16);
  }
};

template <class T, class Op>
void runBinary(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) { return Op::of(a[l], b[l]); });
}

/// relu variant: negative results become 0.
template <class T, class Op>
void runBinaryRelu(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    T r = Op::of(a[l], b[l]);
    return r < 0 ? T(0) : r;
  });
}

template <class T, class Op>
void runMad(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b), *c = w.read<T>(i.c);
  writeLanes<T>(w, i.d, mask,
                [=](unsigned l) { return Add::of(Op::of(a[l], b[l]), c[l]); });
}

void runMadHiSat(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<int32_t>(i.a), b = w.read<int32_t>(i.b),
       c = w.read<int32_t>(i.c);
  writeLanes<int32_t>(w, i.d, mask, [=](unsigned l) {
    return AddSat::of(MulHi::of(a[l], b[l]), c[l]);
  });
}

void runMad24HiSat(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<int32_t>(i.a), b = w.read<int32_t>(i.b),
       c = w.read<int32_t>(i.c);
  writeLanes<int32_t>(w, i.d, mask, [=](unsigned l) {
    return AddSat::of(Mul24Hi::of(a[l], b[l]), c[l]);
  });
}

template <class T> void runMulWide(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  writeLanes<Wide<T>>(w, i.d, mask, [=](unsigned l) {
    return Wide<T>(Wide<T>(a[l]) * Wide<T>(b[l]));
  });
}

template <class T> void runMadWide(Warp &w, const Insn &i, uint32_t mask) {
  using W = Unsigned<Wide<T>>;
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  const W *c = w.read<W>(i.c);
  writeLanes<W>(w, i.d, mask, [=](unsigned l) {
    return W(W(Wide<T>(a[l]) * Wide<T>(b[l])) + c[l]);
  });
}

template <class T> void runAbs(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    return a[l] < 0 ? T(Word<T>(0) - Word<T>(a[l])) : a[l];
  });
}

template <class T> void runNeg(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask,
                [=](unsigned l) { return T(Word<T>(0) - Word<T>(a[l])); });
}

template <class T> void runSad(Warp &w, const Insn &i, uint32_t mask) {
  using U = Unsigned<T>;
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  const U *c = w.read<U>(i.c);
  writeLanes<U>(w, i.d, mask, [=](unsigned l) {
    Word<T> d = a[l] < b[l] ? Word<T>(b[l]) - Word<T>(a[l])
                            : Word<T>(a[l]) - Word<T>(b[l]);
    return U(c[l] + d);
  });
}

/// aux bits: 1 reads the carry, 2 writes it, 4 subtracts.
template <class T> void runCarry(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  T *d = w.at<T>(i.d);
  uint32_t &flags = w.carry;
  forEachLane(mask, [&](unsigned l) {
    bool in = (i.aux & 1) && (flags >> l & 1);
    T first, result;
    bool out;
    if (i.aux & 4) {
      out = __builtin_sub_overflow(a[l], b[l], &first);
      out |= __builtin_sub_overflow(first, T(in), &result);
    } else {
      out = __builtin_add_overflow(a[l], b[l], &first);
      out |= __builtin_add_overflow(first, T(in), &result);
    }
    d[l] = result;
    if (i.aux & 2)
      flags = (flags & ~(1u << l)) | uint32_t(out) << l;
  });
}

/// mad.cc and madc; aux as above, bit 8: the high half of the product.
template <class T, class S>
void runMadCarry(Warp &w, const Insn &i, uint32_t mask) {
  const S *a = w.read<S>(i.a), *b = w.read<S>(i.b);
  const T *c = w.read<T>(i.c);
  T *d = w.at<T>(i.d);
  uint32_t &flags = w.carry;
  forEachLane(mask, [&](unsigned l) {
    bool in = (i.aux & 1) && (flags >> l & 1);
    T product = T(i.aux & 8 ? MulHi::of(a[l], b[l]) : MulLo::of(a[l], b[l]));
    T first, result;
    bool out = __builtin_add_overflow(product, c[l], &first);
    out |= __builtin_add_overflow(first, T(in), &result);
    d[l] = result;
    if (i.aux & 2)
      flags = (flags & ~(1u << l)) | uint32_t(out) << l;
  });
}

/// dp4a: aux bit 0 a is signed, bit 1 b is signed. dp2a adds bit 2 for .hi.
void runDp4a(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b),
       c = w.read<uint32_t>(i.c);
  bool as = i.aux & 1, bs = i.aux & 2;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint32_t sum = c[l];
    for (unsigned k = 0; k < 4; ++k) {
      int32_t x = as ? int8_t(a[l] >> (8 * k)) : uint8_t(a[l] >> (8 * k));
      int32_t y = bs ? int8_t(b[l] >> (8 * k)) : uint8_t(b[l] >> (8 * k));
      sum += uint32_t(x * y);
    }
    return sum;
  });
}

void runDp2a(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b),
       c = w.read<uint32_t>(i.c);
  bool as = i.aux & 1, bs = i.aux & 2;
  unsigned high = i.aux & 4 ? 2 : 0;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint32_t sum = c[l];
    for (unsigned k = 0; k < 2; ++k) {
      int32_t x = as ? int16_t(a[l] >> (16 * k)) : uint16_t(a[l] >> (16 * k));
      uint32_t byte = b[l] >> (8 * (k + high));
      int32_t y = bs ? int8_t(byte) : uint8_t(byte);
      sum += uint32_t(x * y);
    }
    return sum;
  });
}

/// min and max of two 16-bit halves.
template <class T, class Op>
void runHalves(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  writeHalves(w, i.d, mask,
              [=](unsigned e) { return uint16_t(Op::of(a[e], b[e])); });
}

/// min.relu.s16x2 and max.relu.s16x2.
template <class Op> void runHalvesRelu(Warp &w, const Insn &i, uint32_t mask) {
  const int16_t *a = w.read<int16_t>(i.a), *b = w.read<int16_t>(i.b);
  writeHalves(w, i.d, mask, [=](unsigned e) {
    int16_t r = Op::of(a[e], b[e]);
    return uint16_t(r < 0 ? 0 : r);
  });
}

template <template <class> class Pick> Handler forType(Type type) {
  switch (type) {
  case Type::U16:
  case Type::B16:
    return Pick<uint16_t>::handler;
  case Type::S16:
    return Pick<int16_t>::handler;
  case Type::U32:
  case Type::B32:
    return Pick<uint32_t>::handler;
  case Type::S32:
    return Pick<int32_t>::handler;
  case Type::U64:
  case Type::B64:
    return Pick<uint64_t>::handler;
  case Type::S64:
    return Pick<int64_t>::handler;
  default:
    return nullptr;
  }
}

#define VGPU_PICK(Name, ...)                                                   \
  template <class T> struct Name {                                             \
    static constexpr Handler handler = __VA_ARGS__;                            \
  }
VGPU_PICK(PickAdd, runBinary<T, Add>);
VGPU_PICK(PickSub, runBinary<T, Sub>);
VGPU_PICK(PickMulLo, runBinary<T, MulLo>);
VGPU_PICK(PickMulHi, runBinary<T, MulHi>);
VGPU_PICK(PickDiv, runBinary<T, Div>);
VGPU_PICK(PickRem, runBinary<T, Rem>);
VGPU_PICK(PickMin, runBinary<T, Min>);
VGPU_PICK(PickMax, runBinary<T, Max>);
VGPU_PICK(PickMadLo, runMad<T, MulLo>);
VGPU_PICK(PickMadHi, runMad<T, MulHi>);
VGPU_PICK(PickSad, runSad<T>);
#undef VGPU_PICK

Handler wideHandler(Type type, bool mad) {
  switch (type) {
  case Type::U16:
    return mad ? runMadWide<uint16_t> : runMulWide<uint16_t>;
  case Type::S16:
    return mad ? runMadWide<int16_t> : runMulWide<int16_t>;
  case Type::U32:
    return mad ? runMadWide<uint32_t> : runMulWide<uint32_t>;
  case Type::S32:
    return mad ? runMadWide<int32_t> : runMulWide<int32_t>;
  default:
    return nullptr;
  }
}

Type widened(Type type) { return typeBytes(type) == 2 ? Type::B32 : Type::B64; }

bool emitBinary(Builder &b, Type type, Handler handler) {
  Insn insn;
  insn.run = handler;
  if (!handler)
    return false;
  if (!b.expectOperands(3) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a) || !b.source(2, type, insn.b))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool emitTernary(Builder &b, Type type, Type last, Type result, Handler handler,
                 uint8_t aux = 0) {
  Insn insn;
  insn.run = handler;
  insn.aux = aux;
  if (!handler)
    return false;
  if (!b.expectOperands(4) || !b.destination(0, result, insn.d) ||
      !b.source(1, type, insn.a) || !b.source(2, type, insn.b) ||
      !b.source(3, last, insn.c))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool decodeCarry(Builder &b, std::string_view name) {
  Insn insn;
  bool writes = b.take("cc");
  insn.aux = uint8_t((name.back() == 'c' ? 1 : 0) | (writes ? 2 : 0) |
                     (name[0] == 's' ? 4 : 0));
  Type type = b.takeType();
  if (typeBytes(type) == 4)
    insn.run = runCarry<uint32_t>;
  else if (typeBytes(type) == 8)
    insn.run = runCarry<uint64_t>;
  else
    return false;
  if (!b.expectOperands(3) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a) || !b.source(2, type, insn.b))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool decodeMadCarry(Builder &b, std::string_view name) {
  uint8_t aux = uint8_t((name == "madc" ? 1 : 0) | (b.take("cc") ? 2 : 0));
  if (b.take("hi"))
    aux |= 8;
  else
    b.take("lo");
  Type type = b.takeType();
  Handler handler = nullptr;
  switch (type) {
  case Type::U32:
    handler = runMadCarry<uint32_t, uint32_t>;
    break;
  case Type::S32:
    handler = runMadCarry<uint32_t, int32_t>;
    break;
  case Type::U64:
    handler = runMadCarry<uint64_t, uint64_t>;
    break;
  case Type::S64:
    handler = runMadCarry<uint64_t, int64_t>;
    break;
  default:
    break;
  }
  return emitTernary(b, type, type, type, handler, aux);
}

bool decodeMul(Builder &b, bool mad) {
  int part = b.takeOneOf({"lo", "hi", "wide"});
  bool sat = b.take("sat");
  Type type = b.takeType();
  if (part < 0 || (sat && !(mad && part == 1 && type == Type::S32)))
    return false;
  if (!mad) {
    if (part < 2)
      return emitBinary(b, type,
                        part == 0 ? forType<PickMulLo>(type)
                                  : forType<PickMulHi>(type));
    Insn insn;
    insn.run = wideHandler(type, false);
    if (!insn.run || !b.expectOperands(3) ||
        !b.destination(0, widened(type), insn.d) ||
        !b.source(1, type, insn.a) || !b.source(2, type, insn.b))
      return false;
    b.emit(insn, InstructionClass::Integer);
    return true;
  }
  if (part == 2)
    return emitTernary(b, type, widened(type), widened(type),
                       wideHandler(type, true));
  if (sat)
    return emitTernary(b, type, type, type, runMadHiSat);
  return emitTernary(b, type, type, type,
                     part == 0 ? forType<PickMadLo>(type)
                               : forType<PickMadHi>(type));
}

bool decodeMul24(Builder &b, bool mad) {
  int part = b.takeOneOf({"lo", "hi"});
  if (b.take("sat"))
    return b.take("s32") &&
           emitTernary(b, Type::S32, Type::S32, Type::S32, runMad24HiSat);
  Type type = b.takeType();
  if (part < 0 || (type != Type::U32 && type != Type::S32))
    return false;
  bool s = type == Type::S32;
  if (mad)
    return emitTernary(
        b, type, type, type,
        part == 0 ? (s ? runMad<int32_t, Mul24Lo> : runMad<uint32_t, Mul24Lo>)
                  : (s ? runMad<int32_t, Mul24Hi> : runMad<uint32_t, Mul24Hi>));
  return emitBinary(
      b, type,
      part == 0
          ? (s ? runBinary<int32_t, Mul24Lo> : runBinary<uint32_t, Mul24Lo>)
          : (s ? runBinary<int32_t, Mul24Hi> : runBinary<uint32_t, Mul24Hi>));
}

bool decodeDot(Builder &b, bool four) {
  uint8_t aux = 0;
  if (!four) {
    int part = b.takeOneOf({"lo", "hi"});
    if (part < 0)
      return false;
    aux = part ? 4 : 0;
  }
  Type first = b.takeType(), second = b.takeType();
  aux |= (first == Type::S32 ? 1 : 0) | (second == Type::S32 ? 2 : 0);
  return emitTernary(b, Type::B32, Type::B32, Type::B32,
                     four ? runDp4a : runDp2a, aux);
}

bool decodeMinMax(Builder &b, bool isMin) {
  bool relu = b.take("relu");
  int halves = b.takeOneOf({"u16x2", "s16x2"});
  if (halves >= 0) {
    if (relu)
      return emitBinary(b, Type::B32,
                        isMin ? runHalvesRelu<Min> : runHalvesRelu<Max>);
    Handler handler =
        halves == 0
            ? (isMin ? runHalves<uint16_t, Min> : runHalves<uint16_t, Max>)
            : (isMin ? runHalves<int16_t, Min> : runHalves<int16_t, Max>);
    return emitBinary(b, Type::B32, handler);
  }
  Type type = b.takeType();
  if (relu) {
    if (type != Type::S32)
      return false;
    return emitBinary(b, type,
                      isMin ? runBinaryRelu<int32_t, Min>
                            : runBinaryRelu<int32_t, Max>);
  }
  return emitBinary(b, type,
                    isMin ? forType<PickMin>(type) : forType<PickMax>(type));
}

bool decodeUnary(Builder &b, bool isAbs) {
  Type type = b.takeType();
  Insn insn;
  switch (type) {
  case Type::S16:
    insn.run = isAbs ? runAbs<int16_t> : runNeg<int16_t>;
    break;
  case Type::S32:
    insn.run = isAbs ? runAbs<int32_t> : runNeg<int32_t>;
    break;
  case Type::S64:
    insn.run = isAbs ? runAbs<int64_t> : runNeg<int64_t>;
    break;
  default:
    return false;
  }
  if (!b.expectOperands(2) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool decodeAddSub(Builder &b, bool sub) {
  bool sat = b.take("sat");
  // add.u16x2 and add.s16x2.
  if (b.takeOneOf({"u16x2", "s16x2"}) >= 0)
    return !sub && !sat && emitBinary(b, Type::B32, runHalves<uint16_t, Add>);
  Type type = b.takeType();
  if (sat) {
    if (type != Type::S32)
      return false;
    return emitBinary(
        b, type, sub ? runBinary<int32_t, SubSat> : runBinary<int32_t, AddSat>);
  }
  return emitBinary(b, type,
                    sub ? forType<PickSub>(type) : forType<PickAdd>(type));
}

} // namespace

bool decodeIntegerInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "addc" || name == "subc" || b.hasModifier("cc")) {
    if (name == "mad" || name == "madc")
      return decodeMadCarry(b, name);
    return decodeCarry(b, name);
  }
  if (name == "madc")
    return decodeMadCarry(b, name);
  if (name == "add" || name == "sub")
    return decodeAddSub(b, name == "sub");
  if (name == "mul" || name == "mad")
    return decodeMul(b, name == "mad");
  if (name == "mul24" || name == "mad24")
    return decodeMul24(b, name == "mad24");
  if (name == "min" || name == "max")
    return decodeMinMax(b, name == "min");
  if (name == "abs" || name == "neg")
    return decodeUnary(b, name == "abs");
  if (name == "dp4a" || name == "dp2a")
    return decodeDot(b, name == "dp4a");
  Type type = b.takeType();
  if (name == "div")
    return emitBinary(b, type, forType<PickDiv>(type));
  if (name == "rem")
    return emitBinary(b, type, forType<PickRem>(type));
  if (name == "sad")
    return emitTernary(b, type, type, type, forType<PickSad>(type));
  return false;
}

} // namespace vgpu
