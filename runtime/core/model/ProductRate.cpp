//===- ProductRate.cpp - how much of a machine the products use -----------===//
#include "runtime/core/model/ProductRate.h"

#include <algorithm>
#include <cblas.h>
#include <chrono>
#include <cmath>
#include <vector>

namespace tresse::runtime {

static bool isProduct(const tresse_step &step) {
  return step.kind == TRESSE_GEMM || step.kind == TRESSE_GROUPED_GEMM;
}

double productFlops(const Plan &plan, const tresse_entry &entry) {
  double sum = 0;
  for (uint32_t i = 0; i < entry.steps.count; ++i) {
    const tresse_step &step = plan.steps[entry.steps.first + i];
    if (isProduct(step) && !plan.string(step.name).starts_with("recomputed "))
      sum += static_cast<double>(step.flops);
  }
  return sum;
}

namespace {

constexpr int side = 384; // three such matrices fit into a core's own cache

void multiply(const float *a, const float *b, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, side, side, side, 1, a,
              side, b, side, 0, c, side);
}

void multiply(const double *a, const double *b, double *c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, side, side, side, 1, a,
              side, b, side, 0, c, side);
}

/// Seconds in which every thread computes one product; the least of several.
template <typename Number> double secondsOfProduct(int threads) {
  using Clock = std::chrono::steady_clock;
  const size_t size = size_t{side} * side;
  std::vector<Number> room(3 * size * static_cast<size_t>(threads), 1);
  double least = INFINITY;
  for (int repeat = 0; repeat < 8; ++repeat) {
    auto begin = Clock::now();
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int thread = 0; thread < threads; ++thread) {
      Number *own = room.data() + 3 * size * static_cast<size_t>(thread);
      multiply(own, own + size, own + 2 * size);
    }
    least = std::min(
        least, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return least;
}

/// The type in which the plan's first product computes; 0 when it has none.
uint32_t computeType(const Plan &plan) {
  for (uint32_t i = 0; i < plan.steps.size(); ++i) {
    const tresse_step &step = plan.steps[i];
    if (isProduct(step))
      return step.kind == TRESSE_GEMM ? plan.gemms[step.index].compute
                                      : plan.groupedGemms[step.index].compute;
  }
  return 0;
}

} // namespace

double measureProductRate(const Plan &plan, int threads) {
  uint32_t type = computeType(plan);
  if (!type || plan.header().target != TRESSE_CPU)
    return 0;
  double seconds = type == TRESSE_F64 ? secondsOfProduct<double>(threads)
                                      : secondsOfProduct<float>(threads);
  return 2.0 * side * side * side * threads / seconds;
}

} // namespace tresse::runtime
