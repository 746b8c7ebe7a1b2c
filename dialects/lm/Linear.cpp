// Linear.cpp - contractions and row sums: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Linear.cpp.inc"

void LMDialect::addLinearOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Linear.cpp.inc"
      >();
}

LogicalResult LinearOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. in") &&   // C1
                 check.match("weight", getWeight(), "out in") && // C2
                 check.match("result", getResult(), "R.. out")); // C3
}

LogicalResult LinearGradInputOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "R.. out") && // C1
                 check.match("weight", getWeight(), "out in") &&      // C2
                 check.match("result", getResult(), "R.. in"));       // C3
}

LogicalResult LinearGradWeightOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "R.. out") && // C1
                 check.match("input", getInput(), "R.. in") &&        // C2
                 check.match("result", getResult(), "out in") &&      // C3
                 checkSameType(*this, "accumulator", getAccumulator(), "result",
                               getResult())); // C4
}

LogicalResult GroupedLinearOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R in") &&       // C1
                 check.match("weight", getWeight(), "E out in") && // C2
                 check.match("ends", getEnds(), "E") &&            // C3
                 check.match("result", getResult(), "R out"));     // C4
}

LogicalResult GroupedLinearGradInputOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "R out") && // C1
                 check.match("weight", getWeight(), "E out in") &&  // C2
                 check.match("ends", getEnds(), "E") &&             // C3
                 check.match("result", getResult(), "R in"));       // C4
}

LogicalResult GroupedLinearGradWeightOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "R out") && // C1
                 check.match("input", getInput(), "R in") &&        // C2
                 check.match("ends", getEnds(), "E") &&             // C3
                 check.match("result", getResult(), "E out in") &&  // C4
                 checkSameType(*this, "accumulator", getAccumulator(), "result",
                               getResult())); // C5
}

LogicalResult HeadLinearOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. H in") && // C1
                 check.match("weight", getWeight(),
                             getTransposed() ? "H in out" : "H out in") && // C2
                 check.match("result", getResult(), "R.. H out"));         // C3
}

LogicalResult RowSumOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. C") && // C1
                 check.match("result", getResult(), "C") &&   // C2
                 checkSameType(*this, "accumulator", getAccumulator(), "result",
                               getResult())); // C3
}
