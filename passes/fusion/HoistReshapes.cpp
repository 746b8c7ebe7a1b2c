// HoistReshapes.cpp - elementwise ops compute on the rows of what follows.
#include "passes/fusion/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/common/MatchFailureRemarks.h"
#include "passes/fusion/RowGroup.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_HOISTRESHAPESPASS
#include "passes/fusion/Passes.h.inc"

namespace {

/// True when only the first dimension, which counts rows, is split.
bool splitsRows(tensor::ExpandShapeOp expand) {
  SmallVector<ReassociationIndices> groups = expand.getReassociationIndices();
  return groups.size() > 1 && groups.front().size() > 1 &&
         llvm::all_of(ArrayRef(groups).drop_front(),
                      [](const auto &group) { return group.size() == 1; });
}

/// expand(f(a, b))  ->  f(expand(a), expand(b))
///
///   [T, C]...  ->  [B, S, C]...
struct HoistRowExpansion : OpRewritePattern<tensor::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::ExpandShapeOp expand,
                                PatternRewriter &rewriter) const override {
    Operation *op = expand.getSrc().getDefiningOp();
    if (!op || !isElementwise(op) || !splitsRows(expand))
      return failure();
    for (Operation *user : op->getUsers()) {
      auto other = dyn_cast<tensor::ExpandShapeOp>(user);
      if (!other || other.getType() != expand.getType() ||
          other.getReassociation() != expand.getReassociation())
        return rewriter.notifyMatchFailure(
            expand, "the rows are read in another shape, too");
    }
    rewriter.setInsertionPoint(op);
    ArrayRef<int64_t> shape = expand.getType().getShape();
    auto shaped = [&](Type type) {
      return RankedTensorType::get(shape, getElementTypeOrSelf(type));
    };
    IRMapping mapping;
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand,
                    tensor::ExpandShapeOp::create(
                        rewriter, expand.getLoc(), shaped(operand.getType()),
                        operand, expand.getReassociationIndices()));
    Operation *hoisted = rewriter.clone(*op, mapping);
    rewriter.modifyOpInPlace(hoisted, [&] {
      Value result = hoisted->getResult(0);
      result.setType(shaped(result.getType()));
    });
    for (Operation *user : llvm::make_early_inc_range(op->getUsers()))
      rewriter.replaceOp(user, hoisted->getResults());
    rewriter.eraseOp(op);
    return success();
  }
};

struct HoistReshapesPass : impl::HoistReshapesPassBase<HoistReshapesPass> {
  using HoistReshapesPassBase::HoistReshapesPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HoistRowExpansion>(&getContext());
    MatchFailureRemarks whyNot(kFusionRemarks);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns),
                                  GreedyRewriteConfig().setListener(&whyNot))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tresse
