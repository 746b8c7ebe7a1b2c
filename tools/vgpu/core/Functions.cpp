// Functions.cpp - approximate functions: ex2, lg2, sin, cos, rsqrt, tanh.
//
// Results are the correctly computed ones: more exact than the hardware's,
// within the error that PTX allows.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Numbers.h"

namespace vgpu {

namespace {

struct Ex2 {
  static float of(float x) { return std::exp2(x); }
};
struct Lg2 {
  static float of(float x) { return std::log2(x); }
};
struct Sin {
  static float of(float x) { return std::sin(x); }
};
struct Cos {
  static float of(float x) { return std::cos(x); }
};
struct Rsqrt {
  static float of(float x) { return float(1.0 / std::sqrt(double(x))); }
};
struct Sqrt {
  static float of(float x) { return std::sqrt(x); }
};
struct Rcp {
  static float of(float x) { return 1.0f / x; }
};
struct Tanh {
  static float of(float x) { return std::tanh(x); }
};

template <class Op, bool Ftz>
void runFloat(Warp &w, const Insn &i, uint32_t mask) {
  const float *a = w.read<float>(i.a);
  uint32_t *d = w.at<uint32_t>(i.d);
  auto one = [&](unsigned l) {
    float x = Ftz ? flushed(a[l]) : a[l];
    float r = Op::of(x);
    // The NaN is chosen among integers: to a compiler all NaNs are alike.
    uint32_t bits = std::bit_cast<uint32_t>(Ftz ? flushed(r) : r);
    bool isNan = (bits & 0x7fffffff) > 0x7f800000;
    d[l] = isNan ? 0x7fffffff : bits;
  };
  if (mask == allLanes) {
    for (unsigned l = 0; l < 32; ++l)
      one(l);
    return;
  }
  forEachLane(mask, one);
}

/// rcp.approx.ftz.f64 and rsqrt.approx.f64.
template <bool Root> void runDouble(Warp &w, const Insn &i, uint32_t mask) {
  const double *a = w.read<double>(i.a);
  writeLanes<double>(w, i.d, mask, [=](unsigned l) {
    double r = Root ? 1.0 / std::sqrt(a[l]) : 1.0 / a[l];
    if (i.aux) // ftz form: only the upper half of the bits is computed
      r = std::bit_cast<double>(std::bit_cast<uint64_t>(r) &
                                0xffffffff00000000ull);
    return r;
  });
}

/// f16 and bf16, one or two per lane: aux bit 0 bf16, bit 1 two.
template <class Op> void runHalf(Warp &w, const Insn &i, uint32_t mask) {
  bool bf = i.aux & 1;
  unsigned per = i.aux & 2 ? 2 : 1;
  const uint16_t *a = w.read<uint16_t>(i.a);
  uint16_t *d = w.at<uint16_t>(i.d);
  forEachLane(mask, [&](unsigned l) {
    for (unsigned e = l * per; e < (l + 1) * per; ++e) {
      float x = bf ? bfloatValue(a[e]) : halfValue(a[e]);
      float r = Op::of(x);
      d[e] = bf ? bfloatBits(r) : halfBits(r);
    }
  });
}

template <class Op> bool decodeFunction(Builder &b) {
  Insn insn;
  if (!b.take("approx"))
    return false;
  bool ftz = b.take("ftz");
  Type type = b.takeType();
  if (type == Type::F32) {
    insn.run = ftz ? runFloat<Op, true> : runFloat<Op, false>;
  } else if (type == Type::F64) {
    insn.run = std::is_same_v<Op, Rsqrt> ? runDouble<true>
               : std::is_same_v<Op, Rcp> ? runDouble<false>
                                         : nullptr;
    insn.aux = ftz;
  } else if (type == Type::F16 || type == Type::F16x2 || type == Type::BF16 ||
             type == Type::BF16x2) {
    insn.run = std::is_same_v<Op, Ex2> || std::is_same_v<Op, Tanh> ? runHalf<Op>
                                                                   : nullptr;
    insn.aux = uint8_t((type == Type::BF16 || type == Type::BF16x2 ? 1 : 0) |
                       (typeBytes(type) == 4 ? 2 : 0));
  }
  if (!insn.run)
    return false;
  if (!b.expectOperands(2) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a))
    return false;
  b.emit(insn, InstructionClass::SpecialFunction);
  return true;
}

} // namespace

bool decodeSpecialFunctionInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "sqrt" || name == "rcp") {
    if (!b.hasModifier("approx"))
      return decodeFloatInsn(b);
    return name == "sqrt" ? decodeFunction<Sqrt>(b) : decodeFunction<Rcp>(b);
  }
  if (name == "ex2")
    return decodeFunction<Ex2>(b);
  if (name == "lg2")
    return decodeFunction<Lg2>(b);
  if (name == "sin")
    return decodeFunction<Sin>(b);
  if (name == "cos")
    return decodeFunction<Cos>(b);
  if (name == "rsqrt")
    return decodeFunction<Rsqrt>(b);
  return decodeFunction<Tanh>(b);
}

} // namespace vgpu
