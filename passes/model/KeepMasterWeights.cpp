// KeepMasterWeights.cpp - wide masters, storage-type copies.
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_KEEPMASTERWEIGHTSPASS
#include "passes/model/Passes.h.inc"

namespace {
struct KeepMasterWeightsPass
    : impl::KeepMasterWeightsPassBase<KeepMasterWeightsPass> {
  using KeepMasterWeightsPassBase::KeepMasterWeightsPassBase;

  void runOnOperation() override {
    func::FuncOp prepare = findEntry(getOperation(), "prepare");
    if (!findEntry(getOperation(), "gradients") || !prepare)
      return;
    OpBuilder builder(prepare.getBody().front().getTerminator());
    SmallVector<lm::GlobalOp> globals(getOperation().getOps<lm::GlobalOp>());
    for (lm::GlobalOp global : globals) {
      RankedTensorType type = global.getTensorType();
      if (global.getRole() == lm::Role::weight && type != lm::wideOf(type))
        split(global, type, builder);
    }
  }

  /// weight @w : bf16 -> weight @w : f32, derived @w.storage : bf16 of @w
  void split(lm::GlobalOp global, RankedTensorType type, OpBuilder &builder) {
    auto master = FlatSymbolRefAttr::get(global.getSymNameAttr());
    std::string name = (global.getSymName() + ".storage").str();
    auto copy = FlatSymbolRefAttr::get(&getContext(), name);
    getOperation().walk([&](lm::LoadOp load) {
      if (load.getGlobalAttr() == master)
        load.setGlobalAttr(copy);
    });
    global.setType(lm::wideOf(type));
    OpBuilder atGlobal(global->getContext());
    atGlobal.setInsertionPointAfter(global);
    lm::GlobalOp::create(atGlobal, global.getLoc(), name, StringAttr(), type,
                         lm::Role::derived, lm::InitializerAttr(), ArrayAttr(),
                         master);
    Location loc = global.getLoc();
    Value wide = lm::LoadOp::create(builder, loc, lm::wideOf(type), master);
    Value narrow = arith::TruncFOp::create(builder, loc, type, wide);
    lm::StoreOp::create(builder, loc, narrow, copy);
  }
};
} // namespace
} // namespace tresse
