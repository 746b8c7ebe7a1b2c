// TensorCore.cpp - fused dot products as tensor cores form them.
//
// Exact mode follows measurements of the H100 (arXiv 2511.10909): the products
// of one fused sum and the addend are aligned to the largest exponent among
// them, cut to a fixed number of fraction bits, added as integers, and the sum
// is cut to the result's mantissa. Exponents of products are the sums of their
// factors' exponents, before normalisation.
#include "tools/vgpu/core/TensorCore.h"

#include "tools/vgpu/core/Panel.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace vgpu {

unsigned mmaTypeBits(MmaType type) {
  switch (type) {
  case MmaType::E4M3:
  case MmaType::E5M2:
    return 8;
  case MmaType::F16:
  case MmaType::BF16:
    return 16;
  case MmaType::F64:
    return 64;
  default:
    return 32;
  }
}

DotRule dotRule(MmaType type, int architecture, bool wgmma) {
  DotRule rule;
  bool hopper = architecture >= 90;
  switch (type) {
  case MmaType::F16:
  case MmaType::BF16:
    rule.fusedProducts = hopper ? 16 : 8;
    rule.fractionBits = hopper ? 25 : 24;
    break;
  case MmaType::TF32:
    rule.fusedProducts = hopper ? 8 : 4;
    rule.fractionBits = hopper ? 25 : 24;
    break;
  case MmaType::E4M3:
  case MmaType::E5M2:
    rule.fusedProducts = 32;
    rule.fractionBits = wgmma ? 13 : 25;
    rule.resultBits = wgmma ? 13 : 23;
    break;
  default:
    rule.fusedProducts = 1;
    break;
  }
  return rule;
}

namespace {

/// Exponent of a finite non-zero value as its format counts it: subnormal f32
/// values keep the least exponent.
int exponentOf(float value) {
  int exponent = int(std::bit_cast<uint32_t>(value) >> 23 & 255);
  return (exponent ? exponent : 1) - 127;
}

constexpr int noExponent = -100000;

float cutToFloat(double sum, unsigned bits) {
  // Towards zero, first to f32, then to the result's mantissa.
  float result = float(sum);
  if (std::fabs(double(result)) > std::fabs(sum))
    result = std::bit_cast<float>(std::bit_cast<uint32_t>(result) - 1);
  if (bits < 23)
    result = std::bit_cast<float>(std::bit_cast<uint32_t>(result) &
                                  ~((1u << (23 - bits)) - 1));
  return result;
}

/// One fused sum of up to rule.fusedProducts products.
float fusedSum(const float *a, size_t strideA, const float *b, size_t strideB,
               unsigned k, float c, const DotRule &rule) {
  int top = c != 0 && std::isfinite(c) ? exponentOf(c) : noExponent;
  bool special = !std::isfinite(c);
  for (unsigned i = 0; i < k; ++i) {
    float x = a[i * strideA], y = b[i * strideB];
    special |= !std::isfinite(x) || !std::isfinite(y);
    if (x != 0 && y != 0)
      top = std::max(top, exponentOf(x) + exponentOf(y));
  }
  if (special) {
    double sum = c;
    for (unsigned i = 0; i < k; ++i)
      sum += double(a[i * strideA]) * double(b[i * strideB]);
    return sum != sum ? std::bit_cast<float>(0x7fffffffu) : float(sum);
  }
  if (top == noExponent)
    return c + 0.0f;
  double scale = std::ldexp(1.0, int(rule.fractionBits) - top);
  double sum = std::trunc(double(c) * scale);
  for (unsigned i = 0; i < k; ++i)
    sum += std::trunc(double(a[i * strideA]) * double(b[i * strideB]) * scale);
  return cutToFloat(sum / scale, rule.resultBits);
}

} // namespace

float fusedDotAdd(const float *a, const float *b, unsigned k, float c,
                  const DotRule &rule) {
  for (unsigned i = 0; i < k; i += rule.fusedProducts)
    c = fusedSum(a + i, 1, b + i, 1, std::min(rule.fusedProducts, k - i), c,
                 rule);
  return c;
}

