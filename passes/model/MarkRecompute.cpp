// MarkRecompute.cpp - marks the calls whose activations are recomputed.
#include "passes/common/ModuleError.h"
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_MARKRECOMPUTEPASS
#include "passes/model/Passes.h.inc"

namespace {
struct MarkRecomputePass : impl::MarkRecomputePassBase<MarkRecomputePass> {
  using MarkRecomputePassBase::MarkRecomputePassBase;

  void runOnOperation() override {
    if (fraction < 0.0 || fraction > 1.0) {
      emitModuleError(getOperation())
          << "expects a recompute fraction from 0 to 1, but got " << fraction;
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      bool differentiated = false;
      for (unsigned i = 0; i < function.getNumResults(); ++i)
        differentiated |= resultName(function, i) == kObjective;
      if (differentiated)
        mark(function);
    }
  }

  /// The first layers' activations live longest: they are recomputed first.
  void mark(func::FuncOp entry) {
    SmallVector<func::CallOp> calls(entry.getOps<func::CallOp>());
    size_t count = static_cast<size_t>(fraction * calls.size() + 0.5);
    for (func::CallOp call : llvm::ArrayRef(calls).take_front(count))
      call->setAttr(kRecomputeAttr, UnitAttr::get(&getContext()));
  }
};
} // namespace
} // namespace tresse
