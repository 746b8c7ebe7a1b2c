// CudaKernels.cpp - the kernels of a plan become device functions beside it.
#include "codegen/cuda/Kernel.h"
#include "codegen/cuda/Passes.h"

#include "passes/common/ModuleError.h"

using namespace mlir;

namespace tresse {

#define GEN_PASS_DEF_CUDAKERNELSPASS
#include "codegen/cuda/Passes.h.inc"

namespace {

/// The layout of a plan's tensor.
MemRefType layoutOf(Value tensor) {
  auto view = tensor.getDefiningOp<plan::ViewOp>();
  if (view.isContiguous())
    return MemRefType::get(view.getSizes(), view.getDtype());
  return MemRefType::get(
      view.getSizes(), view.getDtype(),
      StridedLayoutAttr::get(view.getContext(), 0, view.getStrides()));
}

class PlanCompiler {
public:
  PlanCompiler(plan::ModelOp model, const cuda::Target &target)
      : model(model), target(target), builder(model.getContext()),
        device(ModuleOp::create(model.getLoc(), "device")) {}

  LogicalResult run(bool lower) {
    SmallVector<plan::KernelOp> kernels(model.getOps<plan::KernelOp>());
    for (plan::KernelOp kernel : kernels)
      if (failed(compile(kernel)))
        return failure();
    SmallVector<plan::CopyOp> copies;
    SmallVector<plan::FillOp> fills;
    model.walk([&](Operation *op) {
      if (auto copy = dyn_cast<plan::CopyOp>(op))
        copies.push_back(copy);
      if (auto fill = dyn_cast<plan::FillOp>(op))
        fills.push_back(fill);
    });
    for (plan::CopyOp copy : copies)
      replaceCopy(copy);
    for (plan::FillOp fill : fills)
      replaceFill(fill);
    place();
    return lower ? cuda::lowerKernels(*device) : success();
  }

  OwningOpRef<ModuleOp> take() { return std::move(device); }

private:
  LogicalResult compile(plan::KernelOp kernel) {
    if (kernel.getBody().empty())
      return success();
    SmallVector<MemRefType> layouts;
    if (auto given = kernel.getLayouts())
      for (auto type : given->getAsValueRange<TypeAttr>())
        layouts.push_back(cast<MemRefType>(type));
    auto shape = cuda::emitKernel(*device, kernel.getSymName(),
                                  kernel.getBody().front(), layouts, target);
    if (failed(shape))
      return failure();
    shapes[kernel.getSymName()] = *shape;
    kernel.removeLayoutsAttr();
    kernel.getBody().dropAllReferences();
    kernel.getBody().getBlocks().clear();
    return success();
  }

  /// A kernel without a body that is not in the plan yet.
  std::string newName(StringRef kind) {
    return (kind + "_" + Twine(made++)).str();
  }
  void addKernel(StringRef name, const cuda::KernelShape &shape, Location loc) {
    auto kernels = llvm::to_vector(model.getOps<plan::KernelOp>());
    OpBuilder at(model.getContext());
    if (kernels.empty())
      at.setInsertionPointToStart(&model.getBody().front());
    else
      at.setInsertionPointAfter(kernels.back());
    plan::KernelOp::create(at, loc, at.getStringAttr(name), Value(),
                           at.getI32IntegerAttr(kernels.size()), IntegerAttr(),
                           IntegerAttr(), IntegerAttr(), IntegerAttr(),
                           ArrayAttr());
    shapes[name] = shape;
  }

  /// A launch in the place of `step`, which is erased.
  template <typename StepOp>
  void launchInstead(StepOp step, StringRef kernel, ValueRange tensors,
                     ArrayRef<int32_t> access) {
    OpBuilder at(step);
    plan::LaunchOp::create(
        at, step.getLoc(), tensors, Value(),
        FlatSymbolRefAttr::get(at.getContext(), kernel),
        at.getDenseI32ArrayAttr(access), at.getDenseI64ArrayAttr({}),
        IntegerAttr(), DictionaryAttr(), DenseI32ArrayAttr(),
        DenseI32ArrayAttr(), DenseI32ArrayAttr(), IntegerAttr(),
        step.getStepNameAttr(), step.getStreamAttr(), step.getFlopsAttr(),
        step.getBytesReadAttr(), step.getBytesWrittenAttr());
    step.erase();
  }

