// Bits.cpp - logic, shifts, bit fields, counting and permutation.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"

#include <type_traits>

namespace vgpu {

namespace {

struct And {
  template <class T> static T of(T a, T b) { return T(a & b); }
};
struct Or {
  template <class T> static T of(T a, T b) { return T(a | b); }
};
struct Xor {
  template <class T> static T of(T a, T b) { return T(a ^ b); }
};

template <class T, class Op>
void runLogic(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a), *b = w.read<T>(i.b);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) { return Op::of(a[l], b[l]); });
}

template <class Op>
void runLogicPredicate(Warp &w, const Insn &i, uint32_t mask) {
  writePredicate(w, i.d, mask, Op::of(w.predicate(i.a), w.predicate(i.b)));
}

template <class T> void runNot(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) { return T(~a[l]); });
}

template <class T> void runCnot(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) { return T(a[l] == 0); });
}

/// Shift counts beyond the width give zeros, or copies of the sign.
template <class T> void runShl(Warp &w, const Insn &i, uint32_t mask) {
  constexpr unsigned bits = 8 * sizeof(T);
  const T *a = w.read<T>(i.a);
  const uint32_t *b = w.read<uint32_t>(i.b);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    T shifted = T(a[l] << (b[l] & (bits - 1)));
    return b[l] < bits ? shifted : T(0);
  });
}

template <class T> void runShr(Warp &w, const Insn &i, uint32_t mask) {
  constexpr unsigned bits = 8 * sizeof(T);
  const T *a = w.read<T>(i.a);
  const uint32_t *b = w.read<uint32_t>(i.b);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    uint32_t most = std::is_signed_v<T> ? bits - 1 : 0;
    T shifted = T(a[l] >> (b[l] < bits ? b[l] : most));
    return b[l] < bits || std::is_signed_v<T> ? shifted : T(0);
  });
}

/// shf: aux bit 0 right, bit 1 clamp.
void runFunnel(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b),
       c = w.read<uint32_t>(i.c);
  bool right = i.aux & 1, clamp = i.aux & 2;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint32_t n = clamp ? (c[l] < 32 ? c[l] : 32) : c[l] & 31;
    uint64_t both = uint64_t(b[l]) << 32 | a[l];
    return uint32_t(right ? both >> n : both << n >> 32);
  });
}

template <class T> void runPopc(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<uint32_t>(
      w, i.d, mask, [=](unsigned l) { return uint32_t(std::popcount(a[l])); });
}
template <class T> void runClz(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    return uint32_t(std::countl_zero(a[l]));
  });
}
template <class T> void runBrev(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    T v = __builtin_bswap64(a[l]) >> (64 - 8 * sizeof(T));
    v = T((v >> 4 & T(0x0f0f0f0f0f0f0f0full)) | (v & T(0x0f0f0f0f0f0f0f0full))
                                                    << 4);
    v = T((v >> 2 & T(0x3333333333333333ull)) | (v & T(0x3333333333333333ull))
                                                    << 2);
    return T((v >> 1 & T(0x5555555555555555ull)) |
             (v & T(0x5555555555555555ull)) << 1);
  });
}

/// Position of the highest bit that differs from the sign; aux: shift amount.
template <class T> void runBfind(Warp &w, const Insn &i, uint32_t mask) {
  using U = std::make_unsigned_t<T>;
  const T *a = w.read<T>(i.a);
  bool amount = i.aux;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    U v = U(a[l] < 0 ? ~a[l] : a[l]);
    if (v == 0)
      return 0xffffffffu;
    uint32_t zeros = uint32_t(std::countl_zero(v));
    return amount ? zeros : uint32_t(8 * sizeof(T) - 1) - zeros;
  });
}

template <class T> void runBfe(Warp &w, const Insn &i, uint32_t mask) {
  using U = std::make_unsigned_t<T>;
  constexpr unsigned bits = 8 * sizeof(T);
  const T *a = w.read<T>(i.a);
  auto b = w.read<uint32_t>(i.b), c = w.read<uint32_t>(i.c);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    unsigned pos = b[l] & 255, len = c[l] & 255;
    if (len == 0)
      return T(0);
    U field = pos < bits ? U(U(a[l]) >> pos) : U(0);
    U keep = len < bits ? U((U(1) << len) - 1) : U(~U(0));
    U result = field & keep;
    if (std::is_signed_v<T>) {
      unsigned last = pos + len - 1 < bits ? pos + len - 1 : bits - 1;
      bool sign = U(a[l]) >> last & 1;
      unsigned have = pos < bits ? bits - pos : 0;
      U valid = len < have    ? keep
                : have < bits ? U((U(1) << have) - 1)
                              : U(~U(0));
      result = sign ? U(result | ~valid) : result;
    }
    return T(result);
  });
}

