// Function.cpp - a kernel's body as a function on flat memrefs.
#include "codegen/tile/Kernel.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace tresse::tile {

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
                         storageOf(layout.getElementType()));
}

FailureOr<KernelFunction>
emitFunction(ModuleOp module, StringRef name, Block &body,
             ArrayRef<MemRefType> layouts, int64_t lanes,
             function_ref<void(TileBuilder &)> prepare) {
  auto analysed = KernelBody::analyse(body, layouts, lanes);
  if (failed(analysed))
    return failure();
  return emitFunction(
      module, name, body.getTerminator()->getLoc(), layouts,
      analysed->tileCount(), analysed->wide(), analysed->lanesPerStep(),
      [&](TileBuilder &tile, ArrayRef<View> views, Num begin, Num end) {
        prepare(tile);
        analysed->emit(tile, views, begin, end);
      });
}

KernelFunction
emitFunction(ModuleOp module, StringRef name, Location loc,
             ArrayRef<MemRefType> layouts, int64_t tileCount, Type wide,
             int64_t lanes,
             function_ref<void(TileBuilder &, ArrayRef<View>, Num, Num)> body) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  Type index = builder.getIndexType(), byte = builder.getI8Type();
  SmallVector<Type> types;
  for (MemRefType layout : layouts)
    types.push_back(flatType(layout));
  types.append({index, index, MemRefType::get({1}, byte)});
  auto function = func::FuncOp::create(builder, loc, name,
                                       builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);

  TileBuilder tile(builder, loc, wide, lanes);
  SmallVector<View> views;
  for (auto [i, layout] : llvm::enumerate(layouts)) {
    View view;
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
  body(tile, views, {tile, argument(count)}, {tile, argument(count + 1)});
  func::ReturnOp::create(builder, loc);

  // How much scratch the body takes is known only now.
  int64_t bytes = tile.scratchBytes();
  types.back() = MemRefType::get({std::max<int64_t>(bytes, 1)}, byte);
  argument(count + 2).setType(types.back());
  function.setType(builder.getFunctionType(types, {}));
  return KernelFunction{function, tileCount, bytes};
}

} // namespace tresse::tile
