// Passes.h - from flat entries to a plan.
#ifndef TRESSE_PASSES_SCHEDULE_PASSES_H
#define TRESSE_PASSES_SCHEDULE_PASSES_H

#include "dialects/lm/LM.h"
#include "dialects/plan/Plan.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tresse {

#define GEN_PASS_DECL
#include "passes/schedule/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/schedule/Passes.h.inc"

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_PASSES_H
