// Elementwise.cpp - the arith and math interpreter, rounding, and movement.
#include <gtest/gtest.h>

#include <limits>

#include "Call.h"

using namespace tresse;

namespace {

const double none = std::nan("");

/// The result of `op` on operands that are all the type of the result.
std::vector<double> apply(const char *op, std::vector<Array> operands,
                          uint32_t dtype = TRESSE_F64, int64_t predicate = 0) {
  Array result(operands[0].sizes, dtype);
  Call call;
  for (Array &operand : operands)
    call.add(operand);
  call.add(result).text("op", op).integer("predicate", predicate);
  call.run(tresse_ref_elementwise);
  return result.values();
}

Array row(std::vector<double> values, uint32_t dtype = TRESSE_F64) {
  return Array({static_cast<int64_t>(values.size())}, values, dtype);
}

using Values = std::vector<double>;

TEST(Elementwise, arithmetic) {
  EXPECT_EQ(apply("arith.addf", {row({1, 2}), row({3, 4})}), (Values{4, 6}));
  EXPECT_EQ(apply("arith.subf", {row({1, 2}), row({3, 5})}), (Values{-2, -3}));
  EXPECT_EQ(apply("arith.mulf", {row({3, 2}), row({3, 4})}), (Values{9, 8}));
  EXPECT_EQ(apply("arith.divf", {row({3, 2}), row({2, 4})}), (Values{1.5, .5}));
  EXPECT_EQ(apply("arith.negf", {row({3, -2})}), (Values{-3, 2}));
  EXPECT_EQ(apply("arith.select", {row({1, 0}), row({3, 4}), row({5, 6})}),
            (Values{3, 6}));
  EXPECT_EQ(apply("arith.mulf", {row({3, 2}), row({10})}), (Values{30, 20}))
      << "one element stands for all";
}

TEST(Elementwise, maximum_keeps_nan_and_maxnum_drops_it) {
  EXPECT_TRUE(std::isnan(apply("arith.maximumf", {row({1}), row({none})})[0]));
  EXPECT_TRUE(std::isnan(apply("arith.minimumf", {row({none}), row({1})})[0]));
  EXPECT_EQ(apply("arith.maxnumf", {row({1}), row({none})})[0], 1);
  EXPECT_EQ(apply("arith.maximumf", {row({1, 3}), row({2, 1})}),
            (Values{2, 3}));
}

TEST(Elementwise, comparisons_of_floats) {
  Array a = row({1, 2, 3, none}), b = row({2, 2, 2, 2});
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 1), (Values{0, 1, 0, 0}));
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 2), (Values{0, 0, 1, 0}));
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 5), (Values{1, 1, 0, 0}));
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 7), (Values{1, 1, 1, 0}));
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 9), (Values{0, 0, 1, 1}));
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 13), (Values{1, 0, 1, 1}));
  EXPECT_EQ(apply("arith.cmpf", {a, b}, TRESSE_I1, 14), (Values{0, 0, 0, 1}));
}

TEST(Elementwise, comparisons_of_integers) {
  Array a = row({1, -1, 3}, TRESSE_I32), b = row({2, 2, 3}, TRESSE_I32);
  EXPECT_EQ(apply("arith.cmpi", {a, b}, TRESSE_I1, 0), (Values{0, 0, 1}));
  EXPECT_EQ(apply("arith.cmpi", {a, b}, TRESSE_I1, 2), (Values{1, 1, 0}));
  EXPECT_EQ(apply("arith.cmpi", {a, b}, TRESSE_I1, 6), (Values{1, 0, 0}))
      << "unsigned: -1 is the largest";
}

TEST(Elementwise, functions_of_math) {
  EXPECT_EQ(apply("math.rsqrt", {row({4})})[0], .5);
  EXPECT_DOUBLE_EQ(apply("math.exp", {row({1})})[0], std::exp(1.0));
  EXPECT_DOUBLE_EQ(apply("math.powf", {row({2}), row({3})})[0], 8);
  EXPECT_DOUBLE_EQ(apply("math.tanh", {row({.3})})[0], std::tanh(.3));
  EXPECT_EQ(apply("math.absf", {row({-2, 0})}), (Values{2, 0}));
}

TEST(Elementwise, constants_are_splats_or_lists) {
  Array result({2}, TRESSE_F32);
  Call splat;
  splat.add(result).text("op", "arith.constant").number("value", .5);
  splat.run(tresse_ref_elementwise);
  EXPECT_EQ(result.values(), (Values{.5, .5}));
}

TEST(Rounding, to_bf16_happens_once_and_to_even) {
  // 1 + 2^-8 is the tie between 1 and 1 + 2^-7; a little more must go up, even
  // where f32 cannot tell it from the tie.
  double tie = 1 + std::ldexp(1, -8);
  EXPECT_EQ(apply("arith.truncf", {row({tie})}, TRESSE_BF16)[0], 1);
  EXPECT_EQ(
      apply("arith.truncf", {row({tie + std::ldexp(1, -40)})}, TRESSE_BF16)[0],
      1 + std::ldexp(1, -7));
  EXPECT_EQ(
      apply("arith.truncf", {row({3 * std::ldexp(1, -8) + 1})}, TRESSE_BF16)[0],
      1 + std::ldexp(1, -6));
  EXPECT_EQ(apply("arith.truncf", {row({1e300})}, TRESSE_BF16)[0], INFINITY);
  EXPECT_TRUE(std::isnan(apply("arith.truncf", {row({none})}, TRESSE_BF16)[0]));
}

TEST(Rounding, to_integers_never_overflows) {
  EXPECT_EQ(apply("arith.fptosi", {row({-2.9, 1e300, none})}, TRESSE_I64),
            (Values{-2, 9223372036854775808.0, 0}));
}

TEST(Movement, concat_and_split_along_the_last_dimension) {
  Array a({2, 1}, Values{1, 2}), b({2, 2}, Values{3, 4, 5, 6}), y({2, 3});
  Call().add(a).add(b).add(y).run(tresse_ref_concat);
  EXPECT_EQ(y.values(), (Values{1, 3, 4, 2, 5, 6}));
  Array c({2, 1}), d({2, 2});
  Call().add(y).add(c).add(d).run(tresse_ref_split);
  EXPECT_EQ(c.values(), a.values());
  EXPECT_EQ(d.values(), b.values());
}

TEST(Movement, fill_clear_iota_and_views) {
  Array x({2, 2}), y({2, 2}), positions({2, 2}, TRESSE_I32);
  Call().add(x).number("value", 3).run(tresse_ref_fill);
  EXPECT_EQ(x.values(), (Values{3, 3, 3, 3}));
  Call().add(x).add(y).run(tresse_ref_stop_gradient);
  EXPECT_EQ(y.values(), x.values());
  Call().add(x).add(x).run(tresse_ref_clear);
  EXPECT_EQ(x.values(), (Values{0, 0, 0, 0}));
  Call().add(y).add(x).add(x).run(tresse_ref_barrier);
  EXPECT_EQ(x.values(), y.values());
  Call().add(positions).run(tresse_ref_iota);
  EXPECT_EQ(positions.values(), (Values{0, 1, 0, 1}));
}

} // namespace
