// Panel.h - the product of two operand panels, columns side by side.
#pragma once

#include "tools/vgpu/core/TensorCore.h"

namespace vgpu {

/// d[m, n] += a[m, k] * bt[k, n]; like multiplyTile, with b transposed.
void multiplyPanel(const float *a, size_t lda, const float *bt, size_t ldb,
                   float *d, size_t ldd, unsigned m, unsigned n, unsigned k,
                   const DotRule &rule, TensorCoreMode mode);

/// Where a warp's accumulators keep column `column`: of every eight, the even
/// ones come first, so that the columns of four lanes lie together.
constexpr unsigned panelColumn(unsigned column) {
  return (column & ~7u) + (column & 1) * 4 + (column >> 1 & 3);
}

/// d += a[16, k] * bt[k, n] in f32 on accumulators as a warp's registers hold
/// them: the value of row g + 8 h, column 8 i + 2 t + p is element 4 g + t of
/// the 32 floats at `registers + slots[4 i + 2 h + p]`. `a` is row-major; the
/// columns of `bt` lie as panelColumn() says. Without `accumulate` the old
/// values count as zero. k is at most 32, n a multiple of 8; slots are aligned
/// to 64 bytes.
void multiplyRegisters(const float *a, const float *bt, unsigned n, unsigned k,
                       uint8_t *registers, const uint32_t *slots,
                       bool accumulate);

} // namespace vgpu
