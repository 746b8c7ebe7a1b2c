// TransformEntry.cpp: C = alpha * op(A) + beta * op(B) over matrix layouts.

#include "tools/vgpu/blas/Elements.h"
#include "tools/vgpu/driver/Extension.h"

#include <cstring>
#include <vector>

using namespace vgpu::blas;

namespace {
/// One transform as plain data.
struct TransformCall {
  Transform transform;
  Layout a, b, c;
  const void *A, *B;
  void *C;
  double alpha, beta;
  const void *alphaPointer, *betaPointer;
};
} // namespace

static double factor(const TransformCall &call, bool isAlpha) {
  const void *pointer = isAlpha ? call.alphaPointer : call.betaPointer;
  if (!pointer)
    return isAlpha ? call.alpha : call.beta;
  return readElement(pointer, uint32_t(call.transform.scaleType), 0);
}

static void runTransform(const void *payload) {
  TransformCall call;
  std::memcpy(&call, payload, sizeof call);
  double alpha = factor(call, true), beta = factor(call, false);
  auto term = [&](const void *base, const Layout &l, int32_t transpose,
                  uint64_t i, uint64_t j, int64_t batch) {
    size_t index = transpose == CUBLAS_OP_N ? indexOf(l, i, j, batch)
                                            : indexOf(l, j, i, batch);
    return readElement(base, l.type, index);
  };
  bool single = call.transform.scaleType != CUDA_R_64F;
  for (int64_t batch = 0; batch < call.c.batchCount; ++batch)
    for (uint64_t j = 0; j < call.c.columns; ++j)
      for (uint64_t i = 0; i < call.c.rows; ++i) {
        double sum = 0;
        if (call.A && alpha != 0)
          sum += alpha *
                 term(call.A, call.a, call.transform.transposeA, i, j, batch);
        if (call.B && beta != 0)
          sum += beta *
                 term(call.B, call.b, call.transform.transposeB, i, j, batch);
        writeElement(call.C, call.c.type, indexOf(call.c, i, j, batch),
                     single ? double(float(sum)) : sum);
      }
}

static tresse_vgpu_range rangeOf(const char *name, const void *base,
                                 const Layout &l, uint32_t written) {
  uint64_t element = elementBytes(l.type);
  bool columns = l.order == CUBLASLT_ORDER_COL;
  return {reinterpret_cast<uint64_t>(base),
          (columns ? l.rows : l.columns) * element,
          columns ? l.columns : l.rows,
          uint64_t(l.leading) * element,
          l.batchStride ? uint64_t(l.batchCount) : 1,
          uint64_t(l.batchStride) * element,
          written,
          name};
}

static bool fits(const Layout &from, int32_t transpose, const Layout &to) {
  bool turned = transpose != CUBLAS_OP_N;
  return elementBytes(from.type) && from.order <= CUBLASLT_ORDER_ROW &&
         from.planeOffset == 0 && from.batchCount == to.batchCount &&
         (turned ? from.columns : from.rows) == to.rows &&
         (turned ? from.rows : from.columns) == to.columns;
}

extern "C" cublasStatus_t cublasLtMatrixTransform(
    cublasLtHandle_t handle, cublasLtMatrixTransformDesc_t descriptor,
    const void *alpha, const void *A, cublasLtMatrixLayout_t a,
    const void *beta, const void *B, cublasLtMatrixLayout_t b, void *C,
    cublasLtMatrixLayout_t c, cudaStream_t stream) {
  if (!handle)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  const Transform *transform = open<Transform>(descriptor);
  const Layout *lc = open<Layout>(c);
  const Layout *la = open<Layout>(a), *lb = open<Layout>(b);
  if (!transform || !lc || !C || (A && !la) || (B && !lb) || !alpha || !beta)
    return CUBLAS_STATUS_INVALID_VALUE;
  TransformCall call = {};
  call.transform = *transform;
  call.c = *lc;
  call.A = A;
  call.B = B;
  call.C = C;
  if ((A && !fits(*la, transform->transposeA, *lc)) ||
      (B && !fits(*lb, transform->transposeB, *lc)) ||
      !fits(*lc, CUBLAS_OP_N, *lc))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (transform->scaleType != CUDA_R_32F && transform->scaleType != CUDA_R_64F)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (transform->pointerMode == CUBLASLT_POINTER_MODE_DEVICE) {
    call.alphaPointer = alpha;
    call.betaPointer = beta;
  } else if (transform->pointerMode == CUBLASLT_POINTER_MODE_HOST) {
    call.alpha = readElement(alpha, uint32_t(transform->scaleType), 0);
    call.beta = readElement(beta, uint32_t(transform->scaleType), 0);
  } else {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  std::vector<tresse_vgpu_range> ranges;
  if (A) {
    call.a = *la;
    ranges.push_back(rangeOf("A", A, *la, 0));
  }
  if (B) {
    call.b = *lb;
    ranges.push_back(rangeOf("B", B, *lb, 0));
  }
  ranges.push_back(rangeOf("C", C, *lc, 1));
  CUresult result = tresse_vgpu_enqueue(
      reinterpret_cast<CUstream>(stream), "cublasLtMatrixTransform",
      runTransform, &call, sizeof call, ranges.data(), ranges.size(), 0);
  return result == CUDA_SUCCESS ? CUBLAS_STATUS_SUCCESS
                                : CUBLAS_STATUS_EXECUTION_FAILED;
}
