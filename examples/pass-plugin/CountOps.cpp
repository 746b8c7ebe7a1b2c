// CountOps.cpp - a pass plugin: counts a model's ops and the elements it
// learns.
#include "dialects/lm/LM.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

#include <map>

using namespace mlir;

namespace {

struct CountOps : PassWrapper<CountOps, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountOps)

  StringRef getArgument() const override { return "count-ops"; }
  StringRef getDescription() const override {
    return "Count the ops of a module and the elements of its weights";
  }

  void runOnOperation() override {
    int64_t weights = 0;
    std::map<StringRef, int64_t> counts;
    getOperation()->walk([&](Operation *op) {
      ++counts[op->getName().getStringRef()];
      if (auto global = dyn_cast<tresse::lm::GlobalOp>(op))
        if (global.getRole() == tresse::lm::Role::weight)
          weights += global.getTensorType().getNumElements();
    });
    InFlightDiagnostic remark = getOperation().emitRemark();
    remark << weights << " weights";
    for (auto [name, count] : counts)
      remark.attachNote() << count << " x " << name;
  }
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "CountOps", "1",
          [] { PassRegistration<CountOps>(); }};
}
