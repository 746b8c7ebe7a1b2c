// Rows.cpp - row-wise ops: norms, rotation, feed-forward, losses.
#include "Case.h"

using namespace tresse::test;

namespace {
constexpr auto Storage = Type::Storage;
constexpr auto Wide = Type::Wide;
constexpr auto Index = Type::Index;

TEST(CpuKernels, RmsNorm) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(20), channels = random.size(300);
    Case c("lm.rms_norm", tresse_ref_rms_norm, dtype, random);
    c.in(Storage, {rows, 2, channels});
    c.in(Wide, {channels});
    c.attribute("epsilon = 1.0e-6 : f64");
    c.out(Storage, {rows, 2, channels});
    c.check();
  });
}

TEST(CpuKernels, RmsNormGradInput) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(20), channels = random.size(300);
    Case c("lm.rms_norm_grad_input", tresse_ref_rms_norm_grad_input, dtype,
           random);
    c.in(Storage, {rows, channels});
    c.in(Wide, {channels});
    c.in(Storage, {rows, channels});
    c.attribute("epsilon = 1.0e-5 : f64");
    c.setTermSize(8); // a row of one channel has gradient 0, but for epsilon
    c.out(Storage, {rows, channels});
    c.check();
  });
}

TEST(CpuKernels, RmsNormGradWeight) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(40), channels = random.size(300);
    Case c("lm.rms_norm_grad_weight", tresse_ref_rms_norm_grad_weight, dtype,
           random);
    c.in(Storage, {rows, channels});
    c.in(Storage, {rows, channels});
    c.attribute("epsilon = 1.0e-5 : f64");
    c.out(Wide, {random.integer(1, 9), channels});
    c.check();
  });
}

TEST(CpuKernels, Rotary) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(40), half = random.size(40);
    Case c("lm.rotary", tresse_ref_rotary, dtype, random);
    Tensor &positions = c.in(Index, {2, rows});
    for (int64_t i = 0; i < 2 * rows; ++i)
      positions.set(i, random.integer(-1, random.chance() ? 10 : 163840));
    c.attribute("theta = 1.0e4 : f64");
    c.attribute(random.chance() ? "factor = 1.0 : f64" : "factor = 40.0 : f64");
    c.attribute("original_positions = 4096 : i64, beta_fast = 32.0 : f64");
    c.attribute("beta_slow = 1.0 : f64, amplitude = 1.1 : f64");
    c.out(Wide, {2, rows, 2 * half});
    c.check();
  });
}

TEST(CpuKernels, Rope) {
  forAll(
      [](uint32_t dtype, Random &random) {
        int64_t rows = random.size(9), dim = 2 * random.size(40);
        int64_t offset = random.chance() ? 0 : random.size(70);
        int64_t channels =
            offset + dim + (random.chance() ? 0 : random.size(20));
        Sizes sizes = {2, rows, channels};
        if (random.chance())
          sizes = {2, rows, random.integer(1, 3), channels};
        Case c("lm.rope", tresse_ref_rope, dtype, random);
        c.in(Storage, sizes);
        c.in(Wide, {2, rows, dim});
        c.attribute("offset = " + std::to_string(offset) + " : i64");
        c.attribute(random.chance() ? "interleaved = true"
                                    : "interleaved = false");
        c.attribute(random.chance() ? "inverse = true" : "inverse = false");
        c.out(Storage, sizes);
        c.check();
      },
      8);
}

TEST(CpuKernels, Swiglu) {
  for (bool gradient : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      int64_t rows = random.size(30), width = random.size(200);
      Case c(gradient ? "lm.swiglu_grad" : "lm.swiglu",
             gradient ? tresse_ref_swiglu_grad : tresse_ref_swiglu, dtype,
             random);
      Tensor &x = c.in(Storage, {rows, 2 * width});
      bool grouped = random.chance();
      int64_t held = grouped ? random.integer(0, rows) : rows;
      for (int64_t i = held * 2 * width; i < rows * 2 * width; ++i)
        x.set(i, NAN);
      if (gradient) {
        Tensor &dy = c.in(Storage, {rows, width});
        for (int64_t i = held * width; i < rows * width; ++i)
          dy.set(i, NAN);
      }
      if (grouped) {
        Tensor &ends = c.in(Index, {3});
        ends.set(0, held / 2);
        ends.set(1, held / 2);
        ends.set(2, held);
      } else {
        c.absent();
      }
      c.out(Storage, {rows, gradient ? 2 * width : width});
      c.check();
    });
}

TEST(CpuKernels, Losses) {
  for (bool logp : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      int64_t rows = random.size(20), vocabulary = random.size(700);
      Case c(logp ? "lm.token_log_prob" : "lm.cross_entropy",
             logp ? tresse_ref_token_log_prob : tresse_ref_cross_entropy, dtype,
             random);
      c.in(Storage, {rows, vocabulary});
      Tensor &targets = c.in(Index, {rows});
      for (int64_t i = 0; i < rows; ++i)
        targets.set(i, random.integer(-1, vocabulary - 1));
      c.out(Wide, {rows});
      c.out(Wide, {rows});
      c.check();
    });
}

TEST(CpuKernels, CrossEntropyGrad) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(20), vocabulary = random.size(700);
    Case c("lm.cross_entropy_grad", tresse_ref_cross_entropy_grad, dtype,
           random);
    c.in(Storage, {rows, vocabulary});
    Tensor &targets = c.in(Index, {rows});
    for (int64_t i = 0; i < rows; ++i)
      targets.set(i, random.integer(-1, vocabulary - 1));
    Tensor &lse = c.in(Wide, {rows});
    for (int64_t i = 0; i < rows; ++i)
      lse.set(i, random.uniform(2, 8));
    c.in(Wide, {rows});
    c.out(Storage, {rows, vocabulary});
    c.check();
  });
}

TEST(CpuKernels, MeanValid) {
  for (bool gradient : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      int64_t rows = random.size(300);
      Case c(gradient ? "lm.mean_valid_grad" : "lm.mean_valid",
             gradient ? tresse_ref_mean_valid_grad : tresse_ref_mean_valid,
             dtype, random);
      c.in(Wide, gradient ? Sizes{1} : Sizes{rows});
      Tensor &targets = c.in(Index, {rows});
      bool none = random.integer(0, 3) == 0;
      for (int64_t i = 0; i < rows; ++i) {
        targets.set(i, none ? -1 : random.integer(-1, 1));
        if (!gradient && targets.get(i) < 0)
          c.operand(0).set(i, NAN);
      }
      c.out(Wide, gradient ? Sizes{rows} : Sizes{1});
      c.check();
    });
}

} // namespace
