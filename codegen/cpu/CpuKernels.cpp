// CpuKernels.cpp - the kernels of a plan become functions beside it.
#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/Passes.h"
#include "passes/common/ModuleError.h"

using namespace mlir;

namespace tresse {

#define GEN_PASS_DEF_CPUKERNELSPASS
#include "codegen/cpu/Passes.h.inc"

namespace {

struct CpuKernelsPass : impl::CpuKernelsPassBase<CpuKernelsPass> {
  using CpuKernelsPassBase::CpuKernelsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    CpuKernelsPassBase::getDependentDialects(registry);
    cpu::registerKernelDialects(registry);
  }

  void runOnOperation() override {
    auto target = tresse::cpu::parseTarget(cpu);
    if (!target) {
      emitModuleError(getOperation()) << llvm::toString(target.takeError());
      return signalPassFailure();
    }
    for (auto model : llvm::to_vector(getOperation().getOps<plan::ModelOp>()))
      if (failed(compile(model, *target)))
        return signalPassFailure();
  }

  LogicalResult compile(plan::ModelOp model, const cpu::Target &target) {
    // Kernels are lowered in a module of their own: passes leave the plan be.
    OwningOpRef<ModuleOp> kernels = ModuleOp::create(model.getLoc());
    llvm::StringMap<int64_t> tiles;
    for (auto kernel : model.getOps<plan::KernelOp>()) {
      if (kernel.getBody().empty())
        continue;
      auto shape = emit(kernel, *kernels, target);
      if (failed(shape))
        return failure();
      tiles[kernel.getSymName()] = shape->tileCount;
      kernel.setScratchBytes(shape->scratchBytes);
      kernel.removeLayoutsAttr();
    }
    model.setArchitecture(target.requirements());
    model.walk([&](plan::LaunchOp launch) {
      if (auto found = tiles.find(launch.getKernel()); found != tiles.end())
        launch.setTileCount(found->second);
    });
    for (auto kernel : model.getOps<plan::KernelOp>()) {
      kernel.getBody().dropAllReferences();
      kernel.getBody().getBlocks().clear();
    }
    if (lower && failed(tresse::cpu::lowerKernels(*kernels, target)))
      return failure();
    Block *beside = getOperation().getBody();
    beside->getOperations().splice(beside->end(),
                                   kernels->getBody()->getOperations());
    return success();
  }

  FailureOr<cpu::KernelShape> emit(plan::KernelOp kernel, ModuleOp into,
                                   const cpu::Target &target) {
    SmallVector<MemRefType> layouts;
    if (auto given = kernel.getLayouts())
      for (auto type : given->getAsValueRange<TypeAttr>())
        layouts.push_back(cast<MemRefType>(type));
    return tresse::cpu::emitKernel(into, kernel.getSymName(),
                                   kernel.getBody().front(), layouts, target);
  }
};

} // namespace
} // namespace tresse
