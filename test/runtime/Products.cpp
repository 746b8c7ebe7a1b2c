//===- Products.cpp - dense and grouped products against plain loops ------===//
#include "runtime/core/base/Random.h"
#include "runtime/core/model/ProductRate.h"
#include "runtime/core/model/Session.h"
#include "test/runtime/PlanBuilder.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

void fillRandom(const TensorView &view, uint64_t key) {
  for (int64_t i = 0; i < view.elements(); ++i)
    view.setNumber(i, randomNormal(key, static_cast<uint64_t>(i)));
}

/// Agreement that the types allow, for sums of `terms` terms of about one.
double tolerance(uint32_t dtype, uint32_t compute, int64_t terms) {
  double unit = dtype == TRESSE_BF16    ? 0x1p-8
                : compute == TRESSE_F32 ? 0x1p-22
                                        : 0x1p-50;
  return unit * (2 + std::sqrt(static_cast<double>(terms))) * 2;
}

struct Shape {
  int64_t batch, m, n, k;
  uint32_t a, b, d, compute, transpose;
  double beta;
};

void checkGemm(const Shape &s) {
  PlanBuilder builder;
  bool ta = s.transpose & 1, tb = s.transpose & 2;
  auto sizes = [&](int64_t rows, int64_t columns) {
    return s.batch ? std::vector<int64_t>{s.batch, rows, columns}
                   : std::vector<int64_t>{rows, columns};
  };
  uint32_t a = builder.tensor(s.a, sizes(ta ? s.k : s.m, ta ? s.m : s.k));
  uint32_t b = builder.tensor(s.b, sizes(tb ? s.n : s.k, tb ? s.k : s.n));
  uint32_t d = builder.tensor(s.d, sizes(s.m, s.n));
  builder.beginEntry("run");
  builder.input("a", a), builder.input("b", b), builder.input("d", d);
  builder.output("d", d);
  builder.gemm(a, b, d, s.transpose, s.compute, s.beta);
  builder.endEntry();
  auto bytes = builder.bytes();
  tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
  std::string first;
  for (int threads : {1, 2, 3}) {
    Session session(model, threads);
    TensorView A = session.input("run", "a"), B = session.input("run", "b"),
               D = session.input("run", "d");
    fillRandom(A, 1), fillRandom(B, 2), fillRandom(D, 3);
    std::vector<double> expected;
    for (int64_t e = 0; e < std::max<int64_t>(s.batch, 1); ++e)
      for (int64_t i = 0; i < s.m; ++i)
        for (int64_t j = 0; j < s.n; ++j) {
          double sum = 0;
          for (int64_t k = 0; k < s.k; ++k)
            sum += A.number(e * s.m * s.k + (ta ? k * s.m + i : i * s.k + k)) *
                   B.number(e * s.n * s.k + (tb ? j * s.k + k : k * s.n + j));
          if (s.beta != 0)
            sum += s.beta * D.number((e * s.m + i) * s.n + j);
          expected.push_back(sum);
        }
    session.run("run");
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(expected[i], D.number(static_cast<int64_t>(i)),
                  tolerance(s.d, s.compute, s.k) * (1 + std::fabs(expected[i])))
          << s.batch << " " << s.m << " " << s.n << " " << s.k << " at " << i;
    std::string bits(static_cast<char *>(D.data),
                     static_cast<size_t>(D.elements()) * elementBytes(s.d));
    if (threads == 1)
      first = bits;
    EXPECT_TRUE(first == bits) << threads << " threads";
  }
}

TEST(Gemm, EveryTypeAndTranspose) {
  const uint32_t types[][4] = {
      {TRESSE_F32, TRESSE_F32, TRESSE_F32, TRESSE_F32},
      {TRESSE_F64, TRESSE_F64, TRESSE_F64, TRESSE_F64},
      {TRESSE_BF16, TRESSE_BF16, TRESSE_BF16, TRESSE_F32},
      {TRESSE_BF16, TRESSE_F32, TRESSE_F32, TRESSE_F32},
      {TRESSE_F32, TRESSE_BF16, TRESSE_F64, TRESSE_F64},
  };
  for (auto &t : types)
    for (uint32_t transpose = 0; transpose < 4; ++transpose)
      for (double beta : {0.0, 1.0}) {
        checkGemm({0, 70, 33, 19, t[0], t[1], t[2], t[3], transpose, beta});
        checkGemm({3, 5, 7, 11, t[0], t[1], t[2], t[3], transpose, beta});
        checkGemm({0, 1, 130, 29, t[0], t[1], t[2], t[3], transpose, beta});
      }
}

