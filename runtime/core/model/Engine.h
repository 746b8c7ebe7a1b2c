//===- Engine.h - what executes a plan ------------------------------------===//
//
// An engine owns a plan's memory and its prepared steps. The caller sees host
// memory only: inputs are written there before an entry runs, outputs and
// globals read there afterwards.
//
#ifndef TRESSE_RUNTIME_MODEL_ENGINE_H
#define TRESSE_RUNTIME_MODEL_ENGINE_H

#include "runtime/core/model/Plan.h"

#include <memory>
#include <vector>

namespace tresse::runtime {

/// Time that one step took, for `bench`.
struct StepTime {
  uint32_t step;
  double seconds;
};

class Engine {
public:
  virtual ~Engine() = default;

  /// Runs the entry at this place of the program.
  virtual void run(size_t entry) = 0;
  /// Runs it step by step and appends their times.
  virtual void profile(size_t entry, std::vector<StepTime> &times) = 0;
  /// Host memory of an entry's input or output; it keeps its place.
  virtual char *argument(uint32_t tensor) = 0;
  /// Host memory of a global that holds its value of now; it keeps its place.
  virtual char *global(uint32_t global) = 0;
  /// Says that what `global` gave out was written to.
  virtual void globalsChanged() {}
  /// Threads of the host that compute.
  virtual int threads() const { return 1; }
  /// Times that all threads meet in an entry.
  virtual size_t barriers(size_t) const { return 0; }
};

/// The engine of the plan's target; `threads` 0: one for each processor. Throws
/// when the machine cannot run the plan.
std::unique_ptr<Engine> makeEngine(const Plan &plan, const tresse_model &model,
                                   int threads);

} // namespace tresse::runtime

#endif
