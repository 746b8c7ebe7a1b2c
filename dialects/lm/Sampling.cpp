// Sampling.cpp - choosing the next token: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Sampling.cpp.inc"

void LMDialect::addSamplingOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Sampling.cpp.inc"
      >();
}

LogicalResult SampleOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("logits", getLogits(), "slots V") &&     // C1
                 check.match("sampling", getSampling(), "slots 8") && // C2
                 check.match("result", getResult(), "slots"));        // C3
}