TEST(Gemm, OddSizes) {
  for (uint32_t type : {uint32_t{TRESSE_F32}, uint32_t{TRESSE_BF16}}) {
    uint32_t d = TRESSE_F32;
    checkGemm({0, 1, 1, 1, type, type, d, TRESSE_F32, 0, 0});
    checkGemm({0, 257, 3, 1030, type, type, d, TRESSE_F32, 2, 1});
    checkGemm({0, 3, 300, 520, type, type, d, TRESSE_F32, 2, 0});
    checkGemm({0, 4, 5, 0, type, type, d, TRESSE_F32, 2, 0});
    checkGemm({0, 4, 5, 0, type, type, d, TRESSE_F32, 2, 1});
    checkGemm({2, 0, 5, 3, type, type, d, TRESSE_F32, 2, 0});
  }
}

TEST(Gemm, ThreadsDoNotDisturbEachOther) {
  // Small tiles, so that threads enter and leave the BLAS all the time.
  for (uint32_t type : {uint32_t{TRESSE_F64}, uint32_t{TRESSE_F32}}) {
    PlanBuilder b;
    uint32_t x = b.tensor(type, {400, 33, 33});
    uint32_t y = b.tensor(type, {400, 33, 33});
    b.beginEntry("run");
    b.input("x", x), b.output("y", y);
    for (int i = 0; i < 40; ++i)
      b.gemm(x, x, y, 2, type);
    b.endEntry();
    auto bytes = b.bytes();
    tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
    std::string first;
    for (int repeat = 0; repeat < 10; ++repeat) {
      Session session(model, repeat == 0 ? 1 : 2);
      fillRandom(session.input("run", "x"), 1);
      session.run("run");
      TensorView Y = session.output("run", "y");
      std::string bits(static_cast<char *>(Y.data),
                       static_cast<size_t>(Y.elements()) * elementBytes(type));
      if (repeat == 0)
        first = bits;
      ASSERT_TRUE(first == bits) << "repeat " << repeat;
    }
  }
}

TEST(Gemm, HeadsAreStridedBatches) {
  // x [R, H, in] and w [H, out, in]: d[r, h] = w[h] x[r, h].
  const int64_t R = 6, H = 3, in = 4, out = 5;
  PlanBuilder b;
  uint32_t x = b.tensor(TRESSE_F32, {R, H, in});
  uint32_t w = b.tensor(TRESSE_F32, {H, out, in});
  uint32_t d = b.tensor(TRESSE_F32, {R, H, out});
  uint32_t xh = b.view(x, TRESSE_F32, {H, R, in}, {in, H * in, 1});
  uint32_t dh = b.view(d, TRESSE_F32, {H, R, out}, {out, H * out, 1});
  b.beginEntry("run");
  b.input("x", x), b.input("w", w), b.output("d", d);
  b.gemm(xh, w, dh, 2, TRESSE_F32);
  b.endEntry();
  auto bytes = b.bytes();
  tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
  Session session(model, 2);
  TensorView X = session.input("run", "x"), W = session.input("run", "w");
  fillRandom(X, 1), fillRandom(W, 2);
  session.run("run");
  TensorView D = session.output("run", "d");
  for (int64_t r = 0; r < R; ++r)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t o = 0; o < out; ++o) {
        double sum = 0;
        for (int64_t i = 0; i < in; ++i)
          sum +=
              X.number((r * H + h) * in + i) * W.number((h * out + o) * in + i);
        EXPECT_NEAR(sum, D.number((r * H + h) * out + o), 1e-5);
      }
}

