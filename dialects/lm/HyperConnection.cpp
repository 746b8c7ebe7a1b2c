// HyperConnection.cpp - manifold-constrained hyper-connections: verifiers and
// interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

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

/// Sets k = (2 + n) n, the rows of mix of n streams.
static bool setMixRows(ShapeCheck &check) {
  int64_t n = check.size("n");
  if (!ShapedType::isDynamic(n))
    check.set("k", product(2 + uint64_t(n), n));
  return true;
}

/// C1 to C4 of the ops on maps: the streams, and per row as many products and
/// offsets as `rows` says, which share `scales` factors.
template <typename Op>
static bool matchMaps(ShapeCheck &check, Op op, StringRef rows,
                      StringRef scales) {
  return check.match("input", op.getInput(), "R.. n C") && // C1
         setMixRows(check) &&
         check.match("mix", op.getMix(), ("R.. " + rows).str()) && // C2
         check.match("base", op.getBase(), rows) &&                // C3
         check.match("scale", op.getScale(), scales);              // C4
}

/// The settings of the iteration.
template <typename Op> static bool checkIteration(Op op) {
  return checkAtLeast(op, "iterations", op.getIterations(), 1) &&
         checkNotNegative(op, "epsilon", op.getEpsilon());
}

LogicalResult MhcExpandOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. C") &&    // C1
                 check.match("result", getResult(), "R.. n C")); // C2
}

LogicalResult MhcExpandGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "R.. n C") && // C1
                 check.match("result", getResult(), "R.. C"));        // C2
}

LogicalResult MhcPreOp::verify() {
  ShapeCheck check(*this);
  return success(matchMaps(check, *this, "k", "3") &&         // C1 C2 C3 C4
                 check.match("h", getH(), "R.. C") &&         // C5
                 check.match("post", getPost(), "R.. n") &&   // C6
                 check.match("comb", getComb(), "R.. n n") && // C7
                 checkIteration(*this) &&                     // C8 C9
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C10
}

LogicalResult MhcPreGradOp::verify() {
  ShapeCheck check(*this);
  return success(matchMaps(check, *this, "k", "3") &&           // C1 C2 C3 C4
                 check.match("dh", getDh(), "R.. C") &&         // C5
                 check.match("dpost", getDpost(), "R.. n") &&   // C6
                 check.match("dcomb", getDcomb(), "R.. n n") && // C7
                 check.match("dx", getDx(), "R.. n C") &&       // C8
                 check.match("dmix", getDmix(), "R.. k") &&     // C9
                 check.match("dz", getDz(), "R.. k") &&         // C10
                 check.match("dscale", getDscale(), "R.. 3") && // C11
                 checkIteration(*this) &&                       // C12 C13
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C14
}

LogicalResult MhcPostOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") &&  // C1
                 check.match("y", getY(), "R.. C") &&            // C2
                 check.match("post", getPost(), "R.. n") &&      // C3
                 check.match("comb", getComb(), "R.. n n") &&    // C4
                 check.match("result", getResult(), "R.. n C")); // C5
}

LogicalResult MhcPostGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") &&       // C1
                 check.match("y", getY(), "R.. C") &&                 // C2
                 check.match("post", getPost(), "R.. n") &&           // C3
                 check.match("comb", getComb(), "R.. n n") &&         // C4
                 check.match("gradient", getGradient(), "R.. n C") && // C5
                 check.match("dx", getDx(), "R.. n C") &&             // C6
                 check.match("dy", getDy(), "R.. C") &&               // C7
                 check.match("dpost", getDpost(), "R.. n") &&         // C8
                 check.match("dcomb", getDcomb(), "R.. n n"));        // C9
}

LogicalResult MhcHeadOp::verify() {
  ShapeCheck check(*this);
  return success(matchMaps(check, *this, "n", "1") &&           // C1 C2 C3 C4
                 check.match("result", getResult(), "R.. C") && // C5
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C6
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C7
}

LogicalResult MhcHeadGradOp::verify() {
  ShapeCheck check(*this);
  return success(matchMaps(check, *this, "n", "1") && // C1 C2 C3 C4
                 check.match("gradient", getGradient(), "R.. C") &&       // C5
                 check.match("dx", getDx(), "R.. n C") &&                 // C6
                 check.match("dmix", getDmix(), "R.. n") &&               // C7
                 check.match("dz", getDz(), "R.. n") &&                   // C8
                 check.match("dscale", getDscale(), "R.. 1") &&           // C9
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C10
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C11
}

LogicalResult SinkhornOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n n") &&   // C1
                 check.match("result", getResult(), "R.. n n") && // C2
                 checkIteration(*this));                          // C3 C4
}

LogicalResult SinkhornGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n n") &&       // C1
                 check.match("gradient", getGradient(), "R.. n n") && // C2
                 check.match("result", getResult(), "R.. n n") &&     // C3
                 checkIteration(*this));                              // C4 C5
}
