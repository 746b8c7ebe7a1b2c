// TensorCore.h - tensor-core multiply-accumulate on tiles, bit for bit.
#pragma once

#include "tools/vgpu/core/Options.h"

#include <cstddef>
#include <cstdint>

namespace vgpu {

/// Operand types of a matrix product.
enum class MmaType : uint8_t { F16, BF16, TF32, E4M3, E5M2, F32, F64 };
/// Bits of one stored operand element (TF32 is held in 32).
unsigned mmaTypeBits(MmaType type);

/// How one fused dot-add is formed.
struct DotRule {
  /// Products that one fused sum takes; a longer k is cut into such pieces,
  /// each adding into the result of the one before.
  unsigned fusedProducts = 16;
  /// Fraction bits kept after aligning to the largest exponent.
  unsigned fractionBits = 25;
  /// Mantissa bits of the f32 result: 23, or 13 for fp8 on the H100.
  unsigned resultBits = 23;
};

/// The rule that the H100 (or A100) follows for these operands. `wgmma` tells
/// the warpgroup instruction from mma.sync.
DotRule dotRule(MmaType type, int architecture, bool wgmma);

/// c + sum_i a[i] * b[i] over `k` elements under `rule`; a and b are exact
/// values of their type held in f32.
float fusedDotAdd(const float *a, const float *b, unsigned k, float c,
                  const DotRule &rule);

/// d[m, n] = c[m, n] + sum_k a[m, k] * b[n, k], all row-major with leading
/// dimensions in elements; a and b hold exact operand values in f32. `c` may
/// be `d`. Exact mode follows `rule`; fast mode sums in f32.
void multiplyTile(const float *a, size_t lda, const float *b, size_t ldb,
                  const float *c, size_t ldc, float *d, size_t ldd, unsigned m,
                  unsigned n, unsigned k, const DotRule &rule,
                  TensorCoreMode mode);

/// Conversions used by tensor cores, memory and the libraries alike. The
/// narrowing ones round to nearest even; `saturate` clamps to the largest
/// finite value instead of overflowing.
float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value);
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value);
float e4m3ToFloat(uint8_t bits);
uint8_t floatToE4m3(float value, bool saturate);
float e5m2ToFloat(uint8_t bits);
uint8_t floatToE5m2(float value, bool saturate);
/// f32 bits cut to the 10 mantissa bits of tf32, as the tensor core reads it.
float truncateToTf32(float value);

} // namespace vgpu
