// Loss.cpp - token losses: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Loss.cpp.inc"

void LMDialect::addLossOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Loss.cpp.inc"
      >();
}

LogicalResult CrossEntropyOp::verify() { return success(); }

int64_t CrossEntropyOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool CrossEntropyOp::isRowOperand(unsigned index) { return true; }

LogicalResult CrossEntropyGradOp::verify() { return success(); }

int64_t CrossEntropyGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool CrossEntropyGradOp::isRowOperand(unsigned index) { return true; }

LogicalResult TokenLogProbOp::verify() { return success(); }

int64_t TokenLogProbOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool TokenLogProbOp::isRowOperand(unsigned index) { return true; }

LogicalResult MeanValidOp::verify() { return success(); }

LogicalResult MeanValidGradOp::verify() { return success(); }
