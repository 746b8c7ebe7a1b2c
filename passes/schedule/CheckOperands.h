// CheckOperands.h - types and shapes of the operands of one step.
#ifndef TRESSE_PASSES_SCHEDULE_CHECKOPERANDS_H
#define TRESSE_PASSES_SCHEDULE_CHECKOPERANDS_H

#include "dialects/plan/Plan.h"

#include <string>
#include <vector>

namespace tresse {

/// `f32[16, 32]`.
std::string tensorText(plan::ViewOp tensor);

/// What is wrong with the operands of a matrix product, copy, fill or launch:
/// one clause per defect.
std::vector<std::string> checkOperands(plan::StepInterface step);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_CHECKOPERANDS_H
