// ExpandComposites.cpp - replaces the authors' composite ops by primitives.
#include "passes/model/Passes.h"

#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_EXPANDCOMPOSITESPASS
#include "passes/model/Passes.h.inc"

namespace {
/// Builds primitive ops at one location; shapes are drawn where it is used.
class Emitter {
public:
  Emitter(PatternRewriter &rewriter, Location loc)
      : rewriter(rewriter), loc(loc) {}

  static RankedTensorType typeOf(Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  /// The leading dimensions of `value` but the last `drop`, then `tail`.
  static RankedTensorType shapeLike(Value value, unsigned drop,
                                    ArrayRef<int64_t> tail, Type element) {
    SmallVector<int64_t> sizes(typeOf(value).getShape().drop_back(drop));
    llvm::append_range(sizes, tail);
    return RankedTensorType::get(sizes, element);
  }

  Value linear(Value input, Value weight, Type element) {
    return lm::LinearOp::create(
        rewriter, loc,
        shapeLike(input, 1, typeOf(weight).getShape()[0], element), input,
        weight);
  }
  Value linear(Value input, Value weight) {
    return linear(input, weight, typeOf(input).getElementType());
  }

  Value norm(Value input, Value weight, double epsilon) {
    return lm::RmsNormOp::create(rewriter, loc, input.getType(), input, weight,
                                 rewriter.getF64FloatAttr(epsilon));
  }

  Value rope(Value input, Value table, int64_t offset, bool interleaved) {
    return lm::RopeOp::create(rewriter, loc, input.getType(), input, table,
                              offset, interleaved, false);
  }

  /// [..., a*b] -> [..., a, b]
  Value splitLast(Value input, int64_t outer) {
    auto type = typeOf(input);
    int64_t rank = type.getRank();
    auto result =
        shapeLike(input, 1, {outer, type.getDimSize(rank - 1) / outer},
                  type.getElementType());
    return tensor::ExpandShapeOp::create(rewriter, loc, result, input,
                                         groups(rank, rank - 1, 2));
  }

  /// [..., a, b] -> [..., a*b]
  Value mergeLast(Value input) {
    auto type = typeOf(input);
    int64_t rank = type.getRank();
    auto result = shapeLike(
        input, 2, type.getDimSize(rank - 1) * type.getDimSize(rank - 2),
        type.getElementType());
    return tensor::CollapseShapeOp::create(rewriter, loc, result, input,
                                           groups(rank - 1, rank - 2, 2));
  }

  /// [B, S, ...] -> [B*S, ...]
  Value mergeRows(Value input) {
    auto type = typeOf(input);
    SmallVector<int64_t> sizes(type.getShape().drop_front(1));
    sizes[0] *= type.getDimSize(0);
    auto result = RankedTensorType::get(sizes, type.getElementType());
    return tensor::CollapseShapeOp::create(rewriter, loc, result, input,
                                           groups(type.getRank() - 1, 0, 2));
  }

  /// [B*S, ...] -> [B, S, ...] of `like`
  Value splitRows(Value input, RankedTensorType like) {
    auto type = typeOf(input);
    SmallVector<int64_t> sizes(like.getShape().take_front(2));
    llvm::append_range(sizes, type.getShape().drop_front(1));
    auto result = RankedTensorType::get(sizes, type.getElementType());
    return tensor::ExpandShapeOp::create(rewriter, loc, result, input,
                                         groups(type.getRank(), 0, 2));
  }

  Value mlp(Value input, Value gateUp, Value down) {
    Value both = linear(input, gateUp);
    int64_t width = typeOf(both).getShape().back() / 2;
    Value hidden = lm::SwigluOp::create(
        rewriter, loc, shapeLike(both, 1, width, typeOf(both).getElementType()),
        both, Value());
    return linear(hidden, down);
  }

private:
  /// One group per dimension of a tensor of `rank`, except that dimension `at`
  /// stands for `count` dimensions.
  static SmallVector<ReassociationIndices> groups(int64_t rank, int64_t at,
                                                  int64_t count) {
    SmallVector<ReassociationIndices> result;
    int64_t next = 0;
    for (int64_t dim = 0; dim < rank; ++dim) {
      ReassociationIndices group;
      for (int64_t i = 0; i < (dim == at ? count : 1); ++i)
        group.push_back(next++);
      result.push_back(group);
    }
    return result;
  }

  PatternRewriter &rewriter;
  Location loc;
};

/// mla -> projections, rope, attention, output projection (ops.md 1.2)
struct ExpandMla : OpRewritePattern<lm::MlaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::MlaOp op,
                                PatternRewriter &rewriter) const override {
    Emitter emit(rewriter, op.getLoc());
    double epsilon = op.getEpsilon().convertToDouble();
    Value input = op.getInput();
    Type element = Emitter::typeOf(input).getElementType();
    Value table = rotary(op, rewriter);

    // q: [B, S, H, nope + rope], nope first
    Value query = input;
    if (op.getQA())
      query =
          emit.norm(emit.linear(query, op.getQA()), op.getQANorm(), epsilon);
    query = emit.splitLast(emit.linear(query, op.getQB()), op.getHeads());
    query = emit.rope(query, table, op.getNope(), op.getInterleaved());

    // kv_a: [B, S, rank + rope]; the norm covers the latent only
    Value joint = emit.linear(input, op.getKvA());
    int64_t rope = op.getRope();
    int64_t rank = Emitter::typeOf(joint).getShape().back() - rope;
    auto parts = lm::SplitOp::create(
        rewriter, op.getLoc(),
        TypeRange{Emitter::shapeLike(joint, 1, rank, element),
                  Emitter::shapeLike(joint, 1, rope, element)},
        joint);
    Value latent = emit.norm(parts.getResult(0), op.getKvANorm(), epsilon);
    Value keyRope =
        emit.rope(parts.getResult(1), table, 0, op.getInterleaved());

    // kv: [B, S, H, nope + value], per head [k_nope | v]
    Value expanded =
        emit.splitLast(emit.linear(latent, op.getKvB()), op.getHeads());
    int64_t heads = op.getHeads();
    auto attention = lm::AttentionOp::create(
        rewriter, op.getLoc(),
        Emitter::shapeLike(input, 1, {heads, int64_t(op.getValue())}, element),
        Emitter::shapeLike(input, 1, heads, lm::wideOf(element)), query,
        expanded, keyRope, op.getPositions(), op.getScaleAttr());
    rewriter.replaceOp(
        op, emit.linear(emit.mergeLast(attention.getOut()), op.getO()));
    return success();
  }

