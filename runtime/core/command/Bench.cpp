//===- Bench.cpp - `bench`: how long entries and their steps take ---------===//
#include "runtime/core/base/Random.h"
#include "runtime/core/command/CommandLine.h"
#include "runtime/core/weights/Weights.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

namespace tresse::runtime {

namespace {

struct Total {
  int64_t count = 0;
  double seconds = 0, flops = 0, bytes = 0;
};

/// The kind of a step: the kernel of a launch, else the kind's name.
std::string kindOf(const Plan &plan, const tresse_step &step) {
  switch (step.kind) {
  case TRESSE_LAUNCH:
    return std::string(
        plan.string(plan.kernels[plan.launches[step.index].kernel].name));
  case TRESSE_GEMM:
    return "gemm";
  case TRESSE_GROUPED_GEMM:
    return "grouped gemm";
  case TRESSE_COPY:
    return "copy";
  case TRESSE_FILL:
    return "fill";
  }
  return "record and wait";
}

/// Token ids from a generator, positions that count up, everything else 0:
/// the numbers do not matter, their ranges do.
void fillInputs(const Session &session, const std::string &entry) {
  const Plan &plan = session.plan();
  int64_t vocabulary = std::max<int64_t>(plan.recordNumber("vocab_size", 1), 1);
  tresse_span inputs = session.entry(entry).inputs;
  for (uint32_t i = 0; i < inputs.count; ++i) {
    auto name = plan.string(plan.arguments[inputs.first + i].name);
    TensorView view = session.input(entry, name);
    int64_t last = view.shape.empty() ? 1 : view.shape.back();
    for (int64_t e = 0; e < view.elements(); ++e) {
      double value = 0;
      if (name == "positions")
        value = static_cast<double>(e % last);
      else if (name == "tokens" || name == "targets")
        value = static_cast<double>(randomBits(1, static_cast<uint64_t>(e)) %
                                    static_cast<uint64_t>(vocabulary));
      else if (name == "sampling" && e % last == 2)
        value = 1; // top_p off
      else if (name == "hyper" && (e == 6 || e == 7))
        value = 1; // bias corrections
      view.setNumber(e, value);
    }
  }
}

void printSteps(const Plan &plan, const std::vector<StepTime> &times) {
  std::map<std::string, Total> kinds;
  double all = 0;
  for (const StepTime &time : times) {
    const tresse_step &step = plan.steps[time.step];
    Total &total = kinds[kindOf(plan, step)];
    ++total.count;
    total.seconds += time.seconds;
    total.flops += static_cast<double>(step.flops);
    total.bytes += static_cast<double>(step.bytes_read + step.bytes_written);
    all += time.seconds;
  }
  std::vector<std::pair<std::string, Total>> order(kinds.begin(), kinds.end());
  std::sort(order.begin(), order.end(), [](auto &a, auto &b) {
    return a.second.seconds > b.second.seconds;
  });
  std::printf("  %-40s %6s %10s %6s %8s %8s\n", "kind", "steps", "ms", "%",
              "GFLOP/s", "GB/s");
  for (const auto &[name, total] : order)
    std::printf("  %-40s %6lld %10.3f %6.1f %8.2f %8.2f\n",
                name.substr(0, 40).c_str(), static_cast<long long>(total.count),
                total.seconds * 1e3, 100 * total.seconds / all,
                total.flops / total.seconds / 1e9,
                total.bytes / total.seconds / 1e9);
}

void benchEntry(Session &session, const std::string &entry, int repeats) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  for (int i = 0; i <= repeats; ++i) { // the first call warms up
    fillInputs(session, entry);
    auto begin = Clock::now();
    session.run(entry);
    if (i)
      seconds.push_back(
          std::chrono::duration<double>(Clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("entry %s: %.3f ms median, %.3f ms least of %d; %u steps, %zu "
              "barriers\n",
              entry.c_str(), seconds[seconds.size() / 2] * 1e3,
              seconds[0] * 1e3, repeats, session.entry(entry).steps.count,
              session.barriers(entry));
  fillInputs(session, entry);
  std::vector<StepTime> times;
  session.profile(entry, times);
  printSteps(session.plan(), times);
}

} // namespace

int runBench(const tresse_model &model, const BenchFlags &flags) {
  Session session(model, flags.common.threads);
  if (flags.common.weights.empty() && !flags.common.init)
    initializeWeights(session, 0);
  else
    fillWeights(session, flags.common);
  std::vector<std::string> names = flags.entries;
  tresse_span entries = session.plan().program().entries;
  for (uint32_t i = 0; flags.entries.empty() && i < entries.count; ++i)
    names.emplace_back(
        session.plan().string(session.plan().entries[entries.first + i].name));
  for (const std::string &name : names)
    benchEntry(session, name, flags.repeats);
  std::printf(
      "threads %d, arena %llu bytes, persistent %llu bytes\n",
      session.threads(),
      static_cast<unsigned long long>(session.plan().program().arena_size),
      static_cast<unsigned long long>(
          session.plan().program().persistent_size));
  return 0;
}

} // namespace tresse::runtime
