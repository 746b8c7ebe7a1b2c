// CheckPlan.h - whether a plan can be executed as it is written.
#ifndef TRESSE_PASSES_SCHEDULE_CHECKPLAN_H
#define TRESSE_PASSES_SCHEDULE_CHECKPLAN_H

#include "dialects/plan/Plan.h"

#include <string>
#include <vector>

namespace tresse {

/// What `checkPlan` recomputed.
struct PlanCheck {
  /// One sentence per defect: the step or record, what was expected, what came.
  std::vector<std::string> findings;
  /// Bytes of the arena, and the largest sum of live bytes over the steps.
  uint64_t arena = 0, peak = 0;
};

/// Recomputes liveness and the arena and looks for: tensors outside their
/// buffers and buffers outside their memory; live buffers that share bytes;
/// liveness that leaves out a step; reads of what nothing wrote; conflicting
/// steps of two streams without a wait between them; waits for events that are
/// not recorded; operands of matrix products, copies and fills of wrong types
/// or shapes; steps that write over part of their own operands; copies of
/// globals; launches without tiles; functions that two kernels share; an arena
/// larger than 1.1 times what is live.
PlanCheck checkPlan(plan::ModelOp model);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_CHECKPLAN_H