  static bool isPlain(Value tensor) {
    return tensor.getDefiningOp<plan::ViewOp>().isContiguous();
  }

  void replaceCopy(plan::CopyOp copy) {
    MemRefType from = layoutOf(copy.getFrom()), to = layoutOf(copy.getTo());
    if (from.getElementType() == to.getElementType() &&
        isPlain(copy.getFrom()) && isPlain(copy.getTo()))
      return;
    std::string &name = copyKernels[{from, to}];
    if (name.empty()) {
      name = newName("copy");
      addKernel(name,
                cuda::emitCopy(*device, name, copy.getLoc(), from, to, target),
                copy.getLoc());
    }
    launchInstead(copy, name, {copy.getFrom(), copy.getTo()}, {1, 2});
  }

  void replaceFill(plan::FillOp fill) {
    MemRefType to = layoutOf(fill.getTo());
    uint64_t bits = fill.getBits();
    bool halvesDiffer = fill.getWidth() == 8 && bits >> 32 != (bits & ~0u);
    if (isPlain(fill.getTo()) && !halvesDiffer)
      return;
    Type element = to.getElementType();
    unsigned width = element.getIntOrFloatBitWidth();
    llvm::APInt pattern(width, bits, false, true);
    TypedAttr value;
    if (auto type = dyn_cast<FloatType>(element))
      value = FloatAttr::get(type,
                             llvm::APFloat(type.getFloatSemantics(), pattern));
    else
      value = IntegerAttr::get(element, pattern);
    std::string name = newName("fill");
    addKernel(name,
              cuda::emitFill(*device, name, fill.getLoc(), to, value, target),
              fill.getLoc());
    launchInstead(fill, name, {fill.getTo()}, {2});
  }

  /// Writes into the plan how its kernels are launched.
  void place() {
    model.setArchitecture(std::to_string(target.architecture));
    OpBuilder at(model.getContext());
    at.setInsertionPointToStart(&model.getBody().front());
    auto code = plan::DeviceModuleOp::create(
        at, model.getLoc(), plan::ModuleType::get(at.getContext()),
        at.getI32IntegerAttr(target.architecture),
        at.getI32IntegerAttr(TRESSE_CODE_CUBIN), at.getI64IntegerAttr(0),
        at.getI64IntegerAttr(0));
    for (auto kernel : model.getOps<plan::KernelOp>()) {
      auto found = shapes.find(kernel.getSymName());
      if (found == shapes.end())
        continue;
      kernel.getModuleMutable().assign(code);
      kernel.setScratchBytes(found->second.scratchBytes);
    }
    model.walk([&](plan::LaunchOp launch) {
      auto found = shapes.find(launch.getKernel());
      if (found == shapes.end())
        return;
      const cuda::KernelShape &shape = found->second;
      launch.setTileCount(shape.tileCount);
      launch.setGrid({static_cast<int32_t>(shape.blocks), 1, 1});
      launch.setBlock({static_cast<int32_t>(shape.threads), 1, 1});
      launch.setSharedBytes(shape.sharedBytes);
    });
  }

  plan::ModelOp model;
  const cuda::Target &target;
  OpBuilder builder;
  OwningOpRef<ModuleOp> device;
  llvm::StringMap<cuda::KernelShape> shapes;
  DenseMap<std::pair<Type, Type>, std::string> copyKernels;
  int64_t made = 0;
};

struct CudaKernelsPass : impl::CudaKernelsPassBase<CudaKernelsPass> {
  using CudaKernelsPassBase::CudaKernelsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    CudaKernelsPassBase::getDependentDialects(registry);
    cuda::registerKernelDialects(registry);
  }

  void runOnOperation() override {
    auto target = cuda::parseTarget(chip);
    if (!target) {
      emitModuleError(getOperation()) << llvm::toString(target.takeError());
      return signalPassFailure();
    }
    for (auto model : llvm::to_vector(getOperation().getOps<plan::ModelOp>())) {
      PlanCompiler compiler(model, *target);
      if (failed(compiler.run(lower)))
        return signalPassFailure();
      getOperation().getBody()->push_back(compiler.take().release());
    }
  }
};

} // namespace
} // namespace tresse
