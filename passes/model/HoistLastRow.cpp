// HoistLastRow.cpp - computes logits of the last rows only.
#include "passes/model/Passes.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_HOISTLASTROWPASS
#include "passes/model/Passes.h.inc"

namespace {
/// last_row(op(x, w)) -> op(last_row(x), w), where op works on each row alone
template <typename Op> struct HoistAbove : OpRewritePattern<lm::LastRowOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(lm::LastRowOp last,
                                PatternRewriter &rewriter) const override {
    auto op = last.getInput().template getDefiningOp<Op>();
    if (!op || !op->hasOneUse())
      return rewriter.notifyMatchFailure(last, "input is not a row-wise op "
                                               "used only here");
    auto type = cast<RankedTensorType>(op.getInput().getType());
    if (type.getRank() != 3)
      return rewriter.notifyMatchFailure(last, "input is not [B, S, C]");
    auto rowType = RankedTensorType::get(
        {type.getDimSize(0), type.getDimSize(2)}, type.getElementType());
    Value row = lm::LastRowOp::create(rewriter, last.getLoc(), rowType,
                                      op.getInput(), last.getPositions());
    SmallVector<Value> operands(op->getOperands());
    operands[0] = row;
    rewriter.replaceOpWithNewOp<Op>(last, TypeRange(last.getResult().getType()),
                                    operands, op->getAttrs());
    return success();
  }
};

struct HoistLastRowPass : impl::HoistLastRowPassBase<HoistLastRowPass> {
  using HoistLastRowPassBase::HoistLastRowPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HoistAbove<lm::LinearOp>, HoistAbove<lm::RmsNormOp>>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace tresse
