// Gradients.cpp - reverse-mode derivatives of the dense and row-wise ops.
#include "dialects/lm/LM.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace tresse::lm;

namespace {
using Values = ArrayRef<Value>;
using Needed = ArrayRef<bool>;
using Outputs = MutableArrayRef<Value>;

/// Adds up [chunks..., C] or [rows..., C] to [C].
Value sumRows(OpBuilder &builder, Location loc, Value rows, Type element) {
  auto type = cast<RankedTensorType>(rows.getType());
  auto result = RankedTensorType::get(type.getShape().take_back(1), element);
  return RowSumOp::create(builder, loc, result, rows, Value());
}
} // namespace

LogicalResult SplitOp::buildGradient(OpBuilder &builder, Values gradients,
                                     Needed needed, Outputs out) {
  SmallVector<Value> parts;
  for (auto [gradient, part] : llvm::zip(gradients, getParts()))
    parts.push_back(valueOrZeros(builder, getLoc(), gradient, part.getType()));
  out[0] = ConcatOp::create(builder, getLoc(), getInput().getType(), parts);
  return success();
}

LogicalResult ConcatOp::buildGradient(OpBuilder &builder, Values gradients,
                                      Needed needed, Outputs out) {
  auto split =
      SplitOp::create(builder, getLoc(), getOperandTypes(), gradients[0]);
  for (auto [index, part] : llvm::enumerate(split.getParts()))
    out[index] = part;
  return success();
}

LogicalResult StopGradientOp::buildGradient(OpBuilder &, Values, Needed,
                                            Outputs) {
  return success();
}

LogicalResult EmbedOp::buildGradient(OpBuilder &builder, Values gradients,
                                     Needed needed, Outputs out) {
  if (needed[1])
    out[1] =
        EmbedGradOp::create(builder, getLoc(), wideOf(getTable().getType()),
                            getTokens(), gradients[0], Value());
  return success();
}

LogicalResult LinearOp::buildGradient(OpBuilder &builder, Values gradients,
                                      Needed needed, Outputs out) {
  if (needed[0])
    out[0] = LinearGradInputOp::create(builder, getLoc(), getInput().getType(),
                                       gradients[0], getWeight());
  if (needed[1])
    out[1] = LinearGradWeightOp::create(builder, getLoc(),
                                        wideOf(getWeight().getType()),
                                        gradients[0], getInput(), Value());
  return success();
}

LogicalResult GroupedLinearOp::buildGradient(OpBuilder &builder,
                                             Values gradients, Needed needed,
                                             Outputs out) {
  if (needed[0])
    out[0] = GroupedLinearGradInputOp::create(
        builder, getLoc(), getInput().getType(), gradients[0], getWeight(),
        getEnds());
  if (needed[1])
    out[1] = GroupedLinearGradWeightOp::create(
        builder, getLoc(), wideOf(getWeight().getType()), gradients[0],
        getInput(), getEnds(), Value());
  return success();
}

LogicalResult RmsNormOp::buildGradient(OpBuilder &builder, Values gradients,
                                       Needed needed, Outputs out) {
  if (needed[0])
    out[0] = RmsNormGradInputOp::create(builder, getLoc(), getInput().getType(),
                                        getInput(), getWeight(), gradients[0],
                                        getEpsilonAttr());
  if (!needed[1])
    return success();
  // Rows are summed in a number of chunks that depends on the shape alone.
  RankedTensorType input = getInput().getType();
  int64_t channels = input.getShape().back();
  int64_t rows = std::max<int64_t>(1, input.getNumElements() / channels);
  Type wide = wideOf(input.getElementType());
  auto partial =
      RankedTensorType::get({std::min<int64_t>(rows, 16), channels}, wide);
  Value chunks = RmsNormGradWeightOp::create(
      builder, getLoc(), partial, getInput(), gradients[0], getEpsilonAttr());
  out[1] = sumRows(builder, getLoc(), chunks, wide);
  return success();
}

LogicalResult RopeOp::buildGradient(OpBuilder &builder, Values gradients,
                                    Needed needed, Outputs out) {
  if (needed[0])
    out[0] = RopeOp::create(builder, getLoc(), getInput().getType(),
                            gradients[0], getTable(), getOffset(),
                            getInterleaved(), !getInverse());
  return success();
}

LogicalResult AttentionOp::buildGradient(OpBuilder &builder, Values gradients,
                                         Needed needed, Outputs out) {
  if (gradients[1])
    return emitOpError("expects no gradient of 'lse', but got one");
  auto query = AttentionGradQueryOp::create(
      builder, getLoc(), getQ().getType(), getLse().getType(), getQ(), getKv(),
      getKRope(), getPositions(), getOut(), getLse(), gradients[0],
      getScaleAttr());
  out[0] = query.getDq();
  if (!needed[1] && !needed[2])
    return success();
  auto key = AttentionGradKeyOp::create(
      builder, getLoc(), getKv().getType(), getKRope().getType(), getQ(),
      getKv(), getKRope(), getPositions(), getLse(), query.getDelta(),
      gradients[0], getScaleAttr());
  out[1] = key.getDkv();
  out[2] = key.getDkRope();
  return success();
}

