// Attention.cpp - latent attention and its cache: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Attention.cpp.inc"

void LMDialect::addAttentionOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Attention.cpp.inc"
      >();
}

LogicalResult AttentionOp::verify() { return success(); }

LogicalResult AttentionGradQueryOp::verify() { return success(); }

LogicalResult AttentionGradKeyOp::verify() { return success(); }

LogicalResult LatentAttentionOp::verify() { return success(); }

LogicalResult CacheWriteOp::verify() { return success(); }

OpOperand *CacheWriteOp::getTiedOperand(unsigned result) {
  return &getCacheMutable();
}

LogicalResult LastRowOp::verify() { return success(); }
