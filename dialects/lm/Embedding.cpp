// Embedding.cpp - token embedding: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

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

LogicalResult EmbedOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("tokens", getTokens(), "R..") &&
                 check.match("table", getTable(), "V d") &&    // C1
                 check.match("result", getResult(), "R.. d")); // C2
}

LogicalResult EmbedGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("tokens", getTokens(), "R..") &&
                 check.match("gradient", getGradient(), "R.. d") && // C1
                 check.match("result", getResult(), "V d") &&       // C2
                 checkSameType(*this, "accumulator", getAccumulator(), "result",
                               getResult())); // C3
}
