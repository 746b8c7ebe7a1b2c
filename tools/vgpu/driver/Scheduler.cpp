// Scheduler.cpp: picks the next task among those that may run.

#include "tools/vgpu/driver/Scheduler.h"
#include "tools/vgpu/driver/State.h"

#include <algorithm>
#include <thread>

namespace vgpu::driver {

bool Task::ready() const {
  return !running && std::all_of(after.begin(), after.end(),
                                 [](const TaskRef &t) { return t->done; });
}

void Scheduler::setSeed(uint64_t seed) {
  inOrder = seed == 0;
  random.seed(seed);
}

void Scheduler::add(TaskRef task) {
  ++activity;
  // Done tasks need no edge; dropping them keeps chains short.
  std::erase_if(task->after, [](const TaskRef &t) { return !t || t->done; });
  pending.push_back(std::move(task));
  startBackground();
  work.notify_one();
}

bool Scheduler::runOne(std::unique_lock<std::mutex> &lock) {
  std::vector<size_t> ready;
  // Looking only so far keeps long queues linear; the oldest unfinished task is
  // always in sight, so something is ready whenever nothing runs elsewhere.
  constexpr size_t window = 256;
  for (size_t i = 0; i < std::min(pending.size(), window); ++i) {
    if (!pending[i]->ready())
      continue;
    ready.push_back(i);
    if (inOrder)
      break;
  }
  if (ready.empty())
    return false;
  size_t pick = inOrder ? 0 : random() % ready.size();
  TaskRef task = pending[ready[pick]];
  task->running = true;
  CUcontext context = task->context;
  CUresult result =
      context->sticky == CUDA_SUCCESS ? execute(*task, lock) : CUDA_SUCCESS;
  task->done = true;
  task->finishedAt = std::chrono::steady_clock::now();
  task->after.clear();
  std::erase(pending, task);
  if (result != CUDA_SUCCESS && context->sticky == CUDA_SUCCESS) {
    context->sticky = result;
    discard(context);
  }
  finished.notify_all();
  return true;
}

void Scheduler::runUntil(std::unique_lock<std::mutex> &lock,
                         const std::vector<TaskRef> &targets) {
  ++activity;
  for (const TaskRef &target : targets)
    while (target && !target->done)
      if (!runOne(lock))
        // Another thread runs what is left to wait for.
        finished.wait(lock);
}

void Scheduler::discard(CUcontext context) {
  for (const TaskRef &task : pending)
    if (task->context == context && !task->running)
      task->done = true;
  std::erase_if(pending, [](const TaskRef &t) { return t->done; });
  finished.notify_all();
}

void Scheduler::startBackground() {
  if (backgroundStarted)
    return;
  backgroundStarted = true;
  std::thread([this] { background(); }).detach();
}

/// A program may wait for a callback or for mapped memory without a call of
/// the driver: after a quiet moment the work goes on by itself.
void Scheduler::background() {
  std::unique_lock<std::mutex> lock(Driver::get().mutex);
  for (;;) {
    work.wait(lock, [this] { return !pending.empty(); });
    uint64_t seen = activity;
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    lock.lock();
    while (seen == activity && runOne(lock)) {
      // Let a waiting caller in between two tasks.
      lock.unlock();
      std::this_thread::yield();
      lock.lock();
    }
  }
}

} // namespace vgpu::driver
