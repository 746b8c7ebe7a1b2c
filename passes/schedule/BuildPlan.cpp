// BuildPlan.cpp - flat entries become a plan.
#include "passes/common/ModuleError.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/ScheduleEntry.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_BUILDPLANPASS
#include "passes/schedule/Passes.h.inc"

namespace {

/// fusion { ops }  ->  ops
void inlineFusions(func::FuncOp entry) {
  SmallVector<lm::FusionOp> fusions(entry.getOps<lm::FusionOp>());
  for (lm::FusionOp fusion : fusions) {
    IRMapping mapping;
    Block &body = fusion.getBody().front();
    mapping.map(body.getArguments(), fusion.getInputs());
    OpBuilder builder(fusion);
    for (Operation &op : body.without_terminator())
      builder.clone(op, mapping);
    for (auto [result, value] : llvm::zip_equal(
             fusion.getOutputs(), body.getTerminator()->getOperands()))
      result.replaceAllUsesWith(mapping.lookupOrDefault(value));
    fusion.erase();
  }
}

struct BuildPlanPass : impl::BuildPlanPassBase<BuildPlanPass> {
  using BuildPlanPassBase::BuildPlanPassBase;

  void runOnOperation() override {
    if (failed(build(getOperation())))
      signalPassFailure();
  }

  LogicalResult build(ModuleOp module) {
    auto chosen = plan::symbolizeTarget(target);
    if (!chosen)
      return emitModuleError(module)
             << "expected target reference, cpu or cuda, but got '" << target
             << "'";
    bool isCuda = *chosen == plan::Target::Cuda;
    PlanBuilder builder(module, *chosen,
                        isCuda && architecture.empty() ? StringRef("0")
                                                       : architecture);
    for (StringRef record : records) {
      auto [name, value] = record.split('=');
      builder.addRecord(name, value);
    }
    if (auto facts = module->getAttrOfType<DictionaryAttr>("lm.records"))
      for (NamedAttribute record : facts)
        if (auto text = dyn_cast<StringAttr>(record.getValue()))
          builder.addRecord(record.getName(), text);
    module->removeAttr("lm.records");
    for (auto global : module.getOps<lm::GlobalOp>())
      builder.addGlobal(global);
    SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (!function->hasAttrOfType<StringAttr>("lm.entry"))
        continue;
      if (*chosen == plan::Target::Reference)
        inlineFusions(function);
      if (failed(scheduleEntry(builder, function,
                               {gemms, gemms && groupedGemms, isCuda},
                               overwrite)))
        return failure();
    }
    for (func::FuncOp function : functions)
      function.erase();
    for (auto global :
         llvm::make_early_inc_range(module.getOps<lm::GlobalOp>()))
      global.erase();
    builder.finish();
    return success();
  }
};

} // namespace
} // namespace tresse
