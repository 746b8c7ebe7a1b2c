// Differences.h - a gradient function against central differences.
#ifndef TRESSE_TEST_RUNTIME_REFERENCE_DIFFERENCES_H
#define TRESSE_TEST_RUNTIME_REFERENCE_DIFFERENCES_H

#include <gtest/gtest.h>

#include "Random.h"

namespace tresse {

/// A random seed, printed so that a failure can be repeated.
inline uint32_t newSeed() {
  uint32_t seed = std::random_device{}();
  testing::Test::RecordProperty("seed", std::to_string(seed));
  std::printf("seed %u\n", seed);
  return seed;
}

/// The results of a function under test, computed from arrays it refers to.
using Forward = std::function<std::vector<Array>()>;

/// sum over results of <result, weight>.
inline double weighted(const Forward &forward,
                       const std::vector<Array> &weights) {
  std::vector<Array> results = forward();
  double sum = 0;
  for (size_t r = 0; r < weights.size(); ++r)
    for (int64_t i = 0; i < weights[r].count(); ++i)
      if (weights[r].get(i) != 0)
        sum += results[r].get(i) * weights[r].get(i);
  return sum;
}

/// Expects `gradient` to be d weighted / d input, by central differences of
/// fourth order in f64.
inline void expectGradient(const char *what, const Forward &forward,
                           const std::vector<Array> &weights, Array &input,
                           const Array &gradient) {
  ASSERT_EQ(input.count(), gradient.count()) << what;
  const double step = 1e-3;
  for (int64_t i = 0; i < input.count(); ++i) {
    double saved = input.get(i);
    auto at = [&](double offset) {
      input.set(i, saved + offset);
      return weighted(forward, weights);
    };
    double found =
        (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) /
        (12 * step);
    input.set(i, saved);
    ASSERT_NEAR(gradient.get(i), found, 1e-8 * (1 + std::fabs(found)))
        << what << ", element " << i;
  }
}

} // namespace tresse

#endif // TRESSE_TEST_RUNTIME_REFERENCE_DIFFERENCES_H