template <class T> void runBfi(Warp &w, const Insn &i, uint32_t mask) {
  constexpr unsigned bits = 8 * sizeof(T);
  auto a = w.read<T>(i.a), b = w.read<T>(i.b);
  auto c = w.read<uint32_t>(i.c), n = w.read<uint32_t>(Ref(i.aux32));
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    unsigned pos = c[l] & 255, len = n[l] & 255;
    if (len == 0 || pos >= bits)
      return b[l];
    T keep = len < bits ? T(((T(1) << len) - 1) << pos) : T(T(~T(0)) << pos);
    return T((b[l] & ~keep) | (T(a[l] << pos) & keep));
  });
}

template <class T> void runBmsk(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b);
  bool clamp = i.aux;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint32_t pos = clamp ? a[l] : a[l] & 31, len = clamp ? b[l] : b[l] & 31;
    if (pos >= 32)
      return 0u;
    uint32_t ones = len >= 32 ? 0xffffffffu : (1u << len) - 1;
    return ones << pos;
  });
}

/// prmt: aux is the mode, 0 the general one.
void runPrmt(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b),
       c = w.read<uint32_t>(i.c);
  unsigned mode = i.aux;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint64_t bytes = uint64_t(b[l]) << 32 | a[l];
    uint32_t s = c[l] & 3, result = 0;
    for (unsigned k = 0; k < 4; ++k) {
      unsigned pick;
      switch (mode) {
      case 0:
        pick = c[l] >> (4 * k) & 15;
        break;
      case 1: // f4e
        pick = (s + k) & 7;
        break;
      case 2: // b4e
        pick = (s - k) & 7;
        break;
      case 3: // rc8
        pick = s;
        break;
      case 4: // ecl
        pick = k < s ? s : k;
        break;
      case 5: // ecr
        pick = k < s ? k : s;
        break;
      default: // rc16
        pick = (s & 1) * 2 + (k & 1);
        break;
      }
      uint32_t byte = uint32_t(bytes >> (8 * (pick & 7))) & 0xff;
      if (pick & 8)
        byte = byte & 0x80 ? 0xff : 0;
      result |= byte << (8 * k);
    }
    return result;
  });
}

void runLop3(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b),
       c = w.read<uint32_t>(i.c);
  uint32_t table = i.aux;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint32_t r = 0;
    for (unsigned k = 0; k < 8; ++k)
      r |= (table >> k & 1 ? ~0u : 0u) & (k & 4 ? a[l] : ~a[l]) &
           (k & 2 ? b[l] : ~b[l]) & (k & 1 ? c[l] : ~c[l]);
    return r;
  });
}

/// fns: the n-th set bit from a base; rare, written plainly.
void runFns(Warp &w, const Insn &i, uint32_t mask) {
  auto a = w.read<uint32_t>(i.a), b = w.read<uint32_t>(i.b);
  auto c = w.read<int32_t>(i.c);
  uint32_t *d = w.at<uint32_t>(i.d);
  forEachLane(mask, [&](unsigned l) {
    uint32_t base = b[l];
    int32_t n = c[l];
    uint32_t result = 0xffffffffu;
    if (n == 0) {
      if (base < 32 && (a[l] >> base & 1))
        result = base;
    } else {
      int32_t step = n > 0 ? 1 : -1, count = n > 0 ? n : -n;
      for (int32_t p = int32_t(base); p >= 0 && p < 32; p += step)
        if ((a[l] >> p & 1) && --count == 0) {
          result = uint32_t(p);
          break;
        }
    }
    d[l] = result;
  });
}

template <class Op> Handler logicHandler(unsigned bytes) {
  switch (bytes) {
  case 0:
    return runLogicPredicate<Op>;
  case 2:
    return runLogic<uint16_t, Op>;
  case 4:
    return runLogic<uint32_t, Op>;
  default:
    return runLogic<uint64_t, Op>;
  }
}

