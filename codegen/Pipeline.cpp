// Pipeline.cpp - the last stage: kernels of a plan become code of the target.
#include "codegen/Pipeline.h"

#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/Passes.h"
#include "codegen/cuda/Kernel.h"
#include "codegen/cuda/Passes.h"
#include "codegen/reference/Passes.h"
#include "codegen/tile/Kernel.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace tresse;

/// No kernel of the plan has a body left: its function is in the module, or in
/// the runtime.
static void buildCodegen(OpPassManager &manager,
                         const CompileOptions &options) {
  if (options.target == "reference")
    manager.addPass(createReferenceCallsPass());
  if (options.target == "cpu") {
    CpuKernelsPassOptions kernels;
    kernels.cpu = options.cpu;
    manager.addPass(createCpuKernelsPass(kernels));
  }
  auto [family, chip] = StringRef(options.target).split(':');
  if (family == "cuda") {
    CudaKernelsPassOptions kernels;
    kernels.chip = chip.str();
    manager.addPass(createCudaKernelsPass(kernels));
  }
}

ArrayRef<Stage> tresse::allStages() {
  static const std::vector<Stage> stages = [] {
    std::vector<Stage> list = compilerStages().vec();
    list.push_back({"codegen", "kernels as code of the target", buildCodegen});
    return list;
  }();
  return stages;
}

void tresse::registerCodegen(DialectRegistry &registry) {
  tile::registerTileModels(registry);
  cpu::registerKernelDialects(registry);
  cuda::registerKernelDialects(registry);
}

void tresse::registerCodegenPasses() {
  registerReferencePasses();
  registerCpuPasses();
  registerCudaPasses();
}
