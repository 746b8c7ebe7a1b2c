// ScheduleEntry.h - one flat entry becomes the steps of a plan.
#ifndef TRESSE_PASSES_SCHEDULE_SCHEDULEENTRY_H
#define TRESSE_PASSES_SCHEDULE_SCHEDULEENTRY_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/schedule/PlanBuilder.h"

namespace tresse {

/// Which contractions are matrix products of a library; the others are launches
/// of kernels.
struct Products {
  bool dense = true, grouped = true;
  /// The library multiplies factors of one type only, to that or a wider one.
  bool oneType = false;
};

/// Adds the steps of `entry` to the plan; with `overwrite` results may lie
/// where an operand lay that nobody reads any more. Fails with one error at the
/// op that cannot be scheduled: an op without a place in a plan, a tie that
/// cannot be honoured, a global that would have to be copied.
mlir::LogicalResult scheduleEntry(PlanBuilder &builder,
                                  mlir::func::FuncOp entry, Products library,
                                  bool overwrite);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_SCHEDULEENTRY_H
