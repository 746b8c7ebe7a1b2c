// TensorCoreTest.cpp - sums of tensor cores, bit for bit, against integers.
//
// The rule is the published measurement of the H100 and A100 (arXiv
// 2511.10909): a fused sum aligns its products and the addend to the largest
// exponent, drops what lies below a fixed number of fraction bits, adds, and
// drops what the result cannot hold. The oracle here does that on integers.
#include "test/vgpu/core/KernelRunner.h"

#include "tools/vgpu/core/TensorCore.h"

#include <bit>
#include <cmath>
#include <random>

namespace vgpu::test {
namespace {

/// value = mantissa * 2^(exponent - 23), as its format counts the exponent.
struct Parts {
  int64_t mantissa;
  int exponent;
};
Parts partsOf(float value) {
  auto bits = std::bit_cast<uint32_t>(value);
  int exponent = int(bits >> 23 & 255);
  int64_t mantissa = bits & 0x7fffff;
  if (exponent)
    mantissa |= 1 << 23;
  return {bits >> 31 ? -mantissa : mantissa, (exponent ? exponent : 1) - 127};
}

/// value * 2^shift towards zero.
int64_t shifted(int64_t value, int shift) {
  int64_t magnitude = value < 0 ? -value : value;
  if (shift >= 0)
    magnitude <<= shift;
  else
    magnitude = shift > -63 ? magnitude >> -shift : 0;
  return value < 0 ? -magnitude : magnitude;
}

/// One fused sum.
float oracleSum(const float *a, const float *b, unsigned k, float c,
                int fractionBits, int resultBits) {
  int top = c != 0 ? partsOf(c).exponent : -100000;
  for (unsigned i = 0; i < k; ++i)
    if (a[i] != 0 && b[i] != 0)
      top = std::max(top, partsOf(a[i]).exponent + partsOf(b[i]).exponent);
  if (top == -100000)
    return 0;
  Parts addend = partsOf(c);
  int64_t sum = c == 0 ? 0
                       : shifted(addend.mantissa,
                                 addend.exponent - 23 - top + fractionBits);
  for (unsigned i = 0; i < k; ++i) {
    Parts x = partsOf(a[i]), y = partsOf(b[i]);
    sum += shifted(x.mantissa * y.mantissa,
                   x.exponent + y.exponent - 46 - top + fractionBits);
  }
  auto magnitude = uint64_t(sum < 0 ? -sum : sum);
  int extra = std::bit_width(magnitude) - (resultBits + 1);
  if (extra > 0)
    magnitude = magnitude >> extra << extra;
  auto value = float(std::ldexp(double(magnitude), top - fractionBits));
  return sum < 0 ? -value : value;
}

/// How published measurements describe one operand type.
struct Published {
  const char *name;
  MmaType type;
  int architecture;
  bool wgmma;
  unsigned products; ///< in one fused sum
  int fractionBits, resultBits;
  int mantissaBits, leastExponent, mostExponent; ///< of the operands
};
const Published published[] = {
    {"H100 f16", MmaType::F16, 90, false, 16, 25, 23, 10, -14, 15},
    {"H100 bf16", MmaType::BF16, 90, false, 16, 25, 23, 7, -30, 30},
    {"H100 bf16 wgmma", MmaType::BF16, 90, true, 16, 25, 23, 7, -30, 30},
    {"H100 tf32", MmaType::TF32, 90, true, 8, 25, 23, 10, -30, 30},
    {"H100 e4m3 wgmma", MmaType::E4M3, 90, true, 32, 13, 13, 3, -6, 7},
    {"H100 e5m2 wgmma", MmaType::E5M2, 90, true, 32, 13, 13, 2, -14, 14},
    {"A100 f16", MmaType::F16, 80, false, 8, 24, 23, 10, -14, 15},
    {"A100 bf16", MmaType::BF16, 80, false, 8, 24, 23, 7, -30, 30},
    {"A100 tf32", MmaType::TF32, 80, false, 4, 24, 23, 10, -30, 30},
};

class Random {
public:
  explicit Random(unsigned seed) : engine(seed) {}
  /// A value of the operands' format; sometimes zero.
  float operand(const Published &p) {
    if (engine() % 16 == 0)
      return 0;
    double mantissa = 1 + double(engine() % (1u << p.mantissaBits)) /
                              double(1u << p.mantissaBits);
    int exponent = p.leastExponent +
                   int(engine() % unsigned(p.mostExponent - p.leastExponent));
    return float(std::ldexp(engine() % 2 ? mantissa : -mantissa, exponent));
  }
  /// An addend of any 24-bit mantissa.
  float addend(int most) {
    int64_t mantissa = int64_t(engine() % (1u << 24)) - (1 << 23);
    return float(std::ldexp(double(mantissa), int(engine() % 40) - 60 + most));
  }

private:
  std::mt19937 engine;
};

float oracle(const Published &p, const float *a, const float *b, unsigned k,
             float c) {
  for (unsigned i = 0; i < k; i += p.products)
    c = oracleSum(a + i, b + i, std::min(p.products, k - i), c, p.fractionBits,
                  p.resultBits);
  return c;
}

TEST(TensorCore, FusedSumsFollowThePublishedRule) {
  for (const Published &p : published) {
    Random random(7);
    DotRule rule = dotRule(p.type, p.architecture, p.wgmma);
    for (int turn = 0; turn < 3000; ++turn) {
      float a[64], b[64], c = random.addend(p.mostExponent);
      for (unsigned i = 0; i < 64; ++i) {
        a[i] = random.operand(p);
        b[i] = random.operand(p);
      }
      ASSERT_EQ(std::bit_cast<uint32_t>(fusedDotAdd(a, b, 64, c, rule)),
                std::bit_cast<uint32_t>(oracle(p, a, b, 64, c)))
          << p.name << ", turn " << turn;
    }
  }
}

TEST(TensorCore, TilesAreTheSameSums) {
  for (const Published &p : published) {
    Random random(11);
    DotRule rule = dotRule(p.type, p.architecture, p.wgmma);
    const unsigned m = 5, n = 19, k = 32; // whole strips and a rest
    std::vector<float> a(m * k), b(n * k), c(m * n), d(m * n);
    for (float &x : a)
      x = random.operand(p);
    for (float &x : b)
      x = random.operand(p);
    for (float &x : c)
      x = random.addend(p.mostExponent);
    multiplyTile(a.data(), k, b.data(), k, c.data(), n, d.data(), n, m, n, k,
                 rule, TensorCoreMode::Exact);
    for (unsigned i = 0; i < m; ++i)
      for (unsigned j = 0; j < n; ++j)
        ASSERT_EQ(d[i * n + j],
                  oracle(p, &a[i * k], &b[j * k], k, c[i * n + j]))
            << p.name << " " << i << " " << j;
  }
}

/// What the rule drops, value by value.
TEST(TensorCore, WhatIsDropped) {
  DotRule wide = dotRule(MmaType::BF16, 90, true);
  DotRule eight = dotRule(MmaType::E4M3, 90, true);
  const float one[3] = {1, 1, 1};
  auto sum = [&](float x, float y, float c, const DotRule &rule) {
    const float a[2] = {x, y};
    return fusedDotAdd(a, one, 2, c, rule);
  };
  // The last kept bit lies 25 below the largest exponent, 13 in fp8.
  EXPECT_EQ(sum(1, 0x1p-25f, -1, wide), 0x1p-25f);
  EXPECT_EQ(sum(1, 0x1p-26f, -1, wide), 0.0f);
  EXPECT_EQ(sum(1, 0x1p-13f, -1, eight), 0x1p-13f);
  EXPECT_EQ(sum(1, 0x1p-14f, -1, eight), 0.0f);
  // Towards zero, on both sides of it: no rounding to nearest.
  EXPECT_EQ(sum(1, 0x1.8p-24f, 0, wide), 1.0f);
  EXPECT_EQ(sum(-1, -0x1.8p-24f, 0, wide), -1.0f);
  EXPECT_EQ(sum(1, 0x1.8p-13f, 0, eight), 1.0f + 0x1p-13f);
  // The order inside a fused sum does not matter, that of sums does.
  EXPECT_EQ(sum(0x1p-20f, 1, -1, wide), sum(1, 0x1p-20f, -1, wide));
  DotRule pairs = wide;
  pairs.fusedProducts = 1;
  const float a[3] = {1, 0x1p-24f, -1}, b[3] = {1, -1, 0x1p-24f};
  EXPECT_EQ(fusedDotAdd(a, one, 3, 0, pairs), 0.0f);
  EXPECT_EQ(fusedDotAdd(b, one, 3, 0, pairs), 0x1p-24f);
}

/// fp8 sums that are never promoted stop growing: the reason to add partial
/// sums of 128 products in f32.
TEST(TensorCore, LongSumsOfEightBitsLoseWhatPromotionKeeps) {
  DotRule rule = dotRule(MmaType::E4M3, 90, true);
  const unsigned k = 1 << 16;
  std::vector<float> ones(k, 1.0f), small(k, 0.125f);
  float plain = fusedDotAdd(small.data(), ones.data(), k, 0, rule);
  float promoted = 0;
  for (unsigned i = 0; i < k; i += 128)
    promoted += fusedDotAdd(&small[i], &ones[i], 128, 0, rule);
  EXPECT_EQ(promoted, k * 0.125f);
  // Beside 2^11 the last kept bit is worth 1/4: every product is dropped.
  EXPECT_EQ(plain, 0x1p11f);
}

/// The instruction itself, in exact mode: m16n8k16 of bf16.
TEST(TensorCore, MmaInstruction) {
  Runner runner;
  ASSERT_TRUE(runner.load(
      ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry k("
      ".param .u64 a, .param .u64 b, .param .u64 c) {\n.reg .b32 %a<4>;\n"
      ".reg .b32 %b<2>;\n.reg .f32 %c<4>;\n.reg .b32 %t;\n.reg .b64 %d<4>;\n"
      "mov.u32 %t, %tid.x;\nld.param.u64 %d0, [a];\nld.param.u64 %d1, [b];\n"
      "ld.param.u64 %d2, [c];\nmad.wide.u32 %d0, %t, 16, %d0;\n"
      "mad.wide.u32 %d1, %t, 8, %d1;\nmad.wide.u32 %d2, %t, 16, %d2;\n"
      "ld.global.v4.b32 {%a0, %a1, %a2, %a3}, [%d0];\n"
      "ld.global.v2.b32 {%b0, %b1}, [%d1];\n"
      "ld.global.v4.f32 {%c0, %c1, %c2, %c3}, [%d2];\n"
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%c0, %c1, %c2, "
      "%c3}, {%a0, %a1, %a2, %a3}, {%b0, %b1}, {%c0, %c1, %c2, %c3};\n"
      "st.global.v4.f32 [%d2], {%c0, %c1, %c2, %c3};\nret;\n}\n"))
      << runner.error.str();
  const Published &p = published[1];
  Random random(5);
  float a[16][16], b[8][16];
  for (auto &row : a)
    for (float &x : row)
      x = random.operand(p);
  for (auto &row : b)
    for (float &x : row)
      x = random.operand(p);
  auto pair = [](const float *x) {
    return std::bit_cast<uint32_t>(x[0]) >> 16 |
           (std::bit_cast<uint32_t>(x[1]) & 0xffff0000u);
  };
  std::vector<uint32_t> as, bs;
  std::vector<float> cs;
  for (unsigned l = 0; l < 32; ++l) {
    for (unsigned r = 0; r < 4; ++r)
      as.push_back(pair(&a[l / 4 + r % 2 * 8][l % 4 * 2 + r / 2 * 8]));
    for (unsigned r = 0; r < 2; ++r)
      bs.push_back(pair(&b[l / 4][l % 4 * 2 + r * 8]));
    for (unsigned r = 0; r < 4; ++r)
      cs.push_back(random.addend(p.mostExponent));
  }
  Buffer ad(*runner.device, as), bd(*runner.device, bs), cd(*runner.device, cs);
  LaunchResult result =
      runner.run("k", {1, 1, 1}, {32, 1, 1}, 0, &std::as_const(ad),
                 &std::as_const(bd), &std::as_const(cd));
  ASSERT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  std::vector<float> out = cd.read<float>();
  for (unsigned l = 0; l < 32; ++l)
    for (unsigned r = 0; r < 4; ++r)
      EXPECT_EQ(out[l * 4 + r], oracle(p, a[l / 4 + r / 2 * 8],
                                       b[l % 4 * 2 + r % 2], 16, cs[l * 4 + r]))
          << "lane " << l << ", result " << r;
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
