// Loss.cpp - token losses: verifiers and interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

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

LogicalResult CrossEntropyOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("targets", getTargets(), "R..") &&
                 check.match("logits", getLogits(), "R.. V") && // C1
                 check.match("losses", getLosses(), "R..") &&   // C2
                 check.match("lse", getLse(), "R.."));          // C3
}

LogicalResult CrossEntropyGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("targets", getTargets(), "R..") &&
                 check.match("logits", getLogits(), "R.. V") &&   // C1
                 check.match("lse", getLse(), "R..") &&           // C2
                 check.match("gradient", getGradient(), "R..") && // C3
                 check.match("result", getResult(), "R.. V"));    // C4
}

LogicalResult TokenLogProbOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("targets", getTargets(), "R..") &&
                 check.match("logits", getLogits(), "R.. V") && // C1
                 check.match("logp", getLogp(), "R..") &&       // C2
                 check.match("lse", getLse(), "R.."));          // C3
}

LogicalResult MeanValidOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("losses", getLosses(), "R..") &&
                 check.match("targets", getTargets(), "R..") && // C1
                 check.match("result", getResult(), "1"));      // C2
}

LogicalResult MeanValidGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "1") && // C1
                 check.match("targets", getTargets(), "R..") &&
                 check.match("result", getResult(), "R..")); // C2
}
