// AccumulateInPlace.cpp - sums that are added to a global are added in place.
#include "passes/schedule/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_ACCUMULATEINPLACEPASS
#include "passes/schedule/Passes.h.inc"

namespace {

/// store(addf(load @g, sum(...)), @g)  ->  store(sum(..., load @g), @g)
/// Returns true when `add` was such an addition and is gone.
bool accumulate(arith::AddFOp add) {
  if (!add->hasOneUse())
    return false;
  auto store = dyn_cast<lm::StoreOp>(*add->user_begin());
  if (!store)
    return false;
  for (auto [old, sum] : {std::pair(add.getLhs(), add.getRhs()),
                          std::pair(add.getRhs(), add.getLhs())}) {
    auto load = old.getDefiningOp<lm::LoadOp>();
    auto op = sum.getDefiningOp<lm::AccumulateOpInterface>();
    if (!load || !op || load.getGlobal() != store.getGlobal() ||
        !load->hasOneUse() || !sum.hasOneUse() || op.getAccumulatorValue() ||
        load->getBlock() != op->getBlock())
      continue;
    // A global's old value is there from the start of the entry.
    load->moveBefore(op);
    op.setAccumulatorValue(load.getResult());
    add.getResult().replaceAllUsesWith(sum);
    add.erase();
    return true;
  }
  return false;
}

struct AccumulateInPlacePass
    : impl::AccumulateInPlacePassBase<AccumulateInPlacePass> {
  using AccumulateInPlacePassBase::AccumulateInPlacePassBase;

  void runOnOperation() override {
    SmallVector<arith::AddFOp> additions;
    getOperation().walk([&](arith::AddFOp add) { additions.push_back(add); });
    for (arith::AddFOp add : additions)
      accumulate(add);
  }
};

} // namespace
} // namespace tresse