LogicalResult MhcExpandOp::buildGradient(OpBuilder &builder, Values gradients,
                                         Needed needed, Outputs out) {
  out[0] = MhcExpandGradOp::create(builder, getLoc(), getInput().getType(),
                                   gradients[0]);
  return success();
}

LogicalResult MhcPreOp::buildGradient(OpBuilder &builder, Values gradients,
                                      Needed needed, Outputs out) {
  Location loc = getLoc();
  RankedTensorType mix = getMix().getType();
  SmallVector<int64_t> scaleRows(mix.getShape());
  scaleRows.back() = 3;
  Type wide = mix.getElementType();
  auto grad = MhcPreGradOp::create(
      builder, loc,
      TypeRange{getInput().getType(), mix, mix,
                RankedTensorType::get(scaleRows, wide)},
      ValueRange{getInput(), getMix(), getBase(), getScale(),
                 valueOrZeros(builder, loc, gradients[0], getH().getType()),
                 valueOrZeros(builder, loc, gradients[1], getPost().getType()),
                 valueOrZeros(builder, loc, gradients[2], getComb().getType())},
      (*this)->getAttrs());
  out[0] = grad.getDx();
  out[1] = grad.getDmix();
  if (needed[2])
    out[2] = sumRows(builder, loc, grad.getDz(), wide);
  if (needed[3])
    out[3] = sumRows(builder, loc, grad.getDscale(), wide);
  return success();
}

LogicalResult MhcPostOp::buildGradient(OpBuilder &builder, Values gradients,
                                       Needed needed, Outputs out) {
  auto grad = MhcPostGradOp::create(
      builder, getLoc(), getOperandTypes(),
      ValueRange{getInput(), getY(), getPost(), getComb(), gradients[0]});
  for (auto [index, value] : llvm::enumerate(grad->getResults()))
    out[index] = value;
  return success();
}

LogicalResult MhcHeadOp::buildGradient(OpBuilder &builder, Values gradients,
                                       Needed needed, Outputs out) {
  RankedTensorType mix = getMix().getType();
  SmallVector<int64_t> scaleRows(mix.getShape());
  scaleRows.back() = 1;
  Type wide = mix.getElementType();
  auto grad = MhcHeadGradOp::create(
      builder, getLoc(),
      TypeRange{getInput().getType(), mix, mix,
                RankedTensorType::get(scaleRows, wide)},
      ValueRange{getInput(), getMix(), getBase(), getScale(), gradients[0]},
      (*this)->getAttrs());
  out[0] = grad.getDx();
  out[1] = grad.getDmix();
  if (needed[2])
    out[2] = sumRows(builder, getLoc(), grad.getDz(), wide);
  if (needed[3])
    out[3] = sumRows(builder, getLoc(), grad.getDscale(), wide);
  return success();
}

LogicalResult SinkhornOp::buildGradient(OpBuilder &builder, Values gradients,
                                        Needed needed, Outputs out) {
  out[0] = SinkhornGradOp::create(builder, getLoc(), getInput().getType(),
                                  getInput(), gradients[0], getFormAttr(),
                                  getIterationsAttr(), getEpsilonAttr());
  return success();
}

LogicalResult CrossEntropyOp::buildGradient(OpBuilder &builder,
                                            Values gradients, Needed needed,
                                            Outputs out) {
  if (gradients[1])
    return emitOpError("expects no gradient of 'lse', but got one");
  out[0] = CrossEntropyGradOp::create(builder, getLoc(), getLogits().getType(),
                                      getLogits(), getTargets(), getLse(),
                                      gradients[0]);
  return success();
}

LogicalResult TokenLogProbOp::buildGradient(OpBuilder &builder,
                                            Values gradients, Needed needed,
                                            Outputs out) {
  if (gradients[1])
    return emitOpError("expects no gradient of 'lse', but got one");
  // d log p = -d loss.
  Value negated = arith::NegFOp::create(builder, getLoc(), gradients[0]);
  out[0] =
      CrossEntropyGradOp::create(builder, getLoc(), getLogits().getType(),
                                 getLogits(), getTargets(), getLse(), negated);
  return success();
}

LogicalResult MeanValidOp::buildGradient(OpBuilder &builder, Values gradients,
                                         Needed needed, Outputs out) {
  out[0] = MeanValidGradOp::create(builder, getLoc(), getLosses().getType(),
                                   gradients[0], getTargets());
  return success();
}
