// Multiply.cpp: the arithmetic of a matmul, with the tensor core's own sums.

#include "tools/vgpu/blas/Elements.h"
#include "tools/vgpu/core/TensorCore.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace vgpu::blas {

/// fp8 sums are promoted to f32 after this many products, as the library does
/// without fast accumulation; block scales have the same length.
static constexpr uint64_t promotion = 128;

namespace {
/// One batch entry under way.
struct Work {
  const Problem &p;
  int64_t batch;
  EpilogueParts parts;
  std::vector<float> a;       ///< op(A) [m, k]
  std::vector<float> b;       ///< op(B) transposed [n, k]
  std::vector<float> product; ///< [m, n]
};
} // namespace

/// op(X) with the inner index fastest, as exact f32 values.
static std::vector<float> gather(const void *base, const Layout &layout,
                                 bool rowIsOuter, uint64_t outer, uint64_t k,
                                 int64_t batch) {
  std::vector<float> values(outer * k);
  for (uint64_t i = 0; i < outer; ++i)
    for (uint64_t j = 0; j < k; ++j) {
      size_t index = rowIsOuter ? indexOf(layout, i, j, batch)
                                : indexOf(layout, j, i, batch);
      values[i * k + j] = float(readElement(base, layout.type, index));
    }
  return values;
}

/// The type in which the tensor core multiplies.
static MmaType multiplyType(const Problem &p) {
  switch (p.a.type) {
  case CUDA_R_8F_E4M3:
    return MmaType::E4M3;
  case CUDA_R_8F_E5M2:
    return MmaType::E5M2;
  case CUDA_R_16F:
    return MmaType::F16;
  case CUDA_R_16BF:
    return MmaType::BF16;
  default:
    break;
  }
  switch (p.matmul.computeType) {
  case CUBLAS_COMPUTE_32F_FAST_TF32:
    return MmaType::TF32;
  case CUBLAS_COMPUTE_32F_FAST_16F:
    return MmaType::F16;
  case CUBLAS_COMPUTE_32F_FAST_16BF:
    return MmaType::BF16;
  default:
    return MmaType::F32;
  }
}

/// Rounds f32 operands to the type that the fast compute modes multiply in.
static void narrow(std::vector<float> &values, MmaType type) {
  for (float &value : values)
    if (type == MmaType::TF32)
      value = truncateToTf32(value);
    else if (type == MmaType::BF16)
      value = bfloatToFloat(floatToBfloat(value));
    else if (type == MmaType::F16)
      value = halfToFloat(floatToHalf(value));
}

static void multiplyFloat(Work &w) {
  const Problem &p = w.p;
  // f32 without tensor cores: one fused multiply-add after the other.
  for (uint64_t i = 0; i < p.m; ++i)
    for (uint64_t j = 0; j < p.n; ++j) {
      float sum = 0;
      for (uint64_t x = 0; x < p.k; ++x)
        sum = std::fma(w.a[i * p.k + x], w.b[j * p.k + x], sum);
      w.product[i * p.n + j] = sum;
    }
}

/// The scale of element row `outer` and inner index `k` of one operand.
static float scaleAt(const void *scale, int32_t mode, uint64_t outer,
                     uint64_t outerSize, uint64_t k, uint64_t kSize) {
  const float *values = static_cast<const float *>(scale);
  if (!values)
    return 1;
  uint64_t slices = (kSize + promotion - 1) / promotion;
  switch (mode) {
  case CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F:
    return values[outer];
  case CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F:
    return values[k / promotion * outerSize + outer];
  case CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F:
    // Slices of k are innermost, padded to a multiple of four.
    return values[outer / promotion * ((slices + 3) / 4 * 4) + k / promotion];
  default:
    return values[0];
  }
}

/// fp8: tensor-core sums of 128 products, each scaled and added in f32.
static void multiplyPromoted(Work &w, const DotRule &rule,
                             TensorCoreMode mode) {
  const Problem &p = w.p;
  bool blocks = p.matmul.modeA >= CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F;
  std::vector<float> zero(p.m * p.n), slice(p.m * p.n);
  for (uint64_t k = 0; k < p.k; k += promotion) {
    uint64_t length = std::min(promotion, p.k - k);
    multiplyTile(w.a.data() + k, p.k, w.b.data() + k, p.k, zero.data(), p.n,
                 slice.data(), p.n, unsigned(p.m), unsigned(p.n),
                 unsigned(length), rule, mode);
    for (uint64_t i = 0; i < p.m; ++i)
      for (uint64_t j = 0; j < p.n; ++j) {
        float factor =
            blocks
                ? scaleAt(p.matmul.scaleA, p.matmul.modeA, i, p.m, k, p.k) *
                      scaleAt(p.matmul.scaleB, p.matmul.modeB, j, p.n, k, p.k)
                : 1;
        float &sum = w.product[i * p.n + j];
        sum = std::fma(slice[i * p.n + j], factor, sum);
      }
  }
}

