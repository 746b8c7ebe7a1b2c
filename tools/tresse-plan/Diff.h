// Diff.h - the differences of two plans, for people.
#ifndef TRESSE_TOOLS_PLAN_DIFF_H
#define TRESSE_TOOLS_PLAN_DIFF_H

#include "dialects/plan/Plan.h"
#include "llvm/Support/raw_ostream.h"

namespace tresse {

/// Writes what differs, a line each, `-` for the first plan and `+` for the
/// second: build records, sizes of memory, globals, kernels, arguments, and the
/// steps of every entry by name, kernel and tensors. Offsets are left out: they
/// follow from the rest. Returns true when there is a difference.
bool writeDiff(plan::ModelOp first, plan::ModelOp second,
               llvm::raw_ostream &out);

} // namespace tresse

#endif // TRESSE_TOOLS_PLAN_DIFF_H
