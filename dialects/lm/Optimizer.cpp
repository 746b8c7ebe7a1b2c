// Optimizer.cpp - AdamW and the global norm: verifiers and interfaces.
#include "dialects/lm/LM.h"

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

LogicalResult AdamwOp::verify() { return success(); }

OpOperand *AdamwOp::getTiedOperand(unsigned result) {
  // parameter, m and v are operands 0, 2 and 3.
  return &getOperation()->getOpOperand(result == 0 ? 0 : result + 1);
}

LogicalResult SquareSumOp::verify() { return success(); }

OpOperand *SquareSumOp::getTiedOperand(unsigned result) {
  return &getAccumulatorMutable();
}

LogicalResult GlobalNormOp::verify() { return success(); }
