//===- Executor.cpp - an entry's steps, made ready and run ----------------===//
#include "runtime/core/model/Executor.h"

#include "runtime/core/model/Steps.h"

#include <algorithm>
#include <cblas.h>
#include <chrono>
#include <omp.h>

namespace tresse::runtime {

Executor::Executor(const Plan &plan, const tresse_model &model,
                   const Memory &memory, int threads)
    : plan(plan), memory(memory), threadCount(std::max(threads, 1)) {
  // Our team calls the library from every thread: each call is one thread's.
  // (A library built without threads does not lock its buffers.)
  openblas_set_num_threads(1);
  tresse_span span = plan.program().entries;
  size_t most = 0;
  for (uint32_t i = 0; i < span.count; ++i) {
    PreparedEntry entry;
    entry.index = span.first + i;
    prepare(entry, model);
    for (const PlacedStep &step : entry.steps)
      if (step.step)
        most = std::max(most, step.step->scratchBytes());
    entries.push_back(std::move(entry));
  }
#ifdef KMP_VERSION_MAJOR // libomp: idle threads sleep after a millisecond
  kmp_set_blocktime(1);
#endif
  scratchStride = (most + 4095) / 4096 * 4096;
  scratch = Pages(scratchStride * static_cast<size_t>(threadCount),
                  "the scratch memory");
}

void Executor::prepare(PreparedEntry &entry, const tresse_model &model) {
  const tresse_entry &record = plan.entries[entry.index];
  for (uint32_t i = 0; i < record.steps.count; ++i) {
    PlacedStep placed;
    placed.index = record.steps.first + i;
    placed.step = makeStep(plan.steps[placed.index], model);
    entry.steps.push_back(std::move(placed));
  }
  if (record.status != TRESSE_NONE)
    entry.status =
        reinterpret_cast<const int32_t *>(memory.tensor(record.status));
  placeBarriers(entry);
}

std::unique_ptr<Step> Executor::makeStep(const tresse_step &step,
                                         const tresse_model &model) {
  std::string what = text("step ", inQuotes(plan.string(step.name)));
  switch (step.kind) {
  case TRESSE_LAUNCH:
    return makeLaunch(plan, model, memory, step, what);
  case TRESSE_GEMM:
  case TRESSE_GROUPED_GEMM:
    return makeGemm(plan, memory, step, what);
  case TRESSE_COPY:
    return makeCopy(plan, memory, plan.copies[step.index]);
  case TRESSE_FILL:
    return makeFill(plan, memory, plan.fills[step.index]);
  }
  return nullptr; // streams are walked in the order of the list
}

void Executor::placeBarriers(PreparedEntry &entry) {
  std::vector<Touch> open, mine; // since the last barrier; of this step
  bool onlyAlone = true;         // all steps since then belong to thread 0
  for (PlacedStep &placed : entry.steps) {
    if (!placed.step)
      continue;
    mine.clear();
    touchesOf(plan, memory, plan.steps[placed.index], mine);
    bool conflict = false;
    for (const Touch &t : mine)
      for (const Touch &o : open)
        conflict |= (t.write || o.write) && t.begin < o.end && o.begin < t.end;
    bool alone = placed.step->alone();
    placed.barrier = conflict && !(alone && onlyAlone);
    if (placed.barrier) {
      open.clear();
      onlyAlone = true;
    }
    onlyAlone &= alone;
    open.insert(open.end(), mine.begin(), mine.end());
  }
}

size_t Executor::barriers(size_t entry) const {
  const auto &steps = entries[entry].steps;
  return static_cast<size_t>(
      std::count_if(steps.begin(), steps.end(),
                    [](const PlacedStep &step) { return step.barrier; }));
}

void Executor::checkStatus(const PreparedEntry &entry) const {
  if (entry.status && *entry.status != 0)
    fail("entry ", inQuotes(plan.string(plan.entries[entry.index].name)),
         ": its status is ", *entry.status, ", expected 0");
}

void Executor::run(size_t index) {
  const PreparedEntry &entry = entries[index];
#pragma omp parallel num_threads(threadCount)
  {
    // A team may come out smaller than asked for; tiles are shared by what is.
    int thread = omp_get_thread_num(), threads = omp_get_num_threads();
    char *room = scratch.data() + scratchStride * static_cast<size_t>(thread);
    for (const PlacedStep &placed : entry.steps) {
      if (placed.barrier)
        meeting.meet(threads);
      if (placed.step && (thread == 0 || !placed.step->alone()))
        placed.step->run(placed.step->alone() ? 0 : thread,
                         placed.step->alone() ? 1 : threads, room);
    }
  }
  checkStatus(entry);
}

void Executor::profile(size_t index, std::vector<StepTime> &times) {
  using Clock = std::chrono::steady_clock;
  const PreparedEntry &entry = entries[index];
  times.reserve(times.size() + entry.steps.size());
#pragma omp parallel num_threads(threadCount)
  {
    int thread = omp_get_thread_num(), threads = omp_get_num_threads();
    char *room = scratch.data() + scratchStride * static_cast<size_t>(thread);
    for (const PlacedStep &placed : entry.steps) {
      Clock::time_point begin = Clock::now();
      if (placed.step && (thread == 0 || !placed.step->alone()))
        placed.step->run(placed.step->alone() ? 0 : thread,
                         placed.step->alone() ? 1 : threads, room);
      meeting.meet(threads);
      if (thread == 0)
        times.push_back(
            {placed.index,
             std::chrono::duration<double>(Clock::now() - begin).count()});
    }
  }
  checkStatus(entry);
}

} // namespace tresse::runtime