/// Groups with empty ones among them; rows behind the last group are nan.
void checkGrouped(uint32_t type, uint32_t sums, bool varyingK, bool transposeB,
                  double beta, unsigned seed) {
  std::mt19937 random(seed);
  const int64_t E = 5, R = 300, K = 37, N = 70;
  std::vector<int32_t> ends;
  int32_t last = 0;
  for (int64_t g = 0; g < E; ++g) {
    last += g == 1 ? 0 : static_cast<int32_t>(random() % 70);
    ends.push_back(last);
  }
  PlanBuilder b;
  uint32_t a = b.tensor(type, {R, K});
  uint32_t other = varyingK     ? b.tensor(type, {R, N})
                   : transposeB ? b.tensor(type, {E, N, K})
                                : b.tensor(type, {E, K, N});
  uint32_t d = varyingK ? b.tensor(sums, {E, K, N}) : b.tensor(type, {R, N});
  uint32_t endsTensor = b.tensor(TRESSE_I32, {E});
  b.beginEntry("run");
  b.input("a", a), b.input("b", other), b.input("ends", endsTensor);
  b.input("d", d);
  b.groupedGemm(a, other, d, endsTensor,
                varyingK ? TRESSE_VARYING_K : TRESSE_VARYING_M,
                transposeB ? 2 : 0, sums, beta);
  b.endEntry();
  auto bytes = b.bytes();
  tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
  std::string first;
  for (int threads : {1, 2, 3}) {
    Session session(model, threads);
    TensorView A = session.input("run", "a"), B = session.input("run", "b"),
               D = session.input("run", "d");
    fillRandom(A, 1), fillRandom(B, 2), fillRandom(D, 3);
    for (int64_t i = last * K; i < R * K; ++i)
      A.setNumber(i, NAN);
    std::memcpy(session.input("run", "ends").data, ends.data(),
                ends.size() * sizeof(int32_t));
    std::vector<double> expected;
    for (int64_t i = 0; i < D.elements(); ++i)
      expected.push_back(D.number(i));
    int64_t begin = 0;
    for (int64_t g = 0; g < E; ++g) {
      int64_t end = ends[static_cast<size_t>(g)];
      if (varyingK)
        for (int64_t i = 0; i < K * N; ++i) {
          double sum = 0;
          for (int64_t r = begin; r < end; ++r)
            sum += A.number(r * K + i / N) * B.number(r * N + i % N);
          auto at = static_cast<size_t>(g * K * N + i);
          expected[at] = sum + beta * (beta != 0 ? expected[at] : 0);
        }
      else
        for (int64_t i = begin * N; i < end * N; ++i) {
          double sum = 0;
          int64_t r = i / N, n = i % N;
          for (int64_t k = 0; k < K; ++k)
            sum += A.number(r * K + k) *
                   B.number(g * K * N + (transposeB ? n * K + k : k * N + n));
          auto at = static_cast<size_t>(i);
          expected[at] = sum + beta * (beta != 0 ? expected[at] : 0);
        }
      begin = end;
    }
    session.run("run");
    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(expected[i], D.number(static_cast<int64_t>(i)),
                  tolerance(D.dtype, sums, 70) * (1 + std::fabs(expected[i])))
          << "seed " << seed << " at " << i;
    std::string bits(static_cast<char *>(D.data),
                     static_cast<size_t>(D.elements()) * elementBytes(D.dtype));
    if (threads == 1)
      first = bits;
    EXPECT_TRUE(first == bits) << threads << " threads";
  }
}

TEST(GroupedGemm, GroupsOfAllSizes) {
  for (unsigned seed = 1; seed <= 3; ++seed)
    for (bool varyingK : {false, true})
      for (bool transposeB : {false, true})
        for (double beta : {0.0, 1.0}) {
          checkGrouped(TRESSE_F32, TRESSE_F32, varyingK, transposeB, beta,
                       seed);
          checkGrouped(TRESSE_F64, TRESSE_F64, varyingK, transposeB, beta,
                       seed);
          checkGrouped(TRESSE_BF16, TRESSE_F32, varyingK, transposeB, beta,
                       seed);
        }
}

TEST(ProductRate, CountsWhatAPlanStates) {
  PlanBuilder b;
  uint32_t x = b.tensor(TRESSE_F32, {4, 4}), y = b.tensor(TRESSE_F32, {4, 4});
  b.beginEntry("run");
  b.gemm(x, x, y, 0, TRESSE_F32);
  b.gemm(x, x, y, 0, TRESSE_F32);
  b.fill(y, 0);
  b.endEntry();
  b.header.target = TRESSE_CPU;
  b.steps[0].flops = 100, b.steps[1].flops = 20, b.steps[2].flops = 3;
  b.steps[1].name = b.string("recomputed linear");
  std::vector<uint64_t> bytes = b.bytes();
  Plan plan(bytes.data(), bytes.size() * 8);
  EXPECT_EQ(100, productFlops(plan, plan.entries[0]));
  EXPECT_GT(measureProductRate(plan, 2), 0);
  b.header.target = TRESSE_REFERENCE;
  bytes = b.bytes();
  EXPECT_EQ(0, measureProductRate(Plan(bytes.data(), bytes.size() * 8), 2));
}

} // namespace