  static Value rotary(lm::MlaOp op, PatternRewriter &rewriter) {
    lm::YarnAttr yarn = op.getRotary();
    Type element = Emitter::typeOf(op.getInput()).getElementType();
    SmallVector<int64_t> sizes(Emitter::typeOf(op.getPositions()).getShape());
    sizes.push_back(op.getRope());
    return lm::RotaryOp::create(
        rewriter, op.getLoc(),
        RankedTensorType::get(sizes, lm::wideOf(element)), op.getPositions(),
        yarn.getTheta(), yarn.getFactor(),
        rewriter.getI64IntegerAttr(yarn.getOriginalPositions()),
        yarn.getBetaFast(), yarn.getBetaSlow(), yarn.getAmplitude());
  }
};

/// mlp -> linear, swiglu, linear
struct ExpandMlp : OpRewritePattern<lm::MlpOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::MlpOp op,
                                PatternRewriter &rewriter) const override {
    Emitter emit(rewriter, op.getLoc());
    rewriter.replaceOp(op,
                       emit.mlp(op.getInput(), op.getGateUp(), op.getDown()));
    return success();
  }
};

/// moe -> route, permute, grouped linears, unpermute, shared experts
/// (ops.md 2)
struct ExpandMoe : OpRewritePattern<lm::MoeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::MoeOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Emitter emit(rewriter, loc);
    auto inputType = Emitter::typeOf(op.getInput());
    Value rows = emit.mergeRows(op.getInput()); // [T, d]
    int64_t tokens = Emitter::typeOf(rows).getDimSize(0);
    lm::RouteOp route = buildRoute(op, rows, tokens, rewriter);

    auto index = rewriter.getI32Type();
    int64_t experts = Emitter::typeOf(op.getGate()).getDimSize(0);
    int64_t slots = tokens * int64_t(op.getTopK());
    auto perExpert = RankedTensorType::get({experts}, index);
    auto order = lm::GroupRowsOp::create(
        rewriter, loc, route.getIndices().getType(),
        RankedTensorType::get({slots}, index), perExpert, route.getIndices());
    Value routed = buildExperts(op, rows, slots, route, order, rewriter);
    if (op.getSharedGateUp()) {
      Value shared = emit.mlp(rows, op.getSharedGateUp(), op.getSharedDown());
      routed = arith::AddFOp::create(rewriter, loc, routed, shared);
    }
    SmallVector<Value> results = {emit.splitRows(routed, inputType)};
    for (size_t level = 0; level < op.getBalance().size(); ++level)
      results.push_back(buildBalance(op, static_cast<lm::BalanceLevel>(level),
                                     inputType, route, rewriter));
    Value load = lm::ExpertLoadOp::create(rewriter, loc, perExpert,
                                          route.getIndices(), Value());
    results.append({load, route.getIndices()});
    rewriter.replaceOp(op, results);
    return success();
  }

  static lm::RouteOp buildRoute(lm::MoeOp op, Value rows, int64_t tokens,
                                PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    Emitter emit(rewriter, loc);
    Type wide = Emitter::typeOf(op.getGate()).getElementType();
    Value logits = emit.linear(rows, op.getGate(), wide); // [T, E]
    Value positions = emit.mergeRows(op.getPositions());  // [T]
    int64_t topK = op.getTopK();
    return lm::RouteOp::create(
        rewriter, loc,
        RankedTensorType::get({tokens, topK}, rewriter.getI32Type()),
        RankedTensorType::get({tokens, topK}, wide), logits.getType(), logits,
        op.getBias(), positions, op.getScoringAttr(), op.getTopKAttr(),
        op.getGroupsAttr(), op.getTopGroupsAttr(), op.getGroupScoreAttr(),
        op.getNormalizeAttr(), op.getWeightScaleAttr());
  }

  /// [T, d] -> [T*K, d] -> experts -> [T, d]
  static Value buildExperts(lm::MoeOp op, Value rows, int64_t slots,
                            lm::RouteOp route, lm::GroupRowsOp order,
                            PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    auto rowsType = Emitter::typeOf(rows);
    Type element = rowsType.getElementType();
    auto type = [&](int64_t width) {
      return RankedTensorType::get({slots, width}, element);
    };
    int64_t width = Emitter::typeOf(op.getGateUp()).getDimSize(1);
    Value permuted = lm::PermuteOp::create(
        rewriter, loc, type(rowsType.getDimSize(1)), rows, order.getSlotOfRow(),
        order.getRowOfSlot(), order.getEnds(), Value());
    Value both = lm::GroupedLinearOp::create(
        rewriter, loc, type(width), permuted, op.getGateUp(), order.getEnds());
    Value hidden = lm::SwigluOp::create(rewriter, loc, type(width / 2), both,
                                        order.getEnds());
    Value out =
        lm::GroupedLinearOp::create(rewriter, loc, type(rowsType.getDimSize(1)),
                                    hidden, op.getDown(), order.getEnds());
    return lm::UnpermuteOp::create(rewriter, loc, rowsType, out,
                                   order.getRowOfSlot(), route.getWeights(),
                                   order.getSlotOfRow(), order.getEnds());
  }

  /// Groups of experts are devices, and `top_groups` limits a token's devices.
  static Value buildBalance(lm::MoeOp op, lm::BalanceLevel level,
                            RankedTensorType input, lm::RouteOp route,
                            PatternRewriter &rewriter) {
    auto scores = cast<RankedTensorType>(route.getScores().getType());
    auto fractionType = RankedTensorType::get(
        {op.getBalanceBatch() ? 1 : input.getDimSize(0), scores.getDimSize(1)},
        scores.getElementType());
    bool isDevice = level != lm::BalanceLevel::expert;
    Value fraction = lm::BalanceFractionOp::create(
        rewriter, op.getLoc(), fractionType, route.getScores(),
        route.getIndices(), op.getBalanceForm(), level,
        isDevice ? op.getGroups() : 1, isDevice ? op.getTopGroups() : 1);
    return lm::BalanceLossOp::create(
        rewriter, op.getLoc(), op.getBalance().front().getType(),
        route.getScores(), fraction, op.getBalanceNormalizeAttr());
  }
};

