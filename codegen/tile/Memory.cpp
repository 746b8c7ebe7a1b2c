// Memory.cpp - loads, stores and scratch of kernels.
#include "codegen/tile/Tile.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace tresse::tile {

/// bf16 -> f32 is a shift; truth values are bytes.
Num TileBuilder::fromStorage(Num stored, Type element) {
  if (element.isBF16()) {
    auto wider = [&](Type type) -> Type {
      if (auto vector = dyn_cast<VectorType>(stored.type()))
        return VectorType::get(vector.getShape(), type);
      return type;
    };
    Num bits(*this, arith::ExtUIOp::create(builder, location,
                                           wider(builder.getI32Type()),
                                           stored.value()));
    return bitcast(bits << bits.like(16), builder.getF32Type());
  }
  if (element.isInteger(1))
    return negation(stored == 0);
  return stored;
}

/// f32 -> bf16 to nearest even on the bits; a NaN stays a quiet NaN.
Num TileBuilder::toStorage(Num value, Type element) {
  if (element.isBF16()) {
    value = toFloat(value, builder.getF32Type());
    Num bits = bitcast(value, builder.getI32Type());
    Num rounded = (bits + 0x7fff + ((bits >> bits.like(16)) & bits.like(1))) >>
                  bits.like(16);
    rounded = select(value == value, rounded, rounded.like(0x7fc0));
    return toInteger(rounded, 16);
  }
  if (element.isInteger(1))
    return toInteger(value, 8);
  if (isa<FloatType>(element))
    return toFloat(value, element);
  return toInteger(value, element.getIntOrFloatBitWidth());
}

Num TileBuilder::place(const View &row, Num first) {
  return row.offset + first;
}

Num TileBuilder::loadNative(const View &row, Lanes lanes) {
  assert(row.rank() == 1 && "lanes run through a row");
  Type storage = storageOf(row.element);
  auto type = VectorType::get({laneCount}, storage);
  Value at = place(row, lanes.first).value();
  if (row.strides[0] == 0) { // one element for all lanes
    Num one = loadNativeAt(row, index(0));
    return broadcast(one);
  }
  if (!lanes.mask)
    return fromStorage({*this, vector::LoadOp::create(builder, location, type,
                                                      row.memory, at)},
                       row.element);
  Num rest = constant(type, 0);
  return fromStorage({*this, vector::MaskedLoadOp::create(
                                 builder, location, type, row.memory, at,
                                 lanes.mask.value(), rest.value())},
                     row.element);
}

Num TileBuilder::load(const View &row, Lanes lanes) {
  Num value = loadNative(row, lanes);
  return value.isFloat() ? toFloat(value) : value;
}

void TileBuilder::store(const View &row, Lanes lanes, Num value) {
  assert(row.rank() == 1 && "lanes run through a row");
  value = broadcast(toStorage(value, row.element));
  Value at = place(row, lanes.first).value();
  if (lanes.mask)
    vector::MaskedStoreOp::create(builder, location, row.memory, at,
                                  lanes.mask.value(), value.value());
  else
    vector::StoreOp::create(builder, location, value.value(), row.memory, at);
}

Num TileBuilder::loadNativeAt(const View &view, ArrayRef<Num> indices) {
  View one = view.at(indices);
  Value at = one.offset.value();
  return fromStorage(
      {*this, memref::LoadOp::create(builder, location, view.memory, at)},
      view.element);
}

Num TileBuilder::loadAt(const View &view, ArrayRef<Num> indices) {
  Num value = loadNativeAt(view, indices);
  return value.isFloat() ? toFloat(value) : value;
}

void TileBuilder::storeAt(const View &view, ArrayRef<Num> indices, Num value) {
  Value at = view.at(indices).offset.value();
  memref::StoreOp::create(builder, location,
                          toStorage(value, view.element).value(), view.memory,
                          at);
}

void TileBuilder::copyRow(const View &from, const View &to) {
  forLanes(to.size(),
           [&](Lanes lanes) { store(to, lanes, loadNative(from, lanes)); });
}

void TileBuilder::fillRow(const View &row, Num value) {
  forLanes(row.size(), [&](Lanes lanes) { store(row, lanes, value); });
}

View TileBuilder::scratch(ArrayRef<int64_t> sizes, Type element) {
  constexpr int64_t alignment = 64;
  View view;
  view.element = element;
  view.sizes.assign(sizes.begin(), sizes.end());
  view.strides.assign(sizes.size(), 1);
  for (int64_t i = view.rank() - 2; i >= 0; --i)
    view.strides[i] = view.strides[i + 1] * sizes[i + 1];
  Type storage = storageOf(element);
  int64_t count = std::max<int64_t>(view.count(), 1);
  auto type = MemRefType::get({count}, storage);
  // Views of scratch are made where the kernel begins, so that they dominate
  // every use.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(scratchMemory.getParentBlock());
  Value at = arith::ConstantIndexOp::create(builder, location, scratchUsed);
  view.memory = memref::ViewOp::create(builder, location, type, scratchMemory,
                                       at, ValueRange{});
  view.offset = index(0);
  int64_t bytes = count * ((storage.getIntOrFloatBitWidth() + 7) / 8);
  scratchUsed += (bytes + alignment - 1) / alignment * alignment;
  return view;
}

} // namespace tresse::tile