bool finish(Builder &b, Insn insn, Type result, Type first, Type second,
            Type third = Type::None) {
  unsigned count = third == Type::None ? (second == Type::None ? 2 : 3) : 4;
  if (!insn.run)
    return false;
  if (!b.expectOperands(count) || !b.destination(0, result, insn.d) ||
      !b.source(1, first, insn.a) ||
      (count > 2 && !b.source(2, second, insn.b)) ||
      (count > 3 && !b.source(3, third, insn.c)))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool decodeShift(Builder &b, std::string_view name) {
  Type type = b.takeType();
  Insn insn;
  unsigned bytes = typeBytes(type);
  if (name == "shl")
    insn.run = bytes == 2   ? runShl<uint16_t>
               : bytes == 4 ? runShl<uint32_t>
               : bytes == 8 ? runShl<uint64_t>
                            : nullptr;
  else if (isSignedType(type))
    insn.run = bytes == 2   ? runShr<int16_t>
               : bytes == 4 ? runShr<int32_t>
               : bytes == 8 ? runShr<int64_t>
                            : nullptr;
  else
    insn.run = bytes == 2   ? runShr<uint16_t>
               : bytes == 4 ? runShr<uint32_t>
               : bytes == 8 ? runShr<uint64_t>
                            : nullptr;
  return finish(b, insn, type, type, Type::B32);
}

bool decodeCount(Builder &b, std::string_view name) {
  Insn insn;
  insn.aux = name == "bfind" && b.take("shiftamt");
  Type type = b.takeType();
  bool wide = typeBytes(type) == 8, s = isSignedType(type);
  if (typeBytes(type) < 4)
    return false;
  Type result = Type::B32;
  if (name == "popc") {
    insn.run = wide ? runPopc<uint64_t> : runPopc<uint32_t>;
  } else if (name == "clz") {
    insn.run = wide ? runClz<uint64_t> : runClz<uint32_t>;
  } else if (name == "brev") {
    insn.run = wide ? runBrev<uint64_t> : runBrev<uint32_t>;
    result = type;
  } else {
    insn.run = wide ? (s ? runBfind<int64_t> : runBfind<uint64_t>)
                    : (s ? runBfind<int32_t> : runBfind<uint32_t>);
  }
  return finish(b, insn, result, type, Type::None);
}

bool decodeField(Builder &b, std::string_view name) {
  Insn insn;
  if (name == "bmsk") {
    insn.aux = b.takeOneOf({"wrap", "clamp"}) == 1;
    b.takeType();
    insn.run = runBmsk<uint32_t>;
    return finish(b, insn, Type::B32, Type::B32, Type::B32);
  }
  Type type = b.takeType();
  bool wide = typeBytes(type) == 8, s = isSignedType(type);
  if (name == "bfe") {
    insn.run = wide ? (s ? runBfe<int64_t> : runBfe<uint64_t>)
                    : (s ? runBfe<int32_t> : runBfe<uint32_t>);
    return finish(b, insn, type, type, Type::B32, Type::B32);
  }
  insn.run = wide ? runBfi<uint64_t> : runBfi<uint32_t>;
  Ref length;
  if (!b.expectOperands(5) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a) || !b.source(2, type, insn.b) ||
      !b.source(3, Type::B32, insn.c) || !b.source(4, Type::B32, length))
    return false;
  insn.aux32 = length;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool decodeLogic(Builder &b, std::string_view name) {
  Type type = b.takeType();
  unsigned bytes = typeBytes(type);
  Insn insn;
  if (type == Type::None || bytes == 1 || bytes == 16)
    return false;
  if (name == "and")
    insn.run = logicHandler<And>(bytes);
  else if (name == "or")
    insn.run = logicHandler<Or>(bytes);
  else if (name == "xor")
    insn.run = logicHandler<Xor>(bytes);
  else if (name == "not")
    insn.run = bytes == 0   ? runNotPredicate
               : bytes == 2 ? runNot<uint16_t>
               : bytes == 4 ? runNot<uint32_t>
                            : runNot<uint64_t>;
  else
    insn.run = bytes == 2   ? runCnot<uint16_t>
               : bytes == 4 ? runCnot<uint32_t>
               : bytes == 8 ? runCnot<uint64_t>
                            : nullptr;
  bool unary = name == "not" || name == "cnot";
  return finish(b, insn, type, type, unary ? Type::None : type);
}

bool decodeLop3(Builder &b) {
  Insn insn;
  insn.run = runLop3;
  b.takeType();
  int64_t table;
  if (!b.expectOperands(5) || !b.integer(b.operand(4), table) ||
      !b.destination(0, Type::B32, insn.d) || !b.source(1, Type::B32, insn.a) ||
      !b.source(2, Type::B32, insn.b) || !b.source(3, Type::B32, insn.c))
    return false;
  if (table < 0 || table > 255)
    return b.fail("expected a table of 0 to 255, but got " +
                  std::to_string(table));
  insn.aux = uint8_t(table);
  b.emit(insn, InstructionClass::Integer);
  return true;
}

} // namespace

bool decodeBitInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  Insn insn;
  if (name == "shl" || name == "shr")
    return decodeShift(b, name);
  if (name == "popc" || name == "clz" || name == "brev" || name == "bfind")
    return decodeCount(b, name);
  if (name == "bfe" || name == "bfi" || name == "bmsk")
    return decodeField(b, name);
  if (name == "lop3")
    return decodeLop3(b);
  if (name == "shf") {
    int side = b.takeOneOf({"l", "r"}), mode = b.takeOneOf({"wrap", "clamp"});
    b.takeType();
    if (side < 0 || mode < 0)
      return false;
    insn.run = runFunnel;
    insn.aux = uint8_t(side | mode << 1);
    return finish(b, insn, Type::B32, Type::B32, Type::B32, Type::B32);
  }
  if (name == "prmt") {
    b.takeType();
    insn.run = runPrmt;
    insn.aux =
        uint8_t(1 + b.takeOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"}));
    return finish(b, insn, Type::B32, Type::B32, Type::B32, Type::B32);
  }
  if (name == "fns") {
    b.takeType();
    insn.run = runFns;
    return finish(b, insn, Type::B32, Type::B32, Type::B32, Type::B32);
  }
  return decodeLogic(b, name);
}

} // namespace vgpu
