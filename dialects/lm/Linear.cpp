// Linear.cpp - contractions and row sums: verifiers and interfaces.
#include "dialects/lm/LM.h"

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

LogicalResult LinearOp::verify() { return success(); }

LogicalResult LinearGradInputOp::verify() { return success(); }

LogicalResult LinearGradWeightOp::verify() { return success(); }

OpOperand *LinearGradWeightOp::getTiedOperand(unsigned result) {
  auto accumulator = getAccumulatorMutable();
  return accumulator.empty() ? nullptr : &*accumulator.begin();
}

LogicalResult GroupedLinearOp::verify() { return success(); }

LogicalResult GroupedLinearGradInputOp::verify() { return success(); }

LogicalResult GroupedLinearGradWeightOp::verify() { return success(); }

OpOperand *GroupedLinearGradWeightOp::getTiedOperand(unsigned result) {
  auto accumulator = getAccumulatorMutable();
  return accumulator.empty() ? nullptr : &*accumulator.begin();
}

LogicalResult HeadLinearOp::verify() { return success(); }

LogicalResult RowSumOp::verify() { return success(); }

OpOperand *RowSumOp::getTiedOperand(unsigned result) {
  auto accumulator = getAccumulatorMutable();
  return accumulator.empty() ? nullptr : &*accumulator.begin();
}
