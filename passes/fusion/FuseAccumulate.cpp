// FuseAccumulate.cpp - gradients add to their globals in place.
#include "passes/fusion/Passes.h"

#include "dialects/plan/Plan.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/common/MatchFailureRemarks.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_FUSEACCUMULATEPASS
#include "passes/fusion/Passes.h.inc"

namespace {

/// A tree of additions: sum = old + accumulating... + others...
struct Sum {
  lm::LoadOp old;
  SmallVector<lm::AccumulateOpInterface> accumulating;
  SmallVector<Value> others;
  /// The additions, outermost first.
  SmallVector<Operation *> additions;
  bool isReadElsewhere = false;

  void add(Value value, FlatSymbolRefAttr global);
};

void Sum::add(Value value, FlatSymbolRefAttr global) {
  Operation *op = value.getDefiningOp();
  bool isOnlyHere = value.hasOneUse();
  if (isa_and_nonnull<arith::AddFOp, arith::AddIOp>(op) && isOnlyHere) {
    additions.push_back(op);
    for (Value operand : op->getOperands())
      add(operand, global);
    return;
  }
  auto load = dyn_cast_if_present<lm::LoadOp>(op);
  if (load && load.getGlobalAttr() == global && !old) {
    old = load;
    isReadElsewhere |= !isOnlyHere;
    return;
  }
  auto accumulate = dyn_cast_if_present<lm::AccumulateOpInterface>(op);
  bool isFree = accumulate && !accumulate.getAccumulatorValue();
  if (isFree && isOnlyHere)
    accumulating.push_back(accumulate);
  else
    others.push_back(value);
  isReadElsewhere |= isFree && !isOnlyHere;
}

/// store(add(load g, op(x)), g)  ->  store(op(x, accumulator: load g), g)
struct AccumulateIntoGlobal : OpRewritePattern<lm::StoreOp> {
  AccumulateIntoGlobal(MLIRContext *context, const SymbolTable &symbols)
      : OpRewritePattern(context), symbols(symbols) {}

  LogicalResult matchAndRewrite(lm::StoreOp store,
                                PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(
            store.getValue().getDefiningOp()) ||
        !isGradient(store.getGlobal()))
      return failure();
    if (!store.getValue().hasOneUse())
      return rewriter.notifyMatchFailure(store, "the sum is read elsewhere");
    Sum sum;
    sum.add(store.getValue(), store.getGlobalAttr());
    if (!sum.old)
      return rewriter.notifyMatchFailure(
          store, "the sum does not hold the old value of its global");
    if (!sum.old.getResult().hasOneUse())
      return rewriter.notifyMatchFailure(
          store, "the old value of the global is read elsewhere");
    if (sum.accumulating.empty())
      return rewriter.notifyMatchFailure(
          store, sum.isReadElsewhere
                     ? "the summands are read elsewhere"
                     : "no summand is an op that can accumulate");
    rewrite(store, sum, rewriter);
    return success();
  }

private:
  bool isGradient(StringRef name) const {
    auto global = symbols.lookup<lm::GlobalOp>(name);
    return global && global.getRole() == lm::Role::gradient;
  }

  static void rewrite(lm::StoreOp store, Sum &sum, PatternRewriter &rewriter) {
    auto type = cast<RankedTensorType>(store.getValue().getType());
    // Written by the op, read by the addition: neither happens any more.
    int64_t bytes = type.getNumElements() *
                    plan::bytesOfElement(type.getElementType()) * 2 *
                    sum.accumulating.size();
    remark::passed(
        store.getLoc(),
        remark::RemarkOpts::name("FuseAccumulate").category(kFusionRemarks))
        << remark::metric("bytes-saved", bytes);

    llvm::sort(sum.accumulating, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    // A global is loaded once and stored once, behind the sum: its old value
    // is there from the start of the entry.
    Operation *first = sum.accumulating.front();
    if (!sum.old->isBeforeInBlock(first))
      rewriter.moveOpBefore(sum.old, first);
    Value total = sum.old.getResult();
    for (lm::AccumulateOpInterface op : sum.accumulating) {
      rewriter.modifyOpInPlace(op, [&] { op.setAccumulatorValue(total); });
      total = op->getResult(0);
    }
    Operation *outermost = sum.additions.front();
    rewriter.setInsertionPoint(outermost);
    for (Value other : sum.others) {
      Operation *addition = rewriter.clone(*outermost);
      rewriter.modifyOpInPlace(addition,
                               [&] { addition->setOperands({total, other}); });
      total = addition->getResult(0);
    }
    rewriter.replaceOp(outermost, total);
    for (Operation *addition : ArrayRef(sum.additions).drop_front())
      rewriter.eraseOp(addition);
  }

  const SymbolTable &symbols;
};

struct FuseAccumulatePass : impl::FuseAccumulatePassBase<FuseAccumulatePass> {
  using FuseAccumulatePassBase::FuseAccumulatePassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    SymbolTable symbols(getOperation());
    patterns.add<AccumulateIntoGlobal>(&getContext(), symbols);
    MatchFailureRemarks whyNot(kFusionRemarks);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns),
                                  GreedyRewriteConfig().setListener(&whyNot))))
      signalPassFailure();
  }
};

} // namespace
} // namespace tresse
