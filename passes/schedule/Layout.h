// Layout.h - strided tensors in buffers, and the ops that are views of them.
#ifndef TRESSE_PASSES_SCHEDULE_LAYOUT_H
#define TRESSE_PASSES_SCHEDULE_LAYOUT_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace tresse {

/// Sizes, strides and offset in elements.
struct Layout {
  llvm::SmallVector<int64_t> sizes, strides;
  int64_t offset = 0;
  mlir::Type dtype;

  /// The row-major layout of a tensor type.
  static Layout rowMajor(mlir::RankedTensorType type);

  int64_t elementCount() const;
  bool isContiguous() const;
  /// Elements from the first to behind the last one; 0 when empty.
  int64_t extent() const;
  /// The same elements in `sizes`, row-major; none when strides forbid it.
  std::optional<Layout> reshape(llvm::ArrayRef<int64_t> sizes) const;
  /// The memref type of the elements, offset left out.
  mlir::MemRefType memrefType() const;
};

/// True for ops whose results are views of operand 0: shape ops, lm.split,
/// lm.barrier, lm.stop_gradient.
bool isView(mlir::Operation *op);

/// True for views that hold all elements of operand 0 in the same order.
bool isWholeView(mlir::Operation *op);

/// The layout of result `index` of a view of `source`; none when the strides
/// forbid it, which only happens for a reshape.
std::optional<Layout> viewLayout(mlir::Operation *op, unsigned index,
                                 const Layout &source);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_LAYOUT_H
