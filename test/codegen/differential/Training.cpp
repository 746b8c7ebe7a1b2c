// Training.cpp - embedding, sums over rows, the optimizer, elementwise ops.
#include "Case.h"

using namespace tresse::test;

namespace {
constexpr auto Storage = Type::Storage;
constexpr auto Wide = Type::Wide;
constexpr auto Index = Type::Index;

void fillTokens(Tensor &tokens, Random &random, int64_t vocabulary) {
  for (int64_t i = 0; i < tokens.count(); ++i)
    tokens.set(i, random.integer(-1, vocabulary - 1));
}

TEST(CpuKernels, Embed) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(20), d = random.size(300), v = random.size(50);
    Case c("lm.embed", tresse_ref_embed, dtype, random);
    fillTokens(c.in(Index, {2, rows}), random, v);
    c.in(Storage, {v, d});
    c.out(Storage, {2, rows, d});
    c.check();
  });
}

TEST(CpuKernels, EmbedGrad) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(40), d = random.size(300), v = random.size(20);
    Case c("lm.embed_grad", tresse_ref_embed_grad, dtype, random);
    fillTokens(c.in(Index, {2, rows}), random, v);
    c.in(Storage, {2, rows, d});
    bool accumulates = random.chance();
    if (accumulates)
      c.in(Wide, {v, d});
    else
      c.absent();
    c.out(Wide, {v, d}, accumulates ? 2 : -1);
    c.check();
  });
}

TEST(CpuKernels, RowSum) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(200), d = random.size(300);
    Case c("lm.row_sum", tresse_ref_row_sum, dtype, random);
    c.in(Storage, {rows, d});
    bool accumulates = random.chance();
    if (accumulates)
      c.in(Wide, {d});
    else
      c.absent();
    c.out(Wide, {d}, accumulates ? 1 : -1);
    c.check();
  });
}

TEST(CpuKernels, Adamw) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(100), d = random.size(100);
    Case c("lm.adamw", tresse_ref_adamw, dtype, random);
    for (int i = 0; i < 4; ++i)
      c.in(Wide, {rows, d});
    for (int64_t i = 0; i < rows * d; ++i)
      c.operand(3).set(i, random.uniform(0, 2));
    c.in(Wide, {1}).set(0, 3.5);
    Tensor &hyper = c.in(Wide, {16});
    double values[] = {1e-2, .9, .95, 1e-8, .1, random.chance() ? 1. : 0.,
                       .1,   .05};
    for (int i = 0; i < 8; ++i)
      hyper.set(i, values[i]);
    c.out(Wide, {rows, d}, 0);
    c.out(Wide, {rows, d}, 2);
    c.out(Wide, {rows, d}, 3);
    c.check();
  });
}

TEST(CpuKernels, Norms) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(100), chunks = random.size(64);
    Case sum("lm.square_sum", tresse_ref_square_sum, dtype, random);
    sum.in(Wide, {rows, 37});
    sum.in(Wide, {chunks});
    sum.out(Wide, {chunks}, 1);
    sum.check();
    Case norm("lm.global_norm", tresse_ref_global_norm, dtype, random);
    Tensor &partial = norm.in(Wide, {chunks});
    for (int64_t i = 0; i < chunks; ++i)
      partial.set(i, random.uniform(0, 3));
    norm.out(Wide, {1});
    norm.check();
  });
}

TEST(CpuKernels, Elementwise) {
  for (const char *op :
       {"arith.addf", "arith.subf", "arith.mulf", "arith.divf",
        "arith.maximumf", "arith.negf", "math.exp", "math.tanh", "math.sqrt"})
    forAll(
        [&](uint32_t dtype, Random &random) {
          int64_t rows = random.size(60), d = random.size(200);
          Case c(op, tresse_ref_elementwise, dtype, random);
          bool unary = std::string(op).starts_with("math") ||
                       std::string(op) == "arith.negf";
          for (int operand = 0; operand < (unary ? 1 : 2); ++operand) {
            Tensor &x = c.in(Storage, {rows, d});
            for (int64_t i = 0; i < rows * d; ++i)
              x.set(i,
                    random.uniform(0.5, 3) * (std::string(op) == "math.sqrt" ? 1
                                              : random.chance() ? 1
                                                                : -1));
          }
          c.out(Storage, {rows, d});
          c.check();
        },
        1);
}

} // namespace
