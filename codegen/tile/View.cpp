// View.cpp - strided tensors in memory.
#include "codegen/tile/Tile.h"

using namespace mlir;

namespace tresse::tile {

int64_t View::count() const {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

View View::at(ArrayRef<Num> indices) const {
  View part = *this;
  for (Num index : indices) {
    part.offset = part.offset + index * part.strides.front();
    part.sizes.erase(part.sizes.begin());
    part.strides.erase(part.strides.begin());
  }
  return part;
}

View View::slice(int64_t start, int64_t size) const {
  View part = *this;
  part.offset = part.offset + start * part.strides.back();
  part.sizes.back() = size;
  return part;
}

View View::slice(Num start, int64_t size) const {
  View part = *this;
  part.offset = part.offset + start * part.strides.back();
  part.sizes.back() = size;
  return part;
}

bool View::isContiguous() const {
  int64_t expected = 1;
  for (int64_t i = rank() - 1; i >= 0; --i) {
    if (sizes[i] != 1 && strides[i] != expected)
      return false;
    expected *= sizes[i];
  }
  return true;
}

View View::flat() const { return reshape({count()}); }

View View::reshape(ArrayRef<int64_t> shape) const {
  View result = *this;
  result.sizes.assign(shape.begin(), shape.end());
  result.strides.assign(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    result.strides[i] = result.strides[i + 1] * shape[i + 1];
  return result;
}

Type storageOf(Type element) {
  if (element.isBF16() || element.isF16())
    return IntegerType::get(element.getContext(), 16);
  if (element.isInteger(1))
    return IntegerType::get(element.getContext(), 8);
  return element;
}

} // namespace tresse::tile
