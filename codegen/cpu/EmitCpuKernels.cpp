// EmitCpuKernels.cpp - functions on tensors to kernels, to look at and to test.
#include "codegen/cpu/Kernel.h"
#include "codegen/cpu/Passes.h"
#include "passes/common/ModuleError.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tresse {

#define GEN_PASS_DEF_EMITCPUKERNELSPASS
#include "codegen/cpu/Passes.h.inc"

namespace {

/// The layouts of a function's arguments and results.
SmallVector<MemRefType> layoutsOf(func::FuncOp function) {
  SmallVector<MemRefType> layouts;
  if (auto given = function->getAttrOfType<ArrayAttr>("layouts")) {
    for (Attribute attribute : given)
      if (auto type = dyn_cast<TypeAttr>(attribute))
        if (auto layout = dyn_cast<MemRefType>(type.getValue()))
          layouts.push_back(layout);
    return layouts;
  }
  FunctionType type = function.getFunctionType();
  for (TypeRange types :
       {TypeRange(type.getInputs()), TypeRange(type.getResults())})
    for (Type tensor : types)
      if (auto ranked = dyn_cast<RankedTensorType>(tensor))
        layouts.push_back(cpu::rowMajor(ranked));
  return layouts;
}

struct EmitCpuKernelsPass : impl::EmitCpuKernelsPassBase<EmitCpuKernelsPass> {
  using EmitCpuKernelsPassBase::EmitCpuKernelsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    cpu::registerKernelDialects(registry);
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target = tresse::cpu::parseTarget(cpu);
    if (!target) {
      emitModuleError(module) << llvm::toString(target.takeError());
      return signalPassFailure();
    }
    auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
    for (func::FuncOp function : functions) {
      if (function.isExternal())
        continue;
      std::string name = function.getName().str();
      function.setName(name + ".body");
      auto shape =
          tresse::cpu::emitKernel(module, name, function.getBody().front(),
                                  layoutsOf(function), *target);
      if (failed(shape))
        return signalPassFailure();
      Operation *kernel = module.lookupSymbol(name);
      OpBuilder builder(&getContext());
      kernel->setAttr("tiles", builder.getI64IntegerAttr(shape->tileCount));
      kernel->setAttr("scratch_bytes",
                      builder.getI64IntegerAttr(shape->scratchBytes));
      function.erase();
    }
    if (lower && failed(tresse::cpu::lowerKernels(module, *target)))
      signalPassFailure();
  }
};

} // namespace

} // namespace tresse
