// Sampling.cpp - sampling, the optimizer and the global norm.
#include <gtest/gtest.h>

#include "Call.h"

using namespace tresse;

namespace {

/// The token drawn from `logits` with the given settings.
double draw(const std::vector<double> &logits, std::vector<double> settings) {
  settings.resize(8);
  Array row({1, static_cast<int64_t>(logits.size())}, logits);
  Array sampling({1, 8}, settings), token({1}, TRESSE_I32);
  Call().add(row).add(sampling).add(token).run(tresse_ref_sample);
  return token.get(0);
}

// Probabilities 0.1, 0.4, 0.2, 0.3.
const std::vector<double> four = {std::log(.1), std::log(.4), std::log(.2),
                                  std::log(.3)};

TEST(Sample, greedy_takes_the_lowest_of_equals) {
  EXPECT_EQ(draw({1, 3, 3, 2}, {0, 0, 1, 0, .9}), 1);
}

TEST(Sample, inverts_the_distribution_in_descending_order) {
  EXPECT_EQ(draw(four, {1, 0, 1, 0, 0}), 1);
  EXPECT_EQ(draw(four, {1, 0, 1, 0, .39}), 1);
  EXPECT_EQ(draw(four, {1, 0, 1, 0, .41}), 3);
  EXPECT_EQ(draw(four, {1, 0, 1, 0, .71}), 2);
  EXPECT_EQ(draw(four, {1, 0, 1, 0, .91}), 0);
  EXPECT_EQ(draw({0, 0}, {1, 0, 1, 0, .49}), 0) << "equals: lower id first";
}

TEST(Sample, temperature_sharpens) {
  // Squared and renormalised: 16/30, 9/30, 4/30, 1/30.
  EXPECT_EQ(draw(four, {.5, 0, 1, 0, .53}), 1);
  EXPECT_EQ(draw(four, {.5, 0, 1, 0, .54}), 3);
}

TEST(Sample, top_k_then_top_p_then_min_p) {
  EXPECT_EQ(draw(four, {1, 1, 1, 0, .99}), 1);
  EXPECT_EQ(draw(four, {1, 2, 1, 0, .99}), 3);
  EXPECT_EQ(draw(four, {1, 0, .7001, 0, .99}), 2) << "the crossing token stays";
  EXPECT_EQ(draw(four, {1, 0, .69, 0, .99}), 3);
  // After top-k 2 the distribution is 4/7, 3/7: top-p 0.55 keeps one.
  EXPECT_EQ(draw(four, {1, 2, .55, 0, .99}), 1);
  EXPECT_EQ(draw(four, {1, 0, 1, .6, .99}), 3);
  EXPECT_EQ(draw(four, {1, 0, 1, .8, .99}), 1);
}

TEST(Adamw, first_step_moves_by_the_rate_and_decays) {
  Array p({2}, {1, -2}), g({2}, {3, -.5}), m({2}), v({2}), norm({1}, {4});
  Array hyper({16}, {.01, .9, .95, 0, .1, 2, .1, .05});
  Call call;
  call.add(p).add(g).add(m).add(v).add(norm).add(hyper).add(p).add(m).add(v);
  call.run(tresse_ref_adamw);
  double clip = 2 / (4 + 1e-6);
  EXPECT_NEAR(p.get(0), 1 * (1 - .001) - .01, 1e-15);
  EXPECT_NEAR(p.get(1), -2 * (1 - .001) + .01, 1e-15);
  EXPECT_NEAR(m.get(0), .1 * 3 * clip, 1e-15);
  EXPECT_NEAR(v.get(0), .05 * 9 * clip * clip, 1e-15);
}

TEST(Adamw, without_a_clip_uses_the_whole_gradient) {
  Array p({1}, {1}), g({1}, {3}), m({1}), v({1}), norm({1}, {100});
  Array hyper({16}, {.01, .9, .95, 1, 0, 0, .1, .05});
  Call call;
  call.add(p).add(g).add(m).add(v).add(norm).add(hyper).add(p).add(m).add(v);
  call.run(tresse_ref_adamw);
  EXPECT_NEAR(m.get(0), .3, 1e-15);
  EXPECT_NEAR(p.get(0), 1 - .01 * 3 / (3 + 1), 1e-15);
}

TEST(GlobalNorm, is_the_root_of_all_chunks) {
  Array x({3}, {1, 2, 3}), y({2, 2}, {1, 1, 1, 2}), sums({2}), norm({1});
  Call().add(x).add(sums).add(sums).run(tresse_ref_square_sum);
  EXPECT_EQ(sums.values(), (std::vector<double>{5, 9}));
  Call().add(y).add(sums).add(sums).run(tresse_ref_square_sum);
  EXPECT_EQ(sums.values(), (std::vector<double>{7, 14}));
  Call().add(sums).add(norm).run(tresse_ref_global_norm);
  EXPECT_DOUBLE_EQ(norm.get(0), std::sqrt(21.0));
}

} // namespace
