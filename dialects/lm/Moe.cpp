// Moe.cpp - routing, permutation, expert feed-forward: verifiers and
// interfaces.
#include "dialects/lm/LM.h"
#include "dialects/lm/Shapes.h"

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

LogicalResult RouteOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("logits", getLogits(), "T E") ||     // C1
      !check.match("bias", getBias(), "E") ||           // C2
      !check.match("positions", getPositions(), "T") || // C3
      !checkAtLeast(*this, "top_k", getTopK(), 1))      // C4
    return failure();
  check.set("K", getTopK());
  return success(check.match("indices", getIndices(), "T K") && // C5
                 check.match("weights", getWeights(), "T K") && // C6
                 check.match("scores", getScores(), "T E") &&   // C7
                 // C8 C9 C10 C11
                 checkGroups(*this, check.size("E"), getGroups(),
                             getTopGroups(), getTopK()) &&
                 checkPositive(*this, "weight_scale",
                               getWeightScale())); // C12
}

LogicalResult RouteGradOp::verify() {
  ShapeCheck check(*this);
  if (!check.match("scores", getScores(), "T E") || // C1
      !checkAtLeast(*this, "top_k", getTopK(), 1))  // C2
    return failure();
  check.set("K", getTopK());
  return success(check.match("indices", getIndices(), "T K") &&   // C3
                 check.match("dweights", getDweights(), "T K") && // C4
                 check.match("dscores", getDscores(), "T E") &&   // C5
                 check.match("dlogits", getDlogits(), "T E") &&   // C6
                 checkPositive(*this, "weight_scale",
                               getWeightScale())); // C7
}

/// R = T * K: one row per slot.
static bool checkSlots(Operation *op, const ShapeCheck &check) {
  int64_t tokens = check.size("T"), chosen = check.size("K");
  if (ShapedType::isDynamic(tokens) || ShapedType::isDynamic(chosen))
    return true;
  return checkSize(op, "'R'", check.size("R"), product(tokens, chosen),
                   "one row per slot");
}

LogicalResult GroupRowsOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("indices", getIndices(), "T K") &&       // C1
                 check.match("row_of_slot", getRowOfSlot(), "T K") && // C2
                 check.match("slot_of_row", getSlotOfRow(), "R") &&   // C3
                 checkSlots(*this, check) &&                          // C4
                 check.match("ends", getEnds(), "E"));                // C5
}

LogicalResult PermuteOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "T d") &&           // C1
                 check.match("row_of_slot", getRowOfSlot(), "T K") && // C2
                 check.match("slot_of_row", getSlotOfRow(), "R") &&   // C3
                 checkSlots(*this, check) &&                          // C4
                 check.match("ends", getEnds(), "E") &&               // C5
                 check.match("weights", getWeights(), "T K") &&       // C6
                 check.match("result", getResult(), "R d"));          // C7
}

LogicalResult UnpermuteOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("input", getInput(), "R d") &&           // C1
                 check.match("row_of_slot", getRowOfSlot(), "T K") && // C2
                 checkSlots(*this, check) &&                          // C3
                 check.match("weights", getWeights(), "T K") &&       // C4
                 check.match("slot_of_row", getSlotOfRow(), "R") &&   // C5
                 check.match("ends", getEnds(), "E") &&               // C6
                 check.match("result", getResult(), "T d"));          // C7
}

LogicalResult UnpermuteGradWeightsOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("gradient", getGradient(), "T d") &&     // C1
                 check.match("rows", getRows(), "R d") &&             // C2
                 check.match("row_of_slot", getRowOfSlot(), "T K") && // C3
                 checkSlots(*this, check) &&                          // C4
                 check.match("result", getResult(), "T K"));          // C5
}

/// C1 and C2 of the ops on a gate's and an up projection's channels.
static bool matchGateUp(ShapeCheck &check, Operation *op, Value gateUp) {
  if (!check.match("gate_up", gateUp, "R.. W") || // C1
      !checkMultiple(op, "'W'", check.size("W"), 2,
                     "the gate and the up projection")) // C2
    return false;
  if (!ShapedType::isDynamic(check.size("W")))
    check.set("I", check.size("W") / 2);
  return true;
}

LogicalResult SwigluOp::verify() {
  ShapeCheck check(*this);
  return success(matchGateUp(check, *this, getGateUp()) &&      // C1 C2
                 check.match("result", getResult(), "R.. I") && // C3
                 check.match("ends", getEnds(), "E"));          // C4
}

LogicalResult SwigluGradOp::verify() {
  ShapeCheck check(*this);
  return success(matchGateUp(check, *this, getGateUp()) &&          // C1 C2
                 check.match("gradient", getGradient(), "R.. I") && // C3
                 check.match("ends", getEnds(), "E") &&             // C4
                 check.match("result", getResult(), "R.. W"));      // C5
}

LogicalResult ExpertLoadOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("indices", getIndices(), "T K") && // C1
                 check.match("result", getResult(), "E") &&     // C2
                 checkSameType(*this, "accumulator", getAccumulator(), "result",
                               getResult())); // C3
}

LogicalResult BalanceFractionOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("scores", getScores(), "T E") &&   // C1
                 check.match("indices", getIndices(), "T K") && // C2
                 check.match("result", getResult(), "Q E") &&   // C3
                 checkMultiple(*this, "'T'", check.size("T"), check.size("Q"),
                               "sequences of one length") && // C4
                 checkAtMost(*this, "K", check.size("K"), check.size("E"),
                             "the number of experts") &&            // C5
                 checkAtLeast(*this, "devices", getDevices(), 1) && // C6
                 checkMultiple(*this, "'E'", check.size("E"), getDevices(),
                               "devices of equal size") && // C7
                 checkAtLeast(*this, "device_limit", getDeviceLimit(),
                              1) && // C8
                 checkAtMost(*this, "device_limit", getDeviceLimit(),
                             getDevices(), "the number of devices")); // C9
}

LogicalResult BalanceLossOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("scores", getScores(), "T E") &&     // C1
                 check.match("fraction", getFraction(), "Q E") && // C2
                 checkMultiple(*this, "'T'", check.size("T"), check.size("Q"),
                               "sequences of one length") && // C3
                 check.match("result", getResult(), "1"));   // C4
}

LogicalResult BalanceLossGradOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("scores", getScores(), "T E") &&     // C1
                 check.match("fraction", getFraction(), "Q E") && // C2
                 checkMultiple(*this, "'T'", check.size("T"), check.size("Q"),
                               "sequences of one length") &&    // C3
                 check.match("gradient", getGradient(), "1") && // C4
                 check.match("result", getResult(), "T E"));    // C5
}

LogicalResult UpdateRouteBiasOp::verify() {
  ShapeCheck check(*this);
  return success(check.match("bias", getBias(), "E") &&   // C1
                 check.match("load", getLoad(), "E") &&   // C2
                 check.match("hyper", getHyper(), "16")); // C3
}

OpOperand *UpdateRouteBiasOp::getTiedOperand(unsigned result) {
  return &getBiasMutable();
}
