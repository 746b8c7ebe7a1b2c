// Norm.cpp - root-mean-square normalisation: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Norm.cpp.inc"

void LMDialect::addNormOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Norm.cpp.inc"
      >();
}

LogicalResult RmsNormOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. C") &&    // C1
                 check.match("weight", getWeight(), "C") &&      // C2
                 check.match("result", getResult(), "R.. C") &&  // C3
                 checkPositive(*this, "epsilon", getEpsilon())); // C4
}

LogicalResult RmsNormGradInputOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. C") &&       // C1
                 check.match("weight", getWeight(), "C") &&         // C2
                 check.match("gradient", getGradient(), "R.. C") && // C3
                 check.match("result", getResult(), "R.. C") &&     // C4
                 checkPositive(*this, "epsilon", getEpsilon()));    // C5
}

LogicalResult RmsNormGradWeightOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. C") &&       // C1
                 check.match("gradient", getGradient(), "R.. C") && // C2
                 check.match("result", getResult(), "chunks C") &&  // C3
                 checkPositive(*this, "epsilon", getEpsilon()));    // C4
}
