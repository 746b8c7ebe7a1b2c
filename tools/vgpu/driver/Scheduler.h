// Scheduler.h: orders the work of all streams, lazily and by seed.
//
// Every queued operation is a task with edges to the tasks it must follow. A
// task runs when some caller waits for it, or by a background thread after the
// program was quiet for a moment; among the tasks whose edges are satisfied
// the seed draws the next one, so that work which only happens to be in order
// on one machine is run in other orders too.
#pragma once

#include "tools/vgpu/driver/Operation.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>

namespace vgpu::driver {

/// One operation in a queue.
struct Task {
  Operation operation;
  CUcontext context = nullptr;
  /// Tasks that must be done before this one starts.
  std::vector<std::shared_ptr<Task>> after;
  bool running = false;
  bool done = false;
  std::chrono::steady_clock::time_point finishedAt;

  bool ready() const;
};
using TaskRef = std::shared_ptr<Task>;

/// Runs tasks in an order that respects their edges. The driver's mutex guards
/// it; the functions that take a lock give it up while a callback runs.
class Scheduler {
public:
  /// Seed 0 runs tasks in the order they were queued.
  void setSeed(uint64_t seed);
  /// Adds a task; it may run from now on.
  void add(TaskRef task);
  /// Runs ready tasks until all of `targets` are done.
  void runUntil(std::unique_lock<std::mutex> &lock,
                const std::vector<TaskRef> &targets);
  /// Runs one ready task; false when none is ready.
  bool runOne(std::unique_lock<std::mutex> &lock);
  /// Throws away what `context` has queued, after an error or its end.
  void discard(CUcontext context);
  size_t queued() const { return pending.size(); }

private:
  void startBackground();
  void background();

  std::deque<TaskRef> pending;
  bool inOrder = true;
  std::mt19937_64 random;
  bool backgroundStarted = false;
  /// Counts calls; the background thread steps in when it stands still.
  uint64_t activity = 0;
  std::condition_variable work, finished;
};

/// Runs what `task` says. Called with the lock held.
CUresult execute(Task &task, std::unique_lock<std::mutex> &lock);

} // namespace vgpu::driver
