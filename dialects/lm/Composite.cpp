// Composite.cpp - ops for authors; the expand stage removes them: verifiers and interfaces.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

#define GET_OP_CLASSES
#include "dialects/lm/Composite.cpp.inc"

void LMDialect::addCompositeOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/lm/Composite.cpp.inc"
      >();
}

LogicalResult MlaOp::verify() { return success(); }

LogicalResult MlpOp::verify() { return success(); }

LogicalResult MoeOp::verify() { return success(); }

LogicalResult MhcOp::verify() { return success(); }
