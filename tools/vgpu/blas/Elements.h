// Elements.h: reading and writing matrix elements of any supported type.
#pragma once

#include "tools/vgpu/blas/Problem.h"

#include <cstddef>

namespace vgpu::blas {

/// Element `index` of an array of `type`, exactly, as a double.
double readElement(const void *base, uint32_t type, size_t index);
/// Rounds `value` to `type`: to nearest even; fp8 saturates.
void writeElement(void *base, uint32_t type, size_t index, double value);

/// Index of element (row, column) of batch entry `batch` in `layout`.
inline size_t indexOf(const Layout &layout, uint64_t row, uint64_t column,
                      int64_t batch) {
  size_t within = layout.order == CUBLASLT_ORDER_COL
                      ? column * size_t(layout.leading) + row
                      : row * size_t(layout.leading) + column;
  return within + size_t(batch * layout.batchStride);
}

} // namespace vgpu::blas
