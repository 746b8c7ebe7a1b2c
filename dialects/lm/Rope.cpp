// Rope.cpp - rotary position embedding: verifiers and interfaces.
#include "dialects/lm/LM.h"

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

LogicalResult RotaryOp::verify() { return success(); }

LogicalResult RopeOp::verify() { return success(); }

int64_t RopeOp::getRowRank() {
  return getTable().getType().getRank() - 1;
}

bool RopeOp::isRowOperand(unsigned index) { return true; }
