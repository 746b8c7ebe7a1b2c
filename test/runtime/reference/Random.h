// Random.h - seeded random shapes and tensors; a test prints its seed.
#ifndef TRESSE_TEST_RUNTIME_REFERENCE_RANDOM_H
#define TRESSE_TEST_RUNTIME_REFERENCE_RANDOM_H

#include <random>

#include "Call.h"

namespace tresse {

class Random {
public:
  explicit Random(uint32_t seed) : engine(seed) {}

  int64_t integer(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine);
  }
  double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine);
  }
  /// Normally distributed entries.
  Array normal(Sizes sizes, double deviation = 1) {
    Array array(std::move(sizes));
    std::normal_distribution<double> distribution(0, deviation);
    for (int64_t i = 0; i < array.count(); ++i)
      array.set(i, distribution(engine));
    return array;
  }
  Array integers(Sizes sizes, int64_t low, int64_t high) {
    Array array(std::move(sizes), TRESSE_I32);
    for (int64_t i = 0; i < array.count(); ++i)
      array.set(i, static_cast<double>(integer(low, high)));
    return array;
  }
  /// Running totals of `groups` groups, some empty, at most `rows` in all.
  Array ends(int64_t groups, int64_t rows) {
    Array array({groups}, TRESSE_I32);
    int64_t total = 0;
    for (int64_t e = 0; e < groups; ++e) {
      if (integer(0, 2) > 0)
        total += integer(0, (rows - total) / 2 + (total < rows));
      array.set(e, static_cast<double>(total));
    }
    return array;
  }

private:
  std::mt19937 engine;
};

} // namespace tresse

#endif // TRESSE_TEST_RUNTIME_REFERENCE_RANDOM_H