static void multiplyTensorCore(Work &w, MmaType type) {
  const Problem &p = w.p;
  TensorCoreMode mode =
      p.exactTensorCore ? TensorCoreMode::Exact : TensorCoreMode::Fast;
  DotRule rule = dotRule(type, p.capability, p.capability >= 90);
  if (isFp8(p.a.type) && !p.matmul.fastAccumulation)
    return multiplyPromoted(w, rule, mode);
  multiplyTile(w.a.data(), p.k, w.b.data(), p.k, w.product.data(), p.n,
               w.product.data(), p.n, unsigned(p.m), unsigned(p.n),
               unsigned(p.k), rule, mode);
}

/// alpha or beta of row `i`, wherever the pointer mode puts it.
static double factorAt(const Problem &p, bool isAlpha, uint64_t i,
                       int64_t batch) {
  int32_t mode = p.matmul.pointerMode;
  uint32_t type = uint32_t(p.matmul.scaleType);
  const void *pointer = isAlpha ? p.alphaPointer : p.betaPointer;
  switch (mode) {
  case CUBLASLT_POINTER_MODE_HOST:
    return isAlpha ? p.alpha : p.beta;
  case CUBLASLT_POINTER_MODE_DEVICE:
    return readElement(pointer, type, 0);
  case CUBLASLT_POINTER_MODE_DEVICE_VECTOR:
    return readElement(pointer, type, i);
  default:
    break;
  }
  if (isAlpha)
    return readElement(pointer, type,
                       i + size_t(batch * p.matmul.alphaBatchStride));
  return mode == CUBLASLT_POINTER_MODE_ALPHA_DEVICE_VECTOR_BETA_ZERO ? 0
                                                                     : p.beta;
}

/// gelu(x) = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
static float gelu(float x) {
  constexpr float root = 0.79788456080286536f;
  return 0.5f * x * (1 + std::tanh(root * (x + 0.044715f * x * x * x)));
}

static float geluSlope(float x) {
  constexpr float root = 0.79788456080286536f;
  float t = std::tanh(root * (x + 0.044715f * x * x * x));
  float inner = root * (1 + 3 * 0.044715f * x * x);
  return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * inner;
}

/// The scalar behind a device pointer, 1 when there is none.
static float scalar(const void *pointer) {
  return pointer ? *static_cast<const float *>(pointer) : 1;
}

/// The auxiliary matrix at (i, j): a bit for ReLU, the input of GELU else.
static float throughAux(Work &w, uint64_t i, uint64_t j, float x) {
  const Problem &p = w.p;
  size_t index = j * size_t(p.matmul.auxLeading) + i +
                 size_t(w.batch * p.matmul.auxBatchStride);
  uint8_t *bits = static_cast<uint8_t *>(p.matmul.aux) + index / 8;
  uint8_t bit = uint8_t(1u << index % 8);
  if (w.parts.reluGradient)
    return *bits & bit ? x : 0;
  if (w.parts.geluGradient)
    return x * geluSlope(float(readElement(p.matmul.aux, auxTypeOf(p), index)));
  if (!w.parts.auxOut)
    return x;
  if (w.parts.relu)
    *bits = uint8_t(x > 0 ? *bits | bit : *bits & ~bit);
  else
    writeElement(p.matmul.aux, auxTypeOf(p), index,
                 double(x) * scalar(p.matmul.scaleAux));
  return x;
}

