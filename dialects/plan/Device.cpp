// Device.cpp - kernels, modules and tensor maps.
#include "dialects/plan/Plan.h"

using namespace mlir;
using namespace tresse::plan;

#define GET_OP_CLASSES
#include "dialects/plan/Device.cpp.inc"

LogicalResult KernelOp::verify() {
  if (getBody().empty())
    return success();
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.back());
  if (!yield)
    return emitOpError("expects a body that ends with 'plan.yield'");
  size_t expected = block.getNumArguments() + yield.getNumOperands();
  size_t got = getLayouts() ? getLayouts()->size() : 0;
  if (got != expected || llvm::any_of(*getLayouts(), [](Attribute layout) {
        return !isa<MemRefType>(cast<TypeAttr>(layout).getValue());
      })) // C1
    return emitOpError("expects a memref type for each of ")
           << expected << " arguments and results in 'layouts', but got "
           << got;
  return success();
}

void DeviceModuleOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), "code");
}

void TensorMapOp::getAsmResultNames(OpAsmSetValueNameFn setName) {
  setName(getResult(), "map");
}
