// EmitCudaKernels.cpp - functions on tensors to kernels, to look at and to
// test.
#include "codegen/cuda/Kernel.h"
#include "codegen/cuda/Passes.h"

#include "passes/common/ModuleError.h"

using namespace mlir;

namespace tresse {

#define GEN_PASS_DEF_EMITCUDAKERNELSPASS
#include "codegen/cuda/Passes.h.inc"

namespace {

/// The row-major layouts of a function's arguments and results.
SmallVector<MemRefType> layoutsOf(func::FuncOp function) {
  SmallVector<MemRefType> layouts;
  FunctionType type = function.getFunctionType();
  for (TypeRange types :
       {TypeRange(type.getInputs()), TypeRange(type.getResults())})
    for (Type tensor : types)
      if (auto ranked = dyn_cast<RankedTensorType>(tensor))
        layouts.push_back(tile::rowMajor(ranked));
  return layouts;
}

struct EmitCudaKernelsPass
    : impl::EmitCudaKernelsPassBase<EmitCudaKernelsPass> {
  using EmitCudaKernelsPassBase::EmitCudaKernelsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    cuda::registerKernelDialects(registry);
  }

  void runOnOperation() override {
    if (failed(emitAll(getOperation())))
      signalPassFailure();
  }

  LogicalResult emitAll(ModuleOp module) {
    auto target = cuda::parseTarget(chip);
    if (!target)
      return emitModuleError(module) << llvm::toString(target.takeError());
    auto step = llvm::StringSwitch<std::optional<cuda::Step>>(stage)
                    .Case("tiles", cuda::Step::Tiles)
                    .Case("order", cuda::Step::Order)
                    .Cases({"threads", "llvm"}, cuda::Step::Threads)
                    .Default(std::nullopt);
    if (!step)
      return emitModuleError(module)
             << ("expected stage tiles, order, threads or llvm, "
                 "but got '")
             << stage << "'";
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (function.isExternal())
        continue;
      std::string name = function.getName().str();
      function.setName(name + ".body");
      auto shape = cuda::emitKernel(module, name, function.getBody().front(),
                                    layoutsOf(function), *target, *step);
      if (failed(shape))
        return failure();
      annotate(module.lookupSymbol(name), *shape);
      function.erase();
    }
    return stage == "llvm" ? cuda::lowerKernels(module) : success();
  }

  void annotate(Operation *kernel, const cuda::KernelShape &shape) {
    Builder builder(&getContext());
    auto set = [&](StringRef name, int64_t value) {
      kernel->setAttr(name, builder.getI64IntegerAttr(value));
    };
    set("tiles", shape.tileCount);
    set("grid", shape.blocks);
    set("block", shape.threads);
    set("shared_bytes", shape.sharedBytes);
    set("scratch_bytes", shape.scratchBytes);
  }
};

} // namespace
} // namespace tresse
