// Rope.cpp - rotary position embedding: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Rope.cpp.inc"

void LMDialect::addRopeOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Rope.cpp.inc"
      >();
}

LogicalResult RotaryOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("positions", getPositions(), "R..") &&
                 check.match("result", getResult(), "R.. dim") && // C1
                 checkMultiple(*this, "'dim'", check.size("dim"), 2,
                               "one cosine and one sine per pair") && // C2
                 checkPositive(*this, "theta", getTheta()) &&         // C3
                 checkPositive(*this, "factor", getFactor()) &&       // C4
                 checkAtLeast(*this, "original_positions",
                              getOriginalPositions(),
                              1) &&                                  // C5
                 checkPositive(*this, "beta_fast", getBetaFast()) && // C6
                 checkPositive(*this, "beta_slow", getBetaSlow()) && // C7
                 checkPositive(*this, "amplitude", getAmplitude())); // C8
}

LogicalResult RopeOp::verify() {
  ShapeCheck check(*this);
  bool heads = getInput().getType().getRank() > getTable().getType().getRank();
  if (!check.match("table", getTable(), "R.. dr") ||                    // C1
      !check.match("input", getInput(), heads ? "R.. H D" : "R.. D") || // C2
      !checkMultiple(*this, "'dr'", check.size("dr"), 2,
                     "one cosine and one sine per pair") || // C3
      !checkAtLeast(*this, "offset", getOffset(), 0))       // C4
    return failure();
  int64_t channels = check.size("D"), rotated = check.size("dr");
  if (ShapedType::isDynamic(channels) || ShapedType::isDynamic(rotated))
    return success();
  return success(checkAtMost(*this, "offset", getOffset(), channels - rotated,
                             "the channels less those rotated")); // C5
}
