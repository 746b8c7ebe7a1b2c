// Moe.cpp - routing, permutation, expert feed-forward: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Moe.cpp.inc"

void LMDialect::addMoeOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Moe.cpp.inc"
      >();
}

LogicalResult RouteOp::verify() { return success(); }

int64_t RouteOp::getRowRank() {
  return 1;
}

bool RouteOp::isRowOperand(unsigned index) { return index == 0 || (getPositions() && index + 1 == getNumOperands()); }

LogicalResult RouteGradOp::verify() { return success(); }

int64_t RouteGradOp::getRowRank() {
  return 1;
}

bool RouteGradOp::isRowOperand(unsigned index) { return true; }

LogicalResult GroupRowsOp::verify() { return success(); }

LogicalResult PermuteOp::verify() { return success(); }

LogicalResult UnpermuteOp::verify() { return success(); }

LogicalResult UnpermuteGradWeightsOp::verify() { return success(); }

LogicalResult SwigluOp::verify() { return success(); }

int64_t SwigluOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool SwigluOp::isRowOperand(unsigned index) { return index == 0; }

LogicalResult SwigluGradOp::verify() { return success(); }

int64_t SwigluGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool SwigluGradOp::isRowOperand(unsigned index) { return index <= 1; }

LogicalResult ExpertLoadOp::verify() { return success(); }

OpOperand *ExpertLoadOp::getTiedOperand(unsigned result) {
  auto accumulator = getAccumulatorMutable();
  return accumulator.empty() ? nullptr : &*accumulator.begin();
}

LogicalResult BalanceFractionOp::verify() { return success(); }

LogicalResult BalanceLossOp::verify() { return success(); }

LogicalResult BalanceLossGradOp::verify() { return success(); }

LogicalResult UpdateRouteBiasOp::verify() { return success(); }

OpOperand *UpdateRouteBiasOp::getTiedOperand(unsigned result) {
  return &getBiasMutable();
}
