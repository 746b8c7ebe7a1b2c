// Compare.cpp - setp, set, selp and slct.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Numbers.h"

#include <limits>

namespace vgpu {

namespace {

/// Comparison operators; those with U hold also when an operand is a NaN.
enum class Test : uint8_t {
  Eq,
  Ne,
  Lt,
  Le,
  Gt,
  Ge,
  EqU,
  NeU,
  LtU,
  LeU,
  GtU,
  GeU,
  Num,
  NaN,
};

template <Test test, class T> bool holds(T a, T b) {
  switch (test) {
  case Test::Eq:
    return a == b;
  case Test::Ne: // ordered: false for NaN
    return a < b || a > b;
  case Test::Lt:
    return a < b;
  case Test::Le:
    return a <= b;
  case Test::Gt:
    return a > b;
  case Test::Ge:
    return a >= b;
  case Test::EqU:
    return !(a < b || a > b);
  case Test::NeU:
    return a != b;
  case Test::LtU:
    return !(a >= b);
  case Test::LeU:
    return !(a > b);
  case Test::GtU:
    return !(a <= b);
  case Test::GeU:
    return !(a < b);
  case Test::Num:
    return a == a && b == b;
  case Test::NaN:
    return a != a || b != b;
  }
  return false;
}

/// Loads of operands as values that compare.
template <class T> struct Plain {
  using Value = T;
  static T value(const T *p, unsigned l, bool ftz) {
    if constexpr (std::is_same_v<T, float>)
      return ftz ? flushed(p[l]) : p[l];
    else
      return p[l];
  }
  using Stored = T;
};
struct HalfOperand {
  using Stored = uint16_t;
  using Value = float;
  static float value(const uint16_t *p, unsigned l, bool ftz) {
    float x = halfValue(p[l]);
    return ftz && std::fabs(x) < 0x1p-14f ? 0.0f : x;
  }
};
struct BfloatOperand {
  using Stored = uint16_t;
  using Value = float;
  static float value(const uint16_t *p, unsigned l, bool) {
    return bfloatValue(p[l]);
  }
};

/// Boolean that joins the comparison with c: aux bits 0-1: 0 none, 1 and,
/// 2 or, 3 xor. Bit 2: ftz. aux32: second destination.
uint32_t joined(const Warp &w, const Insn &i, uint32_t value) {
  switch (i.aux & 3) {
  case 1:
    return value & w.predicate(i.c);
  case 2:
    return value | w.predicate(i.c);
  case 3:
    return value ^ w.predicate(i.c);
  default:
    return value;
  }
}

void storePredicates(const Warp &w, const Insn &i, uint32_t mask,
                     uint32_t value) {
  uint32_t first = joined(w, i, value);
  if (i.aux32 != noRef)
    writePredicate(w, i.aux32, mask, joined(w, i, ~value));
  writePredicate(w, i.d, mask, first);
}

template <class L, Test test>
void runSetp(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<typename L::Stored>(i.a), b = w.read<typename L::Stored>(i.b);
  bool ftz = i.aux & 4;
  uint32_t value = maskOf([=](unsigned l) {
    return holds<test>(L::value(a, l, ftz), L::value(b, l, ftz));
  });
  storePredicates(w, i, mask, value);
}

/// setp.f16x2: one predicate for each half.
template <class L, Test test>
void runSetpHalves(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint16_t>(i.a), b = w.read<uint16_t>(i.b);
  bool ftz = i.aux & 4;
  uint32_t low = maskOf([=](unsigned l) {
    return holds<test>(L::value(a, 2 * l, ftz), L::value(b, 2 * l, ftz));
  });
  uint32_t high = maskOf([=](unsigned l) {
    return holds<test>(L::value(a, 2 * l + 1, ftz),
                       L::value(b, 2 * l + 1, ftz));
  });
  if (i.aux32 != noRef)
    writePredicate(w, i.aux32, mask, joined(w, i, high));
  writePredicate(w, i.d, mask, joined(w, i, low));
}

/// set: aux bits 3-4: result 0 all ones, 1 f32 1.0, 2 halves 1.0 f16, 3 bf16;
/// bit 5: 16-bit all ones.
template <class L, Test test>
void runSet(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<typename L::Stored>(i.a), b = w.read<typename L::Stored>(i.b);
  bool ftz = i.aux & 4;
  uint32_t value =
      joined(w, i, maskOf([=](unsigned l) {
               return holds<test>(L::value(a, l, ftz), L::value(b, l, ftz));
             }));
  unsigned kind = i.aux >> 3 & 3;
  if (kind >= 2 || (i.aux & 32)) {
    uint16_t one = kind == 2 ? 0x3c00 : kind == 3 ? 0x3f80 : 0xffff;
    writeLanes<uint16_t>(w, i.d, mask, [=](unsigned l) {
      return uint16_t(value >> l & 1 ? one : 0);
    });
    return;
  }
  uint32_t one = kind == 1 ? 0x3f800000u : 0xffffffffu;
  writeLanes<uint32_t>(w, i.d, mask,
                       [=](unsigned l) { return value >> l & 1 ? one : 0u; });
}

/// set.f16x2 and set.bf16x2; integer results are 0xffff per half.
template <class L, Test test>
void runSetHalves(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint16_t>(i.a), b = w.read<uint16_t>(i.b);
  bool ftz = i.aux & 4;
  unsigned kind = i.aux >> 3 & 3;
  uint16_t one = kind == 2 ? 0x3c00 : kind == 3 ? 0x3f80 : 0xffff;
  // The joining predicate is the lane's, for both halves.
  uint32_t join = i.aux & 3 ? w.predicate(i.c) : 0;
  unsigned how = i.aux & 3;
  writeHalves(w, i.d, mask, [=](unsigned e) {
    bool value = holds<test>(L::value(a, e, ftz), L::value(b, e, ftz));
    bool with = join >> (e / 2) & 1;
    value = how == 1   ? value && with
            : how == 2 ? value || with
            : how == 3 ? value != with
                       : value;
    return uint16_t(value ? one : 0);
  });
}

template <class L, template <class, Test> class Pick>
Handler forTest(Test test) {
  switch (test) {
#define VGPU_CASE(name)                                                        \
  case Test::name:                                                             \
    return Pick<L, Test::name>::handler;
    VGPU_CASE(Eq)
    VGPU_CASE(Ne)
    VGPU_CASE(Lt)
    VGPU_CASE(Le)
    VGPU_CASE(Gt)
    VGPU_CASE(Ge)
    VGPU_CASE(EqU)
    VGPU_CASE(NeU)
    VGPU_CASE(LtU)
    VGPU_CASE(LeU)
    VGPU_CASE(GtU)
    VGPU_CASE(GeU)
    VGPU_CASE(Num)
    VGPU_CASE(NaN)
#undef VGPU_CASE
  }
  return nullptr;
}
template <class L, Test test> struct PickSetp {
  static constexpr Handler handler = runSetp<L, test>;
};
template <class L, Test test> struct PickSet {
  static constexpr Handler handler = runSet<L, test>;
};
template <class L, Test test> struct PickSetpHalves {
  static constexpr Handler handler = runSetpHalves<L, test>;
};
template <class L, Test test> struct PickSetHalves {
  static constexpr Handler handler = runSetHalves<L, test>;
};

template <template <class, Test> class Pick,
          template <class, Test> class PickTwo>
Handler forType(Type type, Test test) {
  switch (type) {
  case Type::B16:
  case Type::U16:
    return forTest<Plain<uint16_t>, Pick>(test);
  case Type::S16:
    return forTest<Plain<int16_t>, Pick>(test);
  case Type::B32:
  case Type::U32:
    return forTest<Plain<uint32_t>, Pick>(test);
  case Type::S32:
    return forTest<Plain<int32_t>, Pick>(test);
  case Type::B64:
  case Type::U64:
    return forTest<Plain<uint64_t>, Pick>(test);
  case Type::S64:
    return forTest<Plain<int64_t>, Pick>(test);
  case Type::F32:
    return forTest<Plain<float>, Pick>(test);
  case Type::F64:
    return forTest<Plain<double>, Pick>(test);
  case Type::F16:
    return forTest<HalfOperand, Pick>(test);
  case Type::BF16:
    return forTest<BfloatOperand, Pick>(test);
  case Type::F16x2:
    return forTest<HalfOperand, PickTwo>(test);
  case Type::BF16x2:
    return forTest<BfloatOperand, PickTwo>(test);
  default:
    return nullptr;
  }
}

bool takeTest(Builder &b, Type type, Test &test) {
  int found =
      b.takeOneOf({"eq", "ne", "lt", "le", "gt", "ge", "equ", "neu", "ltu",
                   "leu", "gtu", "geu", "num", "nan", "lo", "ls", "hi", "hs"});
  if (found < 0)
    return false;
  static constexpr Test unsignedTests[] = {Test::Lt, Test::Le, Test::Gt,
                                           Test::Ge};
  test = found >= 14 ? unsignedTests[found - 14] : Test(found);
  return isFloatType(type) || found < 6 || found >= 14;
}

/// The optional joining operator; its operand is read by the caller.
uint8_t takeJoin(Builder &b) {
  return uint8_t(b.takeOneOf({"and", "or", "xor"}) + 1);
}

bool decodeSetp(Builder &b) {
  Insn insn;
  Type type = b.lastType();
  Test test;
  if (!takeTest(b, type, test))
    return false;
  insn.aux = takeJoin(b);
  if (b.take("ftz"))
    insn.aux |= 4;
  b.takeType();
  insn.run = forType<PickSetp, PickSetpHalves>(type, test);
  if (!insn.run || !b.expectOperands(insn.aux & 3 ? 4 : 3))
    return false;
  insn.aux32 = noRef;
  const Operand &target = b.operand(0);
  if (target.kind == Operand::Kind::Pair) {
    Ref second;
    if (!b.destination(b.child(target, 0), Type::Pred, insn.d) ||
        !b.destination(b.child(target, 1), Type::Pred, second))
      return false;
    insn.aux32 = second;
  } else if (!b.destination(target, Type::Pred, insn.d)) {
    return false;
  }
  if (!b.source(1, type, insn.a) || !b.source(2, type, insn.b) ||
      ((insn.aux & 3) && !b.source(3, Type::Pred, insn.c)))
    return false;
  b.emit(insn, isFloatType(type) ? InstructionClass::Float32
                                 : InstructionClass::Integer);
  return true;
}

bool decodeSet(Builder &b) {
  Insn insn;
  Type type = b.lastType();
  Test test;
  if (!takeTest(b, type, test))
    return false;
  insn.aux = takeJoin(b);
  if (b.take("ftz"))
    insn.aux |= 4;
  Type result = b.takeType();
  b.takeType();
  bool two = type == Type::F16x2 || type == Type::BF16x2;
  switch (result) {
  case Type::F32:
    insn.aux |= 1 << 3;
    break;
  case Type::F16:
  case Type::F16x2:
    insn.aux |= 2 << 3;
    break;
  case Type::BF16:
  case Type::BF16x2:
    insn.aux |= 3 << 3;
    break;
  default:
    if (typeBytes(result) != 4 && !(typeBytes(result) == 2 && !two))
      return false;
    break;
  }
  if (typeBytes(result) == 2 && !isFloatType(result)) {
    // 16-bit integer results exist for comparisons of 16-bit floats alone.
    if (type != Type::F16 && type != Type::BF16)
      return false;
    insn.aux |= 32;
  }
  insn.run = forType<PickSet, PickSetHalves>(type, test);
  if (!insn.run || !b.expectOperands(insn.aux & 3 ? 4 : 3) ||
      !b.destination(0, result, insn.d) || !b.source(1, type, insn.a) ||
      !b.source(2, type, insn.b) ||
      ((insn.aux & 3) && !b.source(3, Type::Pred, insn.c)))
    return false;
  b.emit(insn, isFloatType(type) ? InstructionClass::Float32
                                 : InstructionClass::Integer);
  return true;
}

template <class T> void runSelp(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  uint32_t p = w.predicate(i.c);
  writeLanes<T>(w, i.d, mask,
                [=](unsigned l) { return p >> l & 1 ? a[l] : b[l]; });
}

/// slct: a where c >= 0, else b; aux: subnormal c counts as zero.
template <class T, class C>
void runSlct(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  const C *c = w.read<C>(i.c);
  C least =
      i.aux ? std::nextafter(-std::numeric_limits<float>::min(), 0.0f) : C(0);
  writeLanes<T>(w, i.d, mask,
                [=](unsigned l) { return c[l] >= least ? a[l] : b[l]; });
}

bool decodeSelect(Builder &b, bool predicate) {
  Insn insn;
  insn.aux = !predicate && b.take("ftz");
  Type type = b.takeType();
  Type by = predicate ? Type::Pred : b.takeType();
  unsigned bytes = typeBytes(type);
  if (bytes != 2 && bytes != 4 && bytes != 8)
    return false;
  if (predicate)
    insn.run = bytes == 2   ? runSelp<uint16_t>
               : bytes == 4 ? runSelp<uint32_t>
                            : runSelp<uint64_t>;
  else if (by == Type::F32)
    insn.run = bytes == 2   ? runSlct<uint16_t, float>
               : bytes == 4 ? runSlct<uint32_t, float>
                            : runSlct<uint64_t, float>;
  else if (by == Type::S32)
    insn.run = bytes == 2   ? runSlct<uint16_t, int32_t>
               : bytes == 4 ? runSlct<uint32_t, int32_t>
                            : runSlct<uint64_t, int32_t>;
  if (!insn.run || !b.expectOperands(4) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a) || !b.source(2, type, insn.b) ||
      !b.source(3, by, insn.c))
    return false;
  insn.flags = predicate ? FlagOwnUndefined : 0;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

} // namespace

bool decodeCompareInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "setp")
    return decodeSetp(b);
  if (name == "set")
    return decodeSet(b);
  return decodeSelect(b, name == "selp");
}

} // namespace vgpu
