// Panel.h - the product of two operand panels, columns side by side.
#pragma once

#include "tools/vgpu/core/TensorCore.h"

namespace vgpu {

/// d[m, n] += a[m, k] * bt[k, n]; like multiplyTile, with b transposed.
void multiplyPanel(const float *a, size_t lda, const float *bt, size_t ldb,
                   float *d, size_t ldd, unsigned m, unsigned n, unsigned k,
                   const DotRule &rule, TensorCoreMode mode);

} // namespace vgpu