/// mhc { F } -> linear, mhc_pre, F, mhc_post (ops.md 3.2)
struct ExpandMhc : OpRewritePattern<lm::MhcOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::MhcOp op,
                                PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Emitter emit(rewriter, loc);
    Value input = op.getInput(); // [B, S, n, C]
    Type wide = Emitter::typeOf(op.getFn()).getElementType();
    int64_t streams = Emitter::typeOf(input).getShape().end()[-2];
    Value mix = emit.linear(emit.mergeLast(input), op.getFn(), wide);
    Block &body = op.getBody().front();
    auto pre = lm::MhcPreOp::create(
        rewriter, loc, body.getArgument(0).getType(),
        Emitter::shapeLike(mix, 1, streams, wide),
        Emitter::shapeLike(mix, 1, {streams, streams}, wide), input, mix,
        op.getBase(), op.getScale(), op.getFormAttr(), op.getIterationsAttr(),
        op.getEpsilonAttr(), op.getNormEpsilonAttr());
    auto yield = cast<lm::YieldOp>(body.getTerminator());
    rewriter.inlineBlockBefore(&body, op, pre.getH());
    SmallVector<Value> results(yield.getValues());
    rewriter.eraseOp(yield);
    rewriter.setInsertionPoint(op);
    results[0] =
        lm::MhcPostOp::create(rewriter, loc, input.getType(), input, results[0],
                              pre.getPost(), pre.getComb());
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// hc_head -> linear, mhc_head
struct ExpandHcHead : OpRewritePattern<lm::HcHeadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::HcHeadOp op,
                                PatternRewriter &rewriter) const override {
    Emitter emit(rewriter, op.getLoc());
    Type wide = Emitter::typeOf(op.getFn()).getElementType();
    Value mix = emit.linear(emit.mergeLast(op.getInput()), op.getFn(), wide);
    rewriter.replaceOpWithNewOp<lm::MhcHeadOp>(
        op, op.getResult().getType(), op.getInput(), mix, op.getBase(),
        op.getScale(), op.getEpsilonAttr(), op.getNormEpsilonAttr());
    return success();
  }
};

struct ExpandCompositesPass
    : impl::ExpandCompositesPassBase<ExpandCompositesPass> {
  using ExpandCompositesPassBase::ExpandCompositesPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandMla, ExpandMlp, ExpandMoe, ExpandMhc, ExpandHcHead>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace tresse
