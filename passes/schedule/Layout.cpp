// Layout.cpp - strided tensors in buffers, and the ops that are views of them.
#include "passes/schedule/Layout.h"

#include "dialects/lm/LM.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tresse {

Layout Layout::rowMajor(RankedTensorType type) {
  return {SmallVector<int64_t>(type.getShape()),
          plan::rowMajorStrides(type.getShape()), 0, type.getElementType()};
}

int64_t Layout::elementCount() const {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

int64_t Layout::extent() const {
  int64_t last = 0;
  for (auto [size, stride] : llvm::zip_equal(sizes, strides)) {
    if (size == 0)
      return 0;
    last += (size - 1) * stride;
  }
  return last + 1;
}

bool Layout::isContiguous() const {
  SmallVector<int64_t> wanted = plan::rowMajorStrides(sizes);
  for (auto [size, stride, want] : llvm::zip_equal(sizes, strides, wanted))
    if (size != 1 && stride != want)
      return false;
  return true;
}

/// Walks runs of old and new dimensions with equal products; a run of old
/// dimensions can be cut anew when its strides are those of one dimension.
std::optional<Layout> Layout::reshape(ArrayRef<int64_t> wanted) const {
  Layout result{SmallVector<int64_t>(wanted), plan::rowMajorStrides(wanted),
                offset, dtype};
  if (isContiguous() || elementCount() == 0)
    return result;
  SmallVector<int64_t> oldSizes, oldStrides;
  for (auto [size, stride] : llvm::zip_equal(sizes, strides))
    if (size != 1) {
      oldSizes.push_back(size);
      oldStrides.push_back(stride);
    }
  size_t from = 0, to = 0;
  while (from < oldSizes.size()) {
    size_t fromEnd = from + 1, toEnd = to;
    int64_t product = oldSizes[from], made = 1;
    while (made != product || toEnd == to) {
      if (made < product || toEnd == to) {
        if (toEnd == wanted.size())
          return std::nullopt;
        made *= wanted[toEnd++];
      } else {
        if (fromEnd == oldSizes.size())
          return std::nullopt;
        product *= oldSizes[fromEnd++];
      }
    }
    for (size_t i = from; i + 1 < fromEnd; ++i)
      if (oldStrides[i] != oldSizes[i + 1] * oldStrides[i + 1])
        return std::nullopt;
    int64_t stride = oldStrides[fromEnd - 1];
    for (size_t i = toEnd; i-- > to;) {
      result.strides[i] = stride;
      stride *= wanted[i];
    }
    from = fromEnd;
    to = toEnd;
  }
  // Only dimensions of size 1 are left.
  for (; to < wanted.size(); ++to)
    result.strides[to] = 1;
  return result;
}

MemRefType Layout::memrefType() const {
  if (isContiguous())
    return MemRefType::get(sizes, dtype);
  return MemRefType::get(
      sizes, dtype,
      StridedLayoutAttr::get(dtype.getContext(), /*offset=*/0, strides));
}

bool isWholeView(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, lm::BarrierOp,
             lm::StopGradientOp>(op);
}

bool isView(Operation *op) {
  return isWholeView(op) || isa<tensor::ExtractSliceOp, lm::SplitOp>(op);
}

/// Cuts a box out of `source`, dropping the unit dimensions that the result
/// type lacks.
static std::optional<Layout> sliceLayout(tensor::ExtractSliceOp slice,
                                         const Layout &source) {
  if (llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic) ||
      llvm::any_of(slice.getStaticSizes(), ShapedType::isDynamic) ||
      llvm::any_of(slice.getStaticStrides(), ShapedType::isDynamic))
    return std::nullopt;
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  Layout result{{}, {}, source.offset, source.dtype};
  for (size_t i = 0; i < source.sizes.size(); ++i) {
    result.offset += slice.getStaticOffsets()[i] * source.strides[i];
    if (dropped[i])
      continue;
    result.sizes.push_back(slice.getStaticSizes()[i]);
    result.strides.push_back(slice.getStaticStrides()[i] * source.strides[i]);
  }
  return result;
}

std::optional<Layout> viewLayout(Operation *op, unsigned index,
                                 const Layout &source) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  if (isWholeView(op))
    return source.reshape(type.getShape());
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op))
    return sliceLayout(slice, source);
  // lm.split: parts of the last dimension, one after the other.
  Layout result = source;
  for (unsigned i = 0; i < index; ++i)
    result.offset +=
        cast<RankedTensorType>(op->getResult(i).getType()).getShape().back() *
        source.strides.back();
  result.sizes.back() = type.getShape().back();
  return result;
}

} // namespace tresse
