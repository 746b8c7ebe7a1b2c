// MoeGradients.cpp - reverse-mode derivatives of the mixture of experts.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

LogicalResult RouteOp::buildGradient(OpBuilder &builder,
                                     ArrayRef<Value> gradients,
                                     ArrayRef<bool> needed,
                                     MutableArrayRef<Value> out) {
  // The choice and the bias carry no gradient (ops.md 2.4).
  Value weights =
      valueOrZeros(builder, getLoc(), gradients[1], getWeights().getType());
  out[0] = RouteGradOp::create(builder, getLoc(), getLogits().getType(),
                               getScores(), getIndices(), weights, gradients[2],
                               getScoringAttr(), getTopKAttr(),
                               getNormalizeAttr(), getWeightScaleAttr());
  return success();
}

LogicalResult PermuteOp::buildGradient(OpBuilder &builder,
                                       ArrayRef<Value> gradients,
                                       ArrayRef<bool> needed,
                                       MutableArrayRef<Value> out) {
  if (needed[0])
    out[0] = UnpermuteOp::create(builder, getLoc(), getInput().getType(),
                                 gradients[0], getRowOfSlot(), getWeights(),
                                 getSlotOfRow(), getEnds());
  if (getWeights() && needed[4])
    out[4] = UnpermuteGradWeightsOp::create(builder, getLoc(),
                                            getWeights().getType(), getInput(),
                                            gradients[0], getRowOfSlot());
  return success();
}

LogicalResult UnpermuteOp::buildGradient(OpBuilder &builder,
                                         ArrayRef<Value> gradients,
                                         ArrayRef<bool> needed,
                                         MutableArrayRef<Value> out) {
  if (!getSlotOfRow() || !getEnds())
    return emitOpError("expects 'slot_of_row' and 'ends' where a gradient is "
                       "asked for, but got none");
  if (needed[0])
    out[0] = PermuteOp::create(builder, getLoc(), getInput().getType(),
                               gradients[0], getSlotOfRow(), getRowOfSlot(),
                               getEnds(), getWeights());
  if (getWeights() && needed[2])
    out[2] = UnpermuteGradWeightsOp::create(
        builder, getLoc(), getWeights().getType(), gradients[0], getInput(),
        getRowOfSlot());
  return success();
}

LogicalResult SwigluOp::buildGradient(OpBuilder &builder,
                                      ArrayRef<Value> gradients,
                                      ArrayRef<bool> needed,
                                      MutableArrayRef<Value> out) {
  out[0] = SwigluGradOp::create(builder, getLoc(), getGateUp().getType(),
                                getGateUp(), gradients[0], getEnds());
  return success();
}

LogicalResult BalanceLossOp::buildGradient(OpBuilder &builder,
                                           ArrayRef<Value> gradients,
                                           ArrayRef<bool> needed,
                                           MutableArrayRef<Value> out) {
  // The fraction counts tokens: it carries no gradient.
  out[0] = BalanceLossGradOp::create(builder, getLoc(), getScores().getType(),
                                     getScores(), getFraction(), gradients[0],
                                     getNormalizeAttr());
  return success();
}
