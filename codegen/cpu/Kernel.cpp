// Kernel.cpp - emits a kernel as a function on flat memrefs.
#include "codegen/cpu/Kernel.h"

#include "codegen/tile/Kernel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tresse::cpu {

MemRefType rowMajor(RankedTensorType type) {
  return MemRefType::get(type.getShape(), type.getElementType());
}

/// Elements from the first to behind the last one.
static int64_t extentOf(MemRefType layout, ArrayRef<int64_t> strides) {
  int64_t last = 0;
  for (auto [size, stride] : llvm::zip(layout.getShape(), strides))
    last += (size - 1) * stride;
  return std::max<int64_t>(last + 1, 1);
}

/// The flat memref in which a tensor of this layout arrives.
static MemRefType flatType(MemRefType layout) {
  auto [strides, offset] = layout.getStridesAndOffset();
  return MemRefType::get({extentOf(layout, strides)},
                         tile::storageOf(layout.getElementType()));
}

FailureOr<int64_t> countTiles(Block &body, ArrayRef<MemRefType> layouts,
                              const Target &target) {
  auto analysed = tile::KernelBody::analyse(body, layouts, target.lanes());
  if (failed(analysed))
    return failure();
  return analysed->tileCount();
}

FailureOr<KernelShape> emitKernel(ModuleOp module, StringRef name, Block &body,
                                  ArrayRef<MemRefType> layouts,
                                  const Target &target) {
  auto analysed = tile::KernelBody::analyse(body, layouts, target.lanes());
  if (failed(analysed))
    return failure();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Location loc = body.getTerminator()->getLoc();
  Type index = builder.getIndexType(), byte = builder.getI8Type();
  SmallVector<Type> types;
  for (MemRefType layout : layouts)
    types.push_back(flatType(layout));
  types.append({index, index, MemRefType::get({1}, byte)});
  auto function = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);

  tile::TileBuilder tile(builder, loc, analysed->wide(),
                         analysed->lanesPerStep());
  SmallVector<tile::View> views;
  for (auto [i, layout] : llvm::enumerate(layouts)) {
    tile::View view;
    view.memory = entry->getArgument(i);
    view.offset = tile.index(0);
    view.sizes.assign(layout.getShape().begin(), layout.getShape().end());
    view.strides = layout.getStridesAndOffset().first;
    view.element = layout.getElementType();
    views.push_back(view);
  }
  auto argument = [&](size_t i) { return entry->getArgument(i); };
  size_t count = layouts.size();
  tile.setScratch(argument(count + 2));
  analysed->emit(tile, views, {tile, argument(count)},
                 {tile, argument(count + 1)});
  func::ReturnOp::create(builder, loc);

  // How much scratch the body takes is known only now.
  int64_t bytes = tile.scratchBytes();
  types.back() = MemRefType::get({std::max<int64_t>(bytes, 1)}, byte);
  argument(count + 2).setType(types.back());
  function.setType(builder.getFunctionType(types, {}));
  return KernelShape{analysed->tileCount(), bytes};
}

} // namespace tresse::cpu