/// Scales, epilogue and store of the f32 product.
static float finish(Work &w) {
  const Problem &p = w.p;
  const Matmul &m = p.matmul;
  bool outer = m.modeA == CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
  bool scalarMode = m.modeA == CUBLASLT_MATMUL_MATRIX_SCALE_SCALAR_32F;
  float perTensor = scalarMode ? scalar(m.scaleA) * scalar(m.scaleB) : 1;
  float scaleD = scalar(m.scaleD), largest = 0;
  std::vector<float> biasGradient(p.m);
  for (uint64_t j = 0; j < p.n; ++j)
    for (uint64_t i = 0; i < p.m; ++i) {
      float x = w.product[i * p.n + j] * perTensor;
      if (outer)
        x *= scaleAt(m.scaleA, m.modeA, i, p.m, 0, p.k) *
             scaleAt(m.scaleB, m.modeB, j, p.n, 0, p.k);
      x *= float(factorAt(p, true, i, w.batch));
      float beta = float(factorAt(p, false, i, w.batch));
      // beta = 0 means that C is not read, whatever it holds.
      if (beta != 0)
        x += beta * scalar(m.scaleC) *
             float(readElement(p.C, p.c.type, indexOf(p.c, i, j, w.batch)));
      if (w.parts.bias)
        x += float(readElement(m.bias, biasTypeOf(p),
                               i + size_t(w.batch * m.biasBatchStride)));
      x = throughAux(w, i, j, x);
      if (w.parts.relu)
        x = std::max(x, 0.0f);
      if (w.parts.gelu)
        x = gelu(x);
      biasGradient[i] += x;
      largest = std::max(largest, std::fabs(x));
      writeElement(p.D, p.d.type, indexOf(p.d, i, j, w.batch),
                   double(x * scaleD));
    }
  if (w.parts.biasGradient)
    for (uint64_t i = 0; i < p.m; ++i)
      writeElement(m.bias, biasTypeOf(p),
                   i + size_t(w.batch * m.biasBatchStride), biasGradient[i]);
  return largest;
}

/// Sums over k of the rows of op(A) or the columns of op(B).
static void inputGradient(Work &w) {
  const Problem &p = w.p;
  const std::vector<float> &from = w.parts.biasGradientA ? w.a : w.b;
  uint64_t outer = w.parts.biasGradientA ? p.m : p.n;
  for (uint64_t i = 0; i < outer; ++i) {
    float sum = 0;
    for (uint64_t x = 0; x < p.k; ++x)
      sum += from[i * p.k + x];
    writeElement(p.matmul.bias, biasTypeOf(p),
                 i + size_t(w.batch * p.matmul.biasBatchStride), sum);
  }
}

static void multiplyDouble(const Problem &p, int64_t batch) {
  bool ta = p.matmul.transposeA != CUBLAS_OP_N;
  bool tb = p.matmul.transposeB != CUBLAS_OP_N;
  for (uint64_t i = 0; i < p.m; ++i)
    for (uint64_t j = 0; j < p.n; ++j) {
      double sum = 0;
      for (uint64_t x = 0; x < p.k; ++x)
        sum = std::fma(readElement(p.A, p.a.type,
                                   ta ? indexOf(p.a, x, i, batch)
                                      : indexOf(p.a, i, x, batch)),
                       readElement(p.B, p.b.type,
                                   tb ? indexOf(p.b, j, x, batch)
                                      : indexOf(p.b, x, j, batch)),
                       sum);
      double beta = factorAt(p, false, i, batch);
      sum *= factorAt(p, true, i, batch);
      if (beta != 0)
        sum += beta * readElement(p.C, p.c.type, indexOf(p.c, i, j, batch));
      writeElement(p.D, p.d.type, indexOf(p.d, i, j, batch), sum);
    }
}

void multiply(const Problem &p) {
  // What an earlier call left in the workspace is gone after this one.
  if (p.workspaceBytes)
    std::memset(p.workspace, 0xA5, p.workspaceBytes);
  float largest = 0;
  for (int64_t batch = 0; batch < p.batch; ++batch) {
    if (p.a.type == CUDA_R_64F) {
      multiplyDouble(p, batch);
      continue;
    }
    Work w{p, batch, epilogueParts(p.matmul.epilogue), {}, {}, {}};
    w.a = gather(p.A, p.a, p.matmul.transposeA == CUBLAS_OP_N, p.m, p.k, batch);
    w.b = gather(p.B, p.b, p.matmul.transposeB != CUBLAS_OP_N, p.n, p.k, batch);
    w.product.assign(p.m * p.n, 0);
    if (w.parts.biasGradientA || w.parts.biasGradientB)
      inputGradient(w);
    MmaType type = multiplyType(p);
    if (type == MmaType::F32) {
      multiplyFloat(w);
    } else {
      if (p.a.type == CUDA_R_32F) {
        narrow(w.a, type);
        narrow(w.b, type);
      }
      multiplyTensorCore(w, type);
    }
    largest = std::max(largest, finish(w));
  }
  if (p.matmul.amaxD)
    *static_cast<float *>(p.matmul.amaxD) = largest;
}

} // namespace vgpu::blas
