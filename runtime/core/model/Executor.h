//===- Executor.h - an entry's steps, made ready and run ------------------===//
//
// One OpenMP team per entry call: every thread walks the whole list of steps,
// does its share of each, and meets a barrier only before a step that touches
// bytes which an earlier step since the last barrier wrote (or that writes
// bytes which it touched). Steps that one thread does alone all belong to
// thread 0, so that a chain of them needs no barrier.
//
#ifndef TRESSE_RUNTIME_MODEL_EXECUTOR_H
#define TRESSE_RUNTIME_MODEL_EXECUTOR_H

#include "runtime/core/model/Engine.h"
#include "runtime/core/model/Gemm.h"

extern "C" {
#include "tresse/reference.h"
}

#include <atomic>
#include <memory>
#include <vector>

namespace tresse::runtime {

/// A step with its addresses.
class Step {
public:
  virtual ~Step() = default;
  /// Does the share of `thread` of `threads`. Never throws, never allocates.
  virtual void run(int thread, int threads, char *scratch) const = 0;
  virtual size_t scratchBytes() const { return 0; }
  /// True when thread 0 does all of it.
  virtual bool alone() const { return false; }
};

/// Where the threads of a team meet. A thread that waits spins for as long as a
/// step usually takes and then sleeps, so that a team on a busy machine does
/// not hold up the thread that it waits for.
class MeetingPoint {
public:
  void meet(int threads) {
    uint32_t now = round.load(std::memory_order_relaxed);
    if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
      arrived.store(0, std::memory_order_relaxed);
      round.store(now + 1, std::memory_order_release);
      round.notify_all();
      return;
    }
    for (int spin = 0; spin < 2000; ++spin) {
      if (round.load(std::memory_order_acquire) != now)
        return;
      pause();
    }
    round.wait(now, std::memory_order_acquire);
  }

private:
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }
  std::atomic<int> arrived = 0;
  std::atomic<uint32_t> round = 0;
};

/// What a step is and whether the team meets before it.
struct PlacedStep {
  std::unique_ptr<Step> step; // null: a record or wait, nothing to do
  bool barrier = false;
  uint32_t index = 0; // in the plan's table of steps
};

/// The steps of one entry.
struct PreparedEntry {
  uint32_t index = 0;
  std::vector<PlacedStep> steps;
  const int32_t *status = nullptr;
};

class Executor {
public:
  /// Makes every entry of the program ready; throws when a step cannot be run.
  Executor(const Plan &plan, const tresse_model &model, const Memory &memory,
           int threads);

  /// Runs the entry at this place of the program. Allocates nothing.
  void run(size_t entry);
  /// Runs it with a barrier after every step and appends their times.
  void profile(size_t entry, std::vector<StepTime> &times);
  int threads() const { return threadCount; }
  /// Barriers of an entry, for tests and `bench`.
  size_t barriers(size_t entry) const;

private:
  void prepare(PreparedEntry &entry, const tresse_model &model);
  std::unique_ptr<Step> makeStep(const tresse_step &step,
                                 const tresse_model &model);
  void placeBarriers(PreparedEntry &entry);
  void checkStatus(const PreparedEntry &entry) const;

  const Plan &plan;
  const Memory &memory;
  int threadCount;
  std::vector<PreparedEntry> entries;
  MeetingPoint meeting;
  Pages scratch;
  size_t scratchStride = 0;
};

} // namespace tresse::runtime

#endif
