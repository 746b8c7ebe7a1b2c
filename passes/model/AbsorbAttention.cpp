// AbsorbAttention.cpp - rewrites cached attention to its absorbed form.
#include "passes/model/Passes.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_ABSORBATTENTIONPASS
#include "passes/model/Passes.h.inc"

namespace {
RankedTensorType withLast(Value like, int64_t last) {
  auto type = cast<RankedTensorType>(like.getType());
  SmallVector<int64_t> sizes(type.getShape());
  sizes.back() = last;
  return RankedTensorType::get(sizes, type.getElementType());
}

/// attention(q, expand(linear(c, W)), k_rope)
///   -> head_linear(latent_attention(head_linear(q_nope, U), q_rope, c,
///   k_rope),
///                  V)   where W = [U; V] per head
struct AbsorbExpansion : OpRewritePattern<lm::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::AttentionOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getKv().getDefiningOp<tensor::ExpandShapeOp>();
    auto linear =
        reshape ? reshape.getSrc().getDefiningOp<lm::LinearOp>() : nullptr;
    if (!linear)
      return rewriter.notifyMatchFailure(
          op, "keys and values are not a linear expansion of a latent");
    Value latent = linear.getInput(); // [B, L, rank]
    if (!latent.getDefiningOp<lm::CacheWriteOp>())
      return rewriter.notifyMatchFailure(op, "the latent is not cached");
    if (!op.getLse().use_empty())
      return rewriter.notifyMatchFailure(op, "'lse' is used");

    Location loc = op.getLoc();
    auto kv = cast<RankedTensorType>(op.getKv().getType());
    int64_t rope =
        cast<RankedTensorType>(op.getKRope().getType()).getShape().back();
    int64_t nope =
        cast<RankedTensorType>(op.getQ().getType()).getShape().back() - rope;
    int64_t value = kv.getDimSize(3) - nope;
    int64_t rank = cast<RankedTensorType>(latent.getType()).getShape().back();

    auto query = lm::SplitOp::create(
        rewriter, loc,
        TypeRange{withLast(op.getQ(), nope), withLast(op.getQ(), rope)},
        op.getQ());
    Value weight = perHead(linear.getWeight(), kv, rewriter, loc);
    Value up = rowsOf(weight, 0, nope, rewriter, loc);
    Value down = rowsOf(weight, nope, value, rewriter, loc);
    Value absorbed = lm::HeadLinearOp::create(
        rewriter, loc, withLast(op.getQ(), rank), query.getResult(0), up, true);
    Value context = lm::LatentAttentionOp::create(
        rewriter, loc, absorbed.getType(), absorbed, query.getResult(1), latent,
        op.getKRope(), op.getPositions(), op.getScaleAttr());
    Value out = lm::HeadLinearOp::create(rewriter, loc, op.getOut().getType(),
                                         context, down, false);
    rewriter.replaceAllUsesWith(op.getOut(), out);
    rewriter.eraseOp(op);
    return success();
  }

  /// [H*(nope+value), rank] -> [H, nope+value, rank]
  static Value perHead(Value weight, RankedTensorType kv,
                       PatternRewriter &rewriter, Location loc) {
    auto type = cast<RankedTensorType>(weight.getType());
    auto result = RankedTensorType::get(
        {kv.getDimSize(2), kv.getDimSize(3), type.getDimSize(1)},
        type.getElementType());
    SmallVector<ReassociationIndices> groups{{0, 1}, {2}};
    return tensor::ExpandShapeOp::create(rewriter, loc, result, weight, groups);
  }

  /// [H, rows, rank] -> [H, count, rank], a view from row `first` of each head
  static Value rowsOf(Value weight, int64_t first, int64_t count,
                      PatternRewriter &rewriter, Location loc) {
    auto type = cast<RankedTensorType>(weight.getType());
    SmallVector<int64_t> sizes(type.getShape());
    sizes[1] = count;
    return tensor::ExtractSliceOp::create(
        rewriter, loc, RankedTensorType::get(sizes, type.getElementType()),
        weight, ValueRange(), ValueRange(), ValueRange(),
        ArrayRef<int64_t>{0, first, 0}, sizes, ArrayRef<int64_t>{1, 1, 1});
  }
};

struct AbsorbAttentionPass
    : impl::AbsorbAttentionPassBase<AbsorbAttentionPass> {
  using AbsorbAttentionPassBase::AbsorbAttentionPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AbsorbExpansion>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace tresse
