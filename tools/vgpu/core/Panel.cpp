// Panel.cpp - fast f32 products on a warp's accumulator registers.
//
// A register holds 8 rows by 4 columns. Rows of A are spread so that one
// vector multiplies a register's rows at once, and four columns of B are
// repeated for all of them: no value of D is moved.
#include "tools/vgpu/core/Panel.h"

#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace vgpu {

namespace {

/// What the versions below share. `spread`: for each k, the 16 values of A's
/// column, rows 0 to 15, each four times.
struct Product {
  const float *spread, *bt;
  unsigned n, k;
  uint8_t *registers;
  const uint32_t *slots;
  bool accumulate;

  float *slot(unsigned i, unsigned h, unsigned p) const {
    return reinterpret_cast<float *>(registers + slots[4 * i + 2 * h + p]);
  }
};

void multiplyPlain(const Product &x) {
  for (unsigned i = 0; i < x.n / 8; ++i)
    for (unsigned hp = 0; hp < 4; ++hp) {
      float *d = x.slot(i, hp / 2, hp % 2);
      float sum[32];
      for (unsigned e = 0; e < 32; ++e)
        sum[e] = x.accumulate ? d[e] : 0.0f;
      for (unsigned q = 0; q < x.k; ++q) {
        const float *a = x.spread + q * 64 + hp / 2 * 32;
        const float *b = x.bt + q * x.n + 8 * i + hp % 2 * 4;
        for (unsigned e = 0; e < 32; ++e)
          sum[e] = std::fma(a[e], b[e % 4], sum[e]);
      }
      for (unsigned e = 0; e < 32; ++e)
        d[e] = sum[e];
    }
}

#if defined(__x86_64__)

/// Eight registers of 8 values: the 16 rows of one group of four columns.
[[gnu::target("avx2,fma")]] void multiplyAvx2(const Product &x) {
  for (unsigned i = 0; i < x.n / 8; ++i)
    for (unsigned p = 0; p < 2; ++p) {
      __m256 sum[8];
      for (unsigned j = 0; j < 8; ++j)
        sum[j] = x.accumulate ? _mm256_load_ps(x.slot(i, j / 4, p) + j % 4 * 8)
                              : _mm256_setzero_ps();
      const float *b = x.bt + 8 * i + 4 * p;
      for (unsigned q = 0; q < x.k; ++q) {
        __m256 columns = _mm256_broadcast_ps(
            reinterpret_cast<const __m128 *>(b + size_t(q) * x.n));
        for (unsigned j = 0; j < 8; ++j)
          sum[j] = _mm256_fmadd_ps(_mm256_load_ps(x.spread + q * 64 + j * 8),
                                   columns, sum[j]);
      }
      for (unsigned j = 0; j < 8; ++j)
        _mm256_store_ps(x.slot(i, j / 4, p) + j % 4 * 8, sum[j]);
    }
}

/// Eight registers of 16 values: the 16 rows of two groups of four columns.
[[gnu::target("avx512f")]] void multiplyAvx512(const Product &x) {
  for (unsigned i = 0; i < x.n / 8; ++i) {
    __m512 sum[2][4];
    for (unsigned p = 0; p < 2; ++p)
      for (unsigned j = 0; j < 4; ++j)
        sum[p][j] = x.accumulate
                        ? _mm512_load_ps(x.slot(i, j / 2, p) + j % 2 * 16)
                        : _mm512_setzero_ps();
    const float *b = x.bt + 8 * i;
    for (unsigned q = 0; q < x.k; ++q, b += x.n) {
      __m512 even = _mm512_broadcast_f32x4(_mm_loadu_ps(b));
      __m512 odd = _mm512_broadcast_f32x4(_mm_loadu_ps(b + 4));
      for (unsigned j = 0; j < 4; ++j) {
        __m512 rows = _mm512_load_ps(x.spread + q * 64 + j * 16);
        sum[0][j] = _mm512_fmadd_ps(rows, even, sum[0][j]);
        sum[1][j] = _mm512_fmadd_ps(rows, odd, sum[1][j]);
      }
    }
    for (unsigned p = 0; p < 2; ++p)
      for (unsigned j = 0; j < 4; ++j)
        _mm512_store_ps(x.slot(i, j / 2, p) + j % 2 * 16, sum[p][j]);
  }
}

#endif

using Version = void (*)(const Product &);

Version bestVersion() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return multiplyAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyAvx2;
#endif
  return multiplyPlain;
}

} // namespace

void multiplyRegisters(const float *a, const float *bt, unsigned n, unsigned k,
                       uint8_t *registers, const uint32_t *slots,
                       bool accumulate) {
  static const Version version = bestVersion();
  alignas(64) float spread[32 * 64];
  for (unsigned r = 0; r < 16; ++r)
    for (unsigned q = 0; q < k; ++q) {
      float value = a[r * k + q], *to = spread + q * 64 + r * 4;
      to[0] = to[1] = to[2] = to[3] = value;
    }
  version({spread, bt, n, k, registers, slots, accumulate});
}

} // namespace vgpu
