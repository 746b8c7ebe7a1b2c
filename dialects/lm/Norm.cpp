// Norm.cpp - root-mean-square normalisation: verifiers and interfaces.
#include "dialects/lm/LM.h"

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

LogicalResult RmsNormOp::verify() { return success(); }

int64_t RmsNormOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool RmsNormOp::isRowOperand(unsigned index) { return index == 0; }

LogicalResult RmsNormGradInputOp::verify() { return success(); }

int64_t RmsNormGradInputOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool RmsNormGradInputOp::isRowOperand(unsigned index) { return index != 1; }

LogicalResult RmsNormGradWeightOp::verify() { return success(); }
