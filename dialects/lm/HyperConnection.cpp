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

LogicalResult MhcExpandOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. C") &&    // C1
                 check.match("result", getResult(), "R.. n C")); // C2
}

int64_t MhcExpandOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 1;
}

bool MhcExpandOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcExpandGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "R.. n C") && // C1
                 check.match("result", getResult(), "R.. C"));        // C2
}

int64_t MhcExpandGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcExpandGradOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcPreOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") && // C1
                 setMixRows(check) &&
                 check.match("mix", getMix(), "R.. k") &&                 // C2
                 check.match("base", getBase(), "k") &&                   // C3
                 check.match("scale", getScale(), "3") &&                 // C4
                 check.match("h", getH(), "R.. C") &&                     // C5
                 check.match("post", getPost(), "R.. n") &&               // C6
                 check.match("comb", getComb(), "R.. n n") &&             // C7
                 checkAtLeast(*this, "iterations", getIterations(), 1) && // C8
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C9
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C10
}

int64_t MhcPreOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPreOp::isRowOperand(unsigned index) { return index <= 1; }

LogicalResult MhcPreGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") && // C1
                 setMixRows(check) &&
                 check.match("mix", getMix(), "R.. k") &&                 // C2
                 check.match("base", getBase(), "k") &&                   // C3
                 check.match("scale", getScale(), "3") &&                 // C4
                 check.match("dh", getDh(), "R.. C") &&                   // C5
                 check.match("dpost", getDpost(), "R.. n") &&             // C6
                 check.match("dcomb", getDcomb(), "R.. n n") &&           // C7
                 check.match("dx", getDx(), "R.. n C") &&                 // C8
                 check.match("dmix", getDmix(), "R.. k") &&               // C9
                 check.match("dz", getDz(), "R.. k") &&                   // C10
                 check.match("dscale", getDscale(), "R.. 3") &&           // C11
                 checkAtLeast(*this, "iterations", getIterations(), 1) && // C12
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C13
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C14
}

int64_t MhcPreGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPreGradOp::isRowOperand(unsigned index) {
  return index != 2 && index != 3;
}

LogicalResult MhcPostOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") &&  // C1
                 check.match("y", getY(), "R.. C") &&            // C2
                 check.match("post", getPost(), "R.. n") &&      // C3
                 check.match("comb", getComb(), "R.. n n") &&    // C4
                 check.match("result", getResult(), "R.. n C")); // C5
}

int64_t MhcPostOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPostOp::isRowOperand(unsigned index) { return true; }

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

int64_t MhcPostGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcPostGradOp::isRowOperand(unsigned index) { return true; }

LogicalResult MhcHeadOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") &&           // C1
                 check.match("mix", getMix(), "R.. n") &&                 // C2
                 check.match("base", getBase(), "n") &&                   // C3
                 check.match("scale", getScale(), "1") &&                 // C4
                 check.match("result", getResult(), "R.. C") &&           // C5
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C6
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C7
}

int64_t MhcHeadOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcHeadOp::isRowOperand(unsigned index) { return index <= 1; }

LogicalResult MhcHeadGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n C") &&           // C1
                 check.match("mix", getMix(), "R.. n") &&                 // C2
                 check.match("base", getBase(), "n") &&                   // C3
                 check.match("scale", getScale(), "1") &&                 // C4
                 check.match("gradient", getGradient(), "R.. C") &&       // C5
                 check.match("dx", getDx(), "R.. n C") &&                 // C6
                 check.match("dmix", getDmix(), "R.. n") &&               // C7
                 check.match("dz", getDz(), "R.. n") &&                   // C8
                 check.match("dscale", getDscale(), "R.. 1") &&           // C9
                 checkNotNegative(*this, "epsilon", getEpsilon()) &&      // C10
                 checkPositive(*this, "norm_epsilon", getNormEpsilon())); // C11
}

int64_t MhcHeadGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool MhcHeadGradOp::isRowOperand(unsigned index) {
  return index != 2 && index != 3;
}

LogicalResult SinkhornOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n n") &&           // C1
                 check.match("result", getResult(), "R.. n n") &&         // C2
                 checkAtLeast(*this, "iterations", getIterations(), 1) && // C3
                 checkNotNegative(*this, "epsilon", getEpsilon()));       // C4
}

int64_t SinkhornOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool SinkhornOp::isRowOperand(unsigned index) { return true; }

LogicalResult SinkhornGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R.. n n") &&           // C1
                 check.match("gradient", getGradient(), "R.. n n") &&     // C2
                 check.match("result", getResult(), "R.. n n") &&         // C3
                 checkAtLeast(*this, "iterations", getIterations(), 1) && // C4
                 checkNotNegative(*this, "epsilon", getEpsilon()));       // C5
}

int64_t SinkhornGradOp::getRowRank() {
  return cast<RankedTensorType>((*this)->getOperand(0).getType()).getRank() - 2;
}

bool SinkhornGradOp::isRowOperand(unsigned index) { return true; }
