// Warp.cpp - what a thread asks of its warp and grid, as NVVM ops.
#include "codegen/cuda/Warp.h"

#include "codegen/cuda/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"

using namespace mlir;

namespace tresse::cuda {

static Value createNumber(OpBuilder &builder, Location loc, int32_t value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getI32IntegerAttr(value));
}

Value createThreadNumber(OpBuilder &builder, Location loc) {
  return NVVM::ThreadIdXOp::create(builder, loc, builder.getI32Type());
}

Value createBlockNumber(OpBuilder &builder, Location loc) {
  return NVVM::BlockIdXOp::create(builder, loc, builder.getI32Type());
}

Value createExchange(OpBuilder &builder, Location loc, Value value, Value from,
                     Exchange kind) {
  Value all = createNumber(builder, loc, -1);
  Value clamp = createNumber(builder, loc, warpLanes - 1);
  return NVVM::ShflOp::create(
      builder, loc, value.getType(), all, value, from, clamp,
      kind == Exchange::Lane ? NVVM::ShflKind::idx : NVVM::ShflKind::bfly,
      UnitAttr());
}

void createWarpBarrier(OpBuilder &builder, Location loc) {
  NVVM::SyncWarpOp::create(builder, loc, createNumber(builder, loc, -1));
}

bool isWarpBarrier(Operation *op) { return isa<NVVM::SyncWarpOp>(op); }

void markKernel(Operation *function, int64_t threads) {
  Builder builder(function->getContext());
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(),
                    builder.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                    builder.getDenseI32ArrayAttr({int32_t(threads)}));
}

void registerWarpDialect(DialectRegistry &registry) {
  registry.insert<NVVM::NVVMDialect>();
  registerNVVMDialectTranslation(registry);
}

} // namespace tresse::cuda
