// Embedding.cpp - token embedding: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Embedding.cpp.inc"

void LMDialect::addEmbeddingOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Embedding.cpp.inc"
      >();
}

LogicalResult EmbedOp::verify() { return success(); }

LogicalResult EmbedGradOp::verify() { return success(); }

OpOperand *EmbedGradOp::getTiedOperand(unsigned result) {
  auto accumulator = getAccumulatorMutable();
  return accumulator.empty() ? nullptr : &*accumulator.begin();
}
