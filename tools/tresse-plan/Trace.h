// Trace.h - a plan as a Chrome/Perfetto trace, with estimated durations.
#ifndef TRESSE_TOOLS_PLAN_TRACE_H
#define TRESSE_TOOLS_PLAN_TRACE_H

#include "dialects/plan/Plan.h"
#include "llvm/Support/raw_ostream.h"

namespace tresse {

/// What the estimates assume of the machine.
struct TraceMachine {
  /// Floating point operations and bytes of memory per second.
  double flops = 100e9, bandwidth = 20e9;
  /// Seconds that every step takes at least.
  double overhead = 0.3e-6;
};

/// Writes the steps of all entries, one after the other, as Chrome JSON:
/// process = rank class, thread = stream, arrows for waits, and a counter of
/// live arena bytes. A step takes the longer of its operations and its bytes
/// on `machine`; the trace says that these are estimates.
void writeTrace(plan::ModelOp model, const TraceMachine &machine,
                llvm::raw_ostream &out);

} // namespace tresse

#endif // TRESSE_TOOLS_PLAN_TRACE_H
