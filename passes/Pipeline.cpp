// Pipeline.cpp - the compiler's stages, in order, each with the invariant that
// it leaves for the next.
#include "passes/Pipeline.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/fusion/Passes.h"
#include "passes/model/Passes.h"
#include "passes/schedule/Passes.h"
#include "llvm/Config/llvm-config.h"

using namespace mlir;
using namespace tresse;

/// One model text becomes one function per entry, on primitive ops with static
/// shapes; repeated layers stay one function called many times.
static void buildExpand(OpPassManager &manager, const CompileOptions &options) {
  InstantiateEntriesPassOptions entries;
  entries.entries.assign(options.entries.begin(), options.entries.end());
  entries.batch = options.batch;
  entries.sequence = options.sequence;
  entries.slots = options.slots;
  entries.chunk = options.chunk;
  entries.context = options.context;
  entries.dtype = options.dtype;
  manager.addPass(createInstantiateEntriesPass(entries));
  manager.addPass(createExpandCompositesPass());
}

/// Generation keeps latents in a cache; everything else is untouched.
static void buildAttention(OpPassManager &manager,
                           const CompileOptions &options) {
  manager.addPass(createAddLatentCachePass());
  if (options.absorb)
    manager.addPass(createAbsorbAttentionPass());
  manager.addPass(createHoistLastRowPass());
}

/// Calls say whether their activations are recomputed.
static void buildRecompute(OpPassManager &manager,
                           const CompileOptions &options) {
  MarkRecomputePassOptions recompute;
  recompute.fraction = options.recompute;
  manager.addPass(createMarkRecomputePass(recompute));
}

/// `gradients` adds to one gradient global per trained weight.
static void buildDifferentiate(OpPassManager &manager, const CompileOptions &) {
  manager.addPass(createKeepMasterWeightsPass());
  manager.addPass(createDifferentiatePass());
}

/// `update` exists where there are gradients.
static void buildOptimizer(OpPassManager &manager, const CompileOptions &) {
  manager.addPass(createBuildUpdatePass());
}

/// Every entry is one list of ops without calls, each value computed once.
static void buildFlatten(OpPassManager &manager, const CompileOptions &) {
  manager.addPass(createFlattenPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// Gradients are added to their globals in place; what becomes one kernel is
/// one op. The reference target calls one function per op.
static void buildFuse(OpPassManager &manager, const CompileOptions &options) {
  manager.addPass(createFuseAccumulatePass());
  if (options.target == "reference")
    return;
  manager.addPass(createHoistReshapesPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createFuseRowsPass());
}

/// Facts that the runtime and `info` read back from the plan.
static SmallVector<std::string> buildRecords(const CompileOptions &options) {
  auto number = [](StringRef name, int64_t value) {
    return (name + "=" + Twine(value)).str();
  };
  return {
      "tresse=" TRESSE_VERSION,          "llvm=" LLVM_VERSION_STRING,
      "target=" + options.target,        "dtype=" + options.dtype,
      number("batch", options.batch),    number("sequence", options.sequence),
      number("slots", options.slots),    number("chunk", options.chunk),
      number("context", options.context)};
}

/// Every entry is a list of steps on buffers with offsets.
static void buildSchedule(OpPassManager &manager,
                          const CompileOptions &options) {
  BuildPlanPassOptions plan;
  plan.target = StringRef(options.target).split(':').first.str();
  plan.gemms = plan.target != "reference";
  plan.groupedGemms = plan.target == "cpu";
  // Kernels of cuda are not tested in place.
  plan.overwrite = plan.target != "cuda";
  plan.records = buildRecords(options);
  manager.addPass(createBuildPlanPass(plan));
  manager.addPass(createOrderStepsPass());
  manager.addPass(createAssignArenaPass());
}

ArrayRef<Stage> tresse::compilerStages() {
  static const Stage stages[] = {
      {"expand", "entries with static shapes, on primitive ops", buildExpand},
      {"attention", "latent cache and absorbed attention for generation",
       buildAttention},
      {"recompute", "which layers recompute their activations", buildRecompute},
      {"differentiate", "gradients of every trained weight",
       buildDifferentiate},
      {"optimizer", "the update entry", buildOptimizer},
      {"flatten", "one list of ops per entry", buildFlatten},
      {"fuse", "accumulation in place, row-wise ops as kernels", buildFuse},
      {"schedule", "a plan: steps, buffers and the arena", buildSchedule},
  };
  return stages;
}
