// HyperConnection.cpp - manifold-constrained hyper-connections: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/HyperConnection.cpp.inc"

void LMDialect::addHyperConnectionOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/HyperConnection.cpp.inc"
      >();
}

LogicalResult MhcExpandOp::verify() { return success(); }

int64_t MhcExpandOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool MhcExpandOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcExpandGradOp::verify() { return success(); }

int64_t MhcExpandGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcExpandGradOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcPreOp::verify() { return success(); }

int64_t MhcPreOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPreOp::isRowOperand(unsigned index) { return index <= 1; }

LogicalResult MhcPreGradOp::verify() { return success(); }

int64_t MhcPreGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPreGradOp::isRowOperand(unsigned index) { return index != 2 && index != 3; }

LogicalResult MhcPostOp::verify() { return success(); }

int64_t MhcPostOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPostOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcPostGradOp::verify() { return success(); }

int64_t MhcPostGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPostGradOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcHeadOp::verify() { return success(); }

int64_t MhcHeadOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcHeadOp::isRowOperand(unsigned index) { return index <= 1; }

LogicalResult MhcHeadGradOp::verify() { return success(); }

int64_t MhcHeadGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcHeadGradOp::isRowOperand(unsigned index) { return index != 2 && index != 3; }

LogicalResult SinkhornOp::verify() { return success(); }

int64_t SinkhornOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool SinkhornOp::isRowOperand(unsigned index) { return true; }

LogicalResult SinkhornGradOp::verify() { return success(); }

int64_t SinkhornGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool SinkhornGradOp::isRowOperand(unsigned index) { return true; }