namespace {

/// Fast mode: four rows at a time over strips of 16 columns.
void fastPanel(const float *a, size_t lda, const float *bt, size_t ldb,
               float *d, size_t ldd, unsigned m, unsigned n, unsigned k) {
  constexpr unsigned strip = 16;
  for (unsigned j = 0; j < n; j += strip) {
    unsigned width = std::min(strip, n - j);
    for (unsigned i = 0; i < m; i += 4) {
      unsigned rows = std::min(4u, m - i);
      float sum[4][strip] = {};
      for (unsigned r = 0; r < rows; ++r)
        for (unsigned c = 0; c < width; ++c)
          sum[r][c] = d[(i + r) * ldd + j + c];
      if (width == strip && rows == 4) {
        for (unsigned p = 0; p < k; ++p) {
          const float *b = bt + p * ldb + j;
          for (unsigned r = 0; r < 4; ++r) {
            float x = a[(i + r) * lda + p];
            for (unsigned c = 0; c < strip; ++c)
              sum[r][c] = std::fma(x, b[c], sum[r][c]);
          }
        }
      } else {
        for (unsigned p = 0; p < k; ++p)
          for (unsigned r = 0; r < rows; ++r)
            for (unsigned c = 0; c < width; ++c)
              sum[r][c] = std::fma(a[(i + r) * lda + p], bt[p * ldb + j + c],
                                   sum[r][c]);
      }
      for (unsigned r = 0; r < rows; ++r)
        for (unsigned c = 0; c < width; ++c)
          d[(i + r) * ldd + j + c] = sum[r][c];
    }
  }
}

/// Exact mode over 8 columns at once; false when a value is not finite or too
/// far from 1 for the f64 lanes.
bool exactStrip(const float *a, const float *bt, size_t ldb, float *d,
                unsigned k, const DotRule &rule) {
  constexpr unsigned width = 8;
  alignas(64) int32_t top[width];
  for (unsigned c = 0; c < width; ++c) {
    uint32_t e = std::bit_cast<uint32_t>(d[c]) >> 23 & 255;
    top[c] = d[c] == 0 ? -1000 : int32_t(e ? e : 1) - 127;
  }
  for (unsigned p = 0; p < k; ++p) {
    uint32_t ea = std::bit_cast<uint32_t>(a[p]) >> 23 & 255;
    int32_t x = a[p] == 0 ? -100000 : int32_t(ea ? ea : 1) - 127;
    for (unsigned c = 0; c < width; ++c) {
      uint32_t bits = std::bit_cast<uint32_t>(bt[p * ldb + c]);
      int32_t e = int32_t(bits >> 23 & 255);
      int32_t y = (bits & 0x7fffffff) == 0 ? -100000 : (e ? e : 1) - 127;
      top[c] = std::max(top[c], x + y);
    }
  }
  alignas(64) double scale[width], back[width], sum[width];
  for (unsigned c = 0; c < width; ++c) {
    int32_t t = top[c] < -900 ? 0 : top[c];
    int64_t up = int64_t(rule.fractionBits) - t;
    scale[c] = std::bit_cast<double>(uint64_t(up + 1023) << 52);
    back[c] = std::bit_cast<double>(uint64_t(1023 - up) << 52);
    sum[c] = std::trunc(double(d[c]) * scale[c]);
  }
  for (unsigned p = 0; p < k; ++p) {
    double x = a[p];
    for (unsigned c = 0; c < width; ++c)
      sum[c] += std::trunc(x * double(bt[p * ldb + c]) * scale[c]);
  }
  for (unsigned c = 0; c < width; ++c)
    d[c] = cutToFloat(sum[c] * back[c], rule.resultBits);
  return true;
}

bool allFinite(const float *values, size_t stride, unsigned rows,
               unsigned columns) {
  uint32_t worst = 0;
  for (unsigned r = 0; r < rows; ++r)
    for (unsigned c = 0; c < columns; ++c)
      worst = std::max(worst, std::bit_cast<uint32_t>(values[r * stride + c]) &
                                  0x7fffffff);
  return worst < 0x7f800000;
}

void exactPanel(const float *a, size_t lda, const float *bt, size_t ldb,
                float *d, size_t ldd, unsigned m, unsigned n, unsigned k,
                const DotRule &rule) {
  bool finite = allFinite(a, lda, m, k) && allFinite(bt, ldb, k, n);
  for (unsigned p = 0; p < k; p += rule.fusedProducts) {
    unsigned depth = std::min(rule.fusedProducts, k - p);
    for (unsigned i = 0; i < m; ++i) {
      float *row = d + i * ldd;
      unsigned j = 0;
      if (finite && allFinite(row, 0, 1, n))
        for (; j + 8 <= n; j += 8)
          exactStrip(a + i * lda + p, bt + p * ldb + j, ldb, row + j, depth,
                     rule);
      for (; j < n; ++j)
        row[j] = fusedSum(a + i * lda + p, 1, bt + p * ldb + j, ldb, depth,
                          row[j], rule);
    }
  }
}

} // namespace

void multiplyPanel(const float *a, size_t lda, const float *bt, size_t ldb,
                   float *d, size_t ldd, unsigned m, unsigned n, unsigned k,
                   const DotRule &rule, TensorCoreMode mode) {
  if (mode == TensorCoreMode::Fast)
    fastPanel(a, lda, bt, ldb, d, ldd, m, n, k);
  else
    exactPanel(a, lda, bt, ldb, d, ldd, m, n, k, rule);
}

void multiplyTile(const float *a, size_t lda, const float *b, size_t ldb,
                  const float *c, size_t ldc, float *d, size_t ldd, unsigned m,
                  unsigned n, unsigned k, const DotRule &rule,
                  TensorCoreMode mode) {
  std::vector<float> bt(size_t(k) * n);
  for (unsigned j = 0; j < n; ++j)
    for (unsigned p = 0; p < k; ++p)
      bt[size_t(p) * n + j] = b[j * ldb + p];
  if (c != d)
    for (unsigned i = 0; i < m; ++i)
      std::copy_n(c + i * ldc, n, d + i * ldd);
  multiplyPanel(a, lda, bt.data(), n, d, ldd, m, n, k, rule, mode);
}

} // namespace vgpu
