// Optimizer.cpp - AdamW and the global norm: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Optimizer.cpp.inc"

void LMDialect::addOptimizerOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Optimizer.cpp.inc"
      >();
}

LogicalResult AdamwOp::verify() {
  ShapeCheck check(*this);
  Value parameter = getParameter();
  auto typed = [&](StringRef name, Value value) {
    return checkSameType(*this, name, value, "parameter", parameter);
  };
  return success(check.match("parameter", parameter, "R..") &&
                 check.match("gradient", getGradient(), "R..") && // C1
                 check.match("norm", getNorm(), "1") &&           // C2
                 check.match("hyper", getHyper(), "16") &&        // C3
                 typed("m", getM()) &&                            // C4
                 typed("v", getV()) &&                            // C5
                 typed("new_parameter", getNewParameter()) &&     // C6
                 typed("new_m", getNewM()) &&                     // C7
                 typed("new_v", getNewV()));                      // C8
}

OpOperand *AdamwOp::getTiedOperand(unsigned result) {
  // parameter, m and v are operands 0, 2 and 3.
  return &getOperation()->getOpOperand(result == 0 ? 0 : result + 1);
}

LogicalResult SquareSumOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("accumulator", getAccumulator(), "K")); // C1
}

OpOperand *SquareSumOp::getTiedOperand(unsigned result) {
  return &getAccumulatorMutable();
}

LogicalResult GlobalNormOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("partial", getPartial(), "K") && // C1
                 check.match("result", getResult(), "1"));    // C2
}
