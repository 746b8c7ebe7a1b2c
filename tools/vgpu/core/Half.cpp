// Half.cpp - f16 and bf16 arithmetic, one or two values per register.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Numbers.h"

namespace vgpu {

namespace {

/// Option bits in aux.
enum : uint8_t {
  Sat = 1,
  Ftz = 2,
  Relu = 4,
  Nan = 8,
  XorSign = 16,
  Max = 32,
  Oob = 64
};

struct F16 {
  static float value(uint16_t b) { return halfValue(b); }
  static uint16_t bits(float x) { return halfBits(x); }
  static constexpr uint16_t nan = 0x7fff, exponent = 0x7c00;
};
struct BF16 {
  static float value(uint16_t b) { return bfloatValue(b); }
  static uint16_t bits(float x) { return bfloatBits(x); }
  static constexpr uint16_t nan = 0x7fff, exponent = 0x7f80;
};

template <class H> uint16_t flushHalf(uint16_t b) {
  return (b & H::exponent) == 0 ? uint16_t(b & 0x8000) : b;
}

/// Applies saturation, relu and flushing to a rounded result.
template <class H> uint16_t finishHalf(uint16_t r, uint8_t options) {
  if (options == 0)
    return r;
  float x = H::value(r);
  if (options & Sat)
    r = H::bits(saturated(x));
  if ((options & Relu) && !(x > 0) && x == x)
    r = 0;
  if (options & Ftz)
    r = flushHalf<H>(r);
  return r;
}

template <class H> uint16_t takeHalf(uint16_t b, uint8_t options) {
  return options & Ftz ? flushHalf<H>(b) : b;
}

struct Add {
  static float of(float a, float b) { return a + b; }
};
struct Sub {
  static float of(float a, float b) { return a - b; }
};
struct Mul {
  static float of(float a, float b) { return a * b; }
};

/// Runs f over the elements of the lanes in `mask`.
template <unsigned Per, class F>
void eachElement(const Warp &w, Ref d, uint32_t mask, F f) {
  if constexpr (Per == 2)
    writeHalves(w, d, mask, f);
  else
    writeLanes<uint16_t>(w, d, mask, f);
}

template <class H, class Op, unsigned Per>
void runBinary(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a), *b = w.read<uint16_t>(i.b);
  uint8_t options = i.aux;
  // One operation in f32 and a second rounding to 16 bits is exact: f32 has
  // more than twice the bits plus two.
  eachElement<Per>(w, i.d, mask, [=](unsigned e) {
    float r = Op::of(H::value(takeHalf<H>(a[e], options)),
                     H::value(takeHalf<H>(b[e], options)));
    return finishHalf<H>(H::bits(r), options);
  });
}

template <class H, unsigned Per>
void runFma(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a), *b = w.read<uint16_t>(i.b),
                 *c = w.read<uint16_t>(i.c);
  uint8_t options = i.aux;
  eachElement<Per>(w, i.d, mask, [=](unsigned e) {
    float x = H::value(takeHalf<H>(a[e], options)),
          y = H::value(takeHalf<H>(b[e], options)),
          z = H::value(takeHalf<H>(c[e], options));
    // What a tensor copy fills in outside of a tensor counts as a zero.
    if ((options & Oob) && (a[e] == 0x7fff || b[e] == 0x7fff))
      return uint16_t(0);
    return finishHalf<H>(H::bits(oddFloat(fmaToOdd(x, y, z))), options);
  });
}

template <class H, unsigned Per>
void runMinMax(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a), *b = w.read<uint16_t>(i.b);
  uint8_t options = i.aux;
  eachElement<Per>(w, i.d, mask, [=](unsigned e) {
    uint16_t p = takeHalf<H>(a[e], options), q = takeHalf<H>(b[e], options);
    uint16_t sign = (p ^ q) & 0x8000;
    if (options & XorSign) {
      p &= 0x7fff;
      q &= 0x7fff;
    }
    float x = H::value(p), y = H::value(q);
    bool less = x < y || (x == y && (p & 0x8000));
    uint16_t r = less != bool(options & Max) ? p : q;
    if (x != x)
      r = options & Nan ? H::nan : q;
    else if (y != y)
      r = options & Nan ? H::nan : p;
    bool isNan = H::value(r) != H::value(r);
    if (isNan)
      return uint16_t(H::nan);
    return options & XorSign ? uint16_t((r & 0x7fff) | sign) : r;
  });
}

template <class H, unsigned Per, bool Negate>
void runSign(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a);
  uint8_t options = i.aux;
  eachElement<Per>(w, i.d, mask, [=](unsigned e) {
    uint16_t x = takeHalf<H>(a[e], options);
    return uint16_t(Negate ? x ^ 0x8000 : x & 0x7fff);
  });
}

/// Handlers of one operation: f16, f16x2, bf16, bf16x2.
struct Forms {
  Handler of[4];
};
template <class Op> constexpr Forms binaryForms() {
  return {{runBinary<F16, Op, 1>, runBinary<F16, Op, 2>, runBinary<BF16, Op, 1>,
           runBinary<BF16, Op, 2>}};
}
constexpr Forms fmaForms{
    {runFma<F16, 1>, runFma<F16, 2>, runFma<BF16, 1>, runFma<BF16, 2>}};
constexpr Forms minMaxForms{{runMinMax<F16, 1>, runMinMax<F16, 2>,
                             runMinMax<BF16, 1>, runMinMax<BF16, 2>}};
constexpr Forms negForms{{runSign<F16, 1, true>, runSign<F16, 2, true>,
                          runSign<BF16, 1, true>, runSign<BF16, 2, true>}};
constexpr Forms absForms{{runSign<F16, 1, false>, runSign<F16, 2, false>,
                          runSign<BF16, 1, false>, runSign<BF16, 2, false>}};

} // namespace

bool decodeHalfInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  Insn insn;
  const Forms *forms;
  static constexpr Forms add = binaryForms<Add>(), sub = binaryForms<Sub>(),
                         mul = binaryForms<Mul>();
  unsigned sources = 2;
  if (name == "add") {
    forms = &add;
  } else if (name == "sub") {
    forms = &sub;
  } else if (name == "mul") {
    forms = &mul;
  } else if (name == "fma") {
    forms = &fmaForms;
    sources = 3;
    if (b.take("oob"))
      insn.aux |= Oob;
  } else if (name == "min" || name == "max") {
    forms = &minMaxForms;
    insn.aux = name == "max" ? Max : 0;
    if (b.take("NaN"))
      insn.aux |= Nan;
    if (b.take("xorsign")) {
      if (!b.take("abs"))
        return false;
      insn.aux |= XorSign;
    }
  } else if (name == "neg" || name == "abs") {
    forms = name == "neg" ? &negForms : &absForms;
    sources = 1;
  } else {
    return false;
  }
  b.take("rn");
  if (b.take("ftz"))
    insn.aux |= Ftz;
  if (b.take("sat"))
    insn.aux |= Sat;
  if (b.take("relu"))
    insn.aux |= Relu;
  Type type = b.takeType();
  unsigned form = (type == Type::F16x2 || type == Type::BF16x2 ? 1 : 0) +
                  (type == Type::BF16 || type == Type::BF16x2 ? 2 : 0);
  insn.run = forms->of[form];
  if (!b.expectOperands(sources + 1) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a) ||
      (sources > 1 && !b.source(2, type, insn.b)) ||
      (sources > 2 && !b.source(3, type, insn.c)))
    return false;
  b.emit(insn, InstructionClass::Float16);
  return true;
}

} // namespace vgpu
