// FloatInstructionTest.cpp - floating-point instructions and conversions, one
// at a time: rounding modes, subnormals, NaNs, saturation; tensor-core sums.
#include "test/vgpu/core/InstructionTable.h"
#include "tools/vgpu/core/TensorCore.h"

namespace vgpu::test {
namespace {

template <int Mode> U64 addMode(U64 a, U64 b) {
  return bits(rounded(Mode, [&] { return f(a) + f(b); }));
}
template <int Mode> U64 mulMode(U64 a, U64 b) {
  return bits(rounded(Mode, [&] { return f(a) * f(b); }));
}
template <int Mode> U64 fmaMode(U64 a, U64 b, U64 c) {
  return bits(rounded(Mode, [&] { return std::fma(f(a), f(b), f(c)); }));
}

std::vector<Row> floatRows() {
  return {
    ROW("add.f32 d, a, b;", F32, IN2(F32, F32), return bits(f(a) + f(b));),
        ROW("add.rz.f32 d, a, b;", F32, IN2(F32, F32),
            return addMode<FE_TOWARDZERO>(a, b);),
        ROW("add.rm.f32 d, a, b;", F32, IN2(F32, F32),
            return addMode<FE_DOWNWARD>(a, b);),
        ROW("add.rp.f32 d, a, b;", F32, IN2(F32, F32),
            return addMode<FE_UPWARD>(a, b);),
        ROW("add.ftz.f32 d, a, b;", F32, IN2(F32, F32),
            return bits(flush(flush(f(a)) + flush(f(b))));),
        ROW("add.sat.f32 d, a, b;", F32, IN2(F32, F32),
            {
              float s = f(a) + f(b);
              return bits(s > 0 ? std::min(s, 1.0f) : 0.0f);
            }),
        ROW("sub.f32 d, a, b;", F32, IN2(F32, F32), return bits(f(a) - f(b));),
        ROW("mul.f32 d, a, b;", F32, IN2(F32, F32), return bits(f(a) * f(b));),
        ROW("mul.rz.f32 d, a, b;", F32, IN2(F32, F32),
            return mulMode<FE_TOWARDZERO>(a, b);),
        ROW("mul.rp.f32 d, a, b;", F32, IN2(F32, F32),
            return mulMode<FE_UPWARD>(a, b);),
        ROW("mul.ftz.f32 d, a, b;", F32, IN2(F32, F32),
            return bits(flush(flush(f(a)) * flush(f(b))));),
        ROW("fma.rn.f32 d, a, b, c;", F32, IN3(F32, F32, F32),
            return bits(std::fma(f(a), f(b), f(c)));),
        ROW("fma.rm.f32 d, a, b, c;", F32, IN3(F32, F32, F32),
            return fmaMode<FE_DOWNWARD>(a, b, c);),
        ROW("fma.rz.f32 d, a, b, c;", F32, IN3(F32, F32, F32),
            return fmaMode<FE_TOWARDZERO>(a, b, c);),
        ROW("div.rn.f32 d, a, b;", F32, IN2(F32, F32),
            return bits(f(a) / f(b));),
        ROW("rcp.rn.f32 d, a;", F32, IN1(F32), return bits(1.0f / f(a));),
        ROW("sqrt.rn.f32 d, a;", F32, IN1(F32), return bits(std::sqrt(f(a)));),
        ROW("sqrt.rn.f64 d, a;", F64, IN1(F64),
            {
              double r = std::sqrt(g(a));
              return bits(r);
            }),
        ROW("add.f64 d, a, b;", F64, IN2(F64, F64),
            {
              double r = g(a) + g(b);
              return bits(r);
            }),
        ROW("fma.rn.f64 d, a, b, c;", F64, IN3(F64, F64, F64),
            return bits(std::fma(g(a), g(b), g(c)));),
        ROW("min.f32 d, a, b;", F32, IN2(F32, F32),
            {
              float x = f(a), y = f(b);
              if (x != x)
                return bits(y);
              if (y != y)
                return bits(x);
              if (x == y)
                return std::signbit(x) ? bits(x) : bits(y);
              return bits(std::min(x, y));
            }),
        ROW("max.NaN.f32 d, a, b;", F32, IN2(F32, F32),
            {
              float x = f(a), y = f(b);
              if (x != x || y != y)
                return U64(0x7fffffff);
              if (x == y)
                return std::signbit(x) ? bits(y) : bits(x);
              return bits(std::max(x, y));
            }),
        ROW("neg.f32 d, a;", F32, IN1(F32), return a ^ 0x80000000;),
        ROW("abs.f32 d, a;", F32, IN1(F32), return a & 0x7fffffff;),
        ROW("copysign.f32 d, a, b;", F32, IN2(F32, F32),
            return (a & 0x80000000) | (b & 0x7fffffff);),
        ROW("testp.subnormal.f32 %p0, a;\nselp.b32 d, 1, 0, %p0;", U32,
            IN1(F32), return std::fpclassify(f(a)) == FP_SUBNORMAL;),
        ROW("setp.ltu.f32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32,
            IN2(F32, F32), return !(f(a) >= f(b));),
        ROW("setp.ne.f32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32,
            IN2(F32, F32), return f(a) < f(b) || f(a) > f(b);),
        ROW("setp.nan.f32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32,
            IN2(F32, F32), return f(a) != f(a) || f(b) != f(b);),
        ROW("ex2.approx.ftz.f32 d, a;", F32, IN1(F32),
            return bits(flush(std::exp2(flush(f(a)))));),
        ROW("rsqrt.approx.f32 d, a;", F32, IN1(F32),
            return bits(float(1 / std::sqrt(double(f(a)))));),
  };
}

U64 half(double x) {
  // Nearest even, by stepping through the neighbours.
  if (x != x)
    return 0x7fff;
  U64 sign = std::signbit(x) ? 0x8000 : 0;
  double m = std::fabs(x);
  if (m >= 65520)
    return sign | 0x7c00;
  U64 best = 0;
  int e = m == 0 ? -14 : std::max(std::ilogb(m), -14);
  double scaled = std::nearbyint(std::ldexp(m, 10 - e));
  best = U64(scaled) + U64((e + 14) * 1024);
  return sign | best;
}
U64 bfloat(double x) {
  if (x != x)
    return 0x7fff;
  U64 sign = std::signbit(x) ? 0x8000 : 0;
  double m = std::fabs(x);
  if (m >= std::ldexp(2 - std::ldexp(1, -8), 127))
    return sign | 0x7f80;
  int e = m == 0 ? -126 : std::max(std::ilogb(m), -126);
  double scaled = std::nearbyint(std::ldexp(m, 7 - e));
  return sign | (U64(scaled) + U64((e + 126) * 128));
}
double h(U64 x) {
  int e = x >> 10 & 31, m = x & 1023;
  double v = e == 31 ? (m ? NAN : INFINITY)
             : e     ? std::ldexp(1024 + m, e - 25)
                     : std::ldexp(m, -24);
  return x & 0x8000 ? -v : v;
}
double bf(U64 x) { return f(x << 16); }

template <class T> U64 clamped(double x) {
  if (x != x)
    return sizeof(T) == 8 ? U64(1) << 63 : 0;
  if (x <= double(std::numeric_limits<T>::min()))
    return U64(std::numeric_limits<T>::min());
  if (x >= double(std::numeric_limits<T>::max()))
    return U64(std::numeric_limits<T>::max());
  return U64(T(x));
}

std::vector<Row> halfRows() {
  return {
    ROW("add.f16 d, a, b;", F16, IN2(F16, F16), return half(h(a) + h(b));),
        ROW("sub.f16 d, a, b;", F16, IN2(F16, F16), return half(h(a) - h(b));),
        ROW("mul.f16 d, a, b;", F16, IN2(F16, F16), return half(h(a) * h(b));),
        ROW("fma.rn.f16 d, a, b, c;", F16, IN3(F16, F16, F16),
            return half(std::fma(h(a), h(b), h(c)));),
        ROW("add.rn.bf16 d, a, b;", BF16, IN2(BF16, BF16),
            return bfloat(bf(a) + bf(b));),
        ROW("mul.rn.bf16 d, a, b;", BF16, IN2(BF16, BF16),
            return bfloat(bf(a) * bf(b));),
        ROW("fma.rn.bf16 d, a, b, c;", BF16, IN3(BF16, BF16, BF16),
            {
              // The product is exact in f64; the sum may need more bits, which
              // the samples never do unless it vanishes below a rounding.
              long double s = (long double)bf(a) * bf(b) + (long double)bf(c);
              double d = double(s);
              return bfloat(d);
            }),
        ROW("max.f16 d, a, b;", F16, IN2(F16, F16),
            {
              double x = h(a), y = h(b);
              if (x != x)
                return y != y ? 0x7fff : b;
              if (y != y)
                return a;
              if (x == y)
                return a & 0x8000 ? b : a;
              return x > y ? a : b;
            }),
        ROW("neg.bf16 d, a;", BF16, IN1(BF16), return a ^ 0x8000;),
        ROW("cvt.f32.f16 d, a;", F32, IN1(F16), return bits(float(h(a)));),
        ROW("cvt.f32.bf16 d, a;", F32, IN1(BF16), return bits(float(bf(a)));),
        ROW("cvt.rn.f16.f32 d, a;", F16, IN1(F32), return half(f(a));),
        ROW("cvt.rz.f16.f32 d, a;", F16, IN1(F32),
            {
              float x = f(a);
              if (x != x || std::isinf(x))
                return half(x);
              U64 r = half(x);
              if (std::fabs(h(r)) > std::fabs(double(x)))
                --r;
              return r;
            }),
        ROW("cvt.rn.bf16.f32 d, a;", BF16, IN1(F32), return bfloat(f(a));),
        ROW("cvt.rn.bf16x2.f32 d, a, b;", U32, IN2(F32, F32),
            return bfloat(f(a)) << 16 | bfloat(f(b));),
        ROW("cvt.rn.f16x2.f32 d, a, b;", U32, IN2(F32, F32),
            return half(f(a)) << 16 | half(f(b));),
        ROW("cvt.rn.satfinite.e4m3x2.f32 d, a, b;", U16, IN2(F32, F32),
            {
              auto one = [](float x) -> U64 {
                if (x != x)
                  return 0x7f;
                U64 sign = std::signbit(x) ? 0x80 : 0;
                double m = std::fabs(double(x));
                if (m > 448)
                  return sign | 0x7e;
                int e = m == 0 ? -6 : std::max(std::ilogb(m), -6);
                U64 r = U64(std::nearbyint(std::ldexp(m, 3 - e))) +
                        U64((e + 6) * 8);
                return sign | std::min<U64>(r, 0x7e);
              };
              return one(f(a)) << 8 | one(f(b));
            }),
        ROW("cvt.rni.s32.f32 d, a;", S32, IN1(F32),
            return clamped<int32_t>(std::nearbyint(double(f(a))));),
        ROW("cvt.rzi.s32.f32 d, a;", S32, IN1(F32),
            return clamped<int32_t>(std::trunc(double(f(a))));),
        ROW("cvt.rzi.u32.f32 d, a;", U32, IN1(F32),
            return clamped<uint32_t>(std::trunc(double(f(a))));),
        ROW("cvt.rmi.s64.f64 d, a;", S64, IN1(F64),
            return clamped<int64_t>(std::floor(g(a)));),
        ROW("cvt.rn.f32.s32 d, a;", F32, IN1(S32),
            return bits(float(int32_t(a)));),
        ROW("cvt.rz.f32.u32 d, a;", F32, IN1(U32),
            {
              return bits(
                  rounded(FE_TOWARDZERO, [&] { return float(uint32_t(a)); }));
            }),
        ROW("cvt.rn.f64.s64 d, a;", F64, IN1(S64),
            {
              double r = double(int64_t(a));
              return bits(r);
            }),
        ROW("cvt.rn.f32.f64 d, a;", F32, IN1(F64), return bits(float(g(a)));),
        ROW("cvt.rp.f32.f64 d, a;", F32, IN1(F64),
            { return bits(rounded(FE_UPWARD, [&] { return float(g(a)); })); }),
        // Which NaN it is, is not promised.
        ROW("cvt.f64.f32 d, a;\ntestp.notanumber.f64 %p0, d;\n@%p0 mov.b64 d, "
            "0x7ff8000000000000;",
            F64, IN1(F32),
            {
              double r = f(a);
              return r != r ? U64(0x7ff8) << 48 : bits(r);
            }),
        ROW("cvt.s64.s32 d, a;", S64, IN1(S32),
            return U64(int64_t(int32_t(a)));),
        ROW("cvt.u64.u32 d, a;", U64, IN1(U32), return a;),
        ROW("cvt.s32.s8 d, a;", S32, IN1(U32), return U64(int64_t(int8_t(a)));),
        ROW("cvt.sat.s8.s32 d, a;", S32, IN1(S32),
            return U64(int64_t(std::clamp(int32_t(a), -128, 127)));),
        ROW("cvt.sat.u16.s32 d, a;", U16, IN1(S32),
            return U64(std::clamp(int32_t(a), 0, 65535));),
        ROW("cvt.rni.f32.f32 d, a;", F32, IN1(F32),
            return bits(std::nearbyint(f(a)));),
        ROW("cvt.sat.f32.f32 d, a;", F32, IN1(F32),
            {
              float x = f(a);
              return bits(x > 0 ? std::min(x, 1.0f) : 0.0f);
            }),
        ROW("cvt.rna.tf32.f32 d, a;", F32, IN1(F32), {
          float x = f(a);
          if (x != x || std::isinf(x))
            return bits(x);
          return ((a & 0x7fffffff) + 0x1000 & 0xffffe000) | (a & 0x80000000);
        }),
  };
}

TEST(Instruction, Float) {
  for (const Row &row : floatRows())
    check(row);
}
TEST(Instruction, HalfAndConversions) {
  for (const Row &row : halfRows())
    check(row);
}

/// The published rule by hand: products aligned to the largest exponent, cut,
/// and added.
TEST(TensorCore, AlignsAndTruncates) {
  DotRule rule = dotRule(MmaType::BF16, 90, true);
  // 2^0 * 2^0 and 2^-13 * 2^-13: 26 bits below the first, cut away.
  float a[2] = {1.0f, 0x1p-13f}, b[2] = {1.0f, 0x1p-13f};
  EXPECT_EQ(fusedDotAdd(a, b, 2, 0.0f, rule), 1.0f);
  // An addend of -1 leaves what was kept of the small product.
  float small[2] = {1.0f, 0x1p-12f}, same[2] = {1.0f, 0x1p-13f};
  EXPECT_EQ(fusedDotAdd(small, same, 2, -1.0f, rule), 0x1p-25f);
  DotRule eight = dotRule(MmaType::E4M3, 90, true);
  float x[2] = {1.0f, 0x1p-7f}, y[2] = {1.0f, 0x1p-7f};
  EXPECT_EQ(fusedDotAdd(x, y, 2, 0.0f, eight), 1.0f);
  // Truncation goes towards zero on both sides.
  float p[2] = {1.0f, -0x1p-13f}, q[2] = {1.0f, 0x1p-13f};
  EXPECT_EQ(fusedDotAdd(p, q, 2, 0.0f, rule), 1.0f);
}

TEST(TensorCore, PanelsAgreeWithSingleDots) {
  DotRule rule = dotRule(MmaType::F16, 90, false);
  const unsigned m = 5, n = 19, k = 48;
  std::vector<float> a(m * k), b(n * k), c(m * n), d(m * n);
  unsigned seed = 1;
  auto next = [&] {
    seed = seed * 1664525 + 1013904223;
    return halfToFloat(uint16_t(seed >> 16 & 0xbfff));
  };
  for (auto *list : {&a, &b, &c})
    for (float &v : *list)
      v = next();
  multiplyTile(a.data(), k, b.data(), k, c.data(), n, d.data(), n, m, n, k,
               rule, TensorCoreMode::Exact);
  for (unsigned i = 0; i < m; ++i)
    for (unsigned j = 0; j < n; ++j)
      EXPECT_EQ(d[i * n + j],
                fusedDotAdd(&a[i * k], &b[j * k], k, c[i * n + j], rule));
}

} // namespace
} // namespace vgpu::test
