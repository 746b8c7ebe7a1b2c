//===- Matmul.cpp - dense matrix products by cuBLASLt ---------------------===//
#include "runtime/cuda/Matmul.h"

#include <bit>

namespace tresse::runtime::cuda {

static int libraryType(uint32_t dtype, const std::string &what) {
  switch (dtype) {
  case TRESSE_F32:
    return typeF32;
  case TRESSE_F64:
    return typeF64;
  case TRESSE_F16:
    return typeF16;
  case TRESSE_BF16:
    return typeBF16;
  }
  fail(what, ": expected a float type that cuBLASLt multiplies, but got ",
       elementName(dtype));
}

/// A row-major matrix [rows, columns], or a batch of them, as the library sees
/// it: [columns, rows] by columns.
Handle Matmul::makeLayout(const Plan &plan, uint32_t tensor,
                          const std::string &what) {
  const tresse_tensor &record = plan.tensors[tensor];
  auto sizes = plan.numbers(record.sizes),
       strides = plan.numbers(record.strides);
  size_t rank = sizes.size();
  if (rank < 2 || rank > 3)
    fail(what, ": expected a matrix or a batch of matrices, but got ",
         shapeText(sizes));
  int64_t columns = sizes[rank - 1], rows = sizes[rank - 2];
  int64_t leading = rows > 1 ? strides[rank - 2] : columns;
  if (columns > 1 && strides[rank - 1] != 1)
    fail(what, ": expected columns side by side, but got stride ",
         strides[rank - 1]);
  const Blas &blas = context.blas;
  Handle layout = nullptr;
  blas.check(blas.layoutCreate(&layout, libraryType(record.dtype, what),
                               static_cast<uint64_t>(columns),
                               static_cast<uint64_t>(rows), leading),
             what);
  if (rank == 3) {
    auto count = static_cast<int32_t>(sizes[0]);
    int64_t stride = sizes[0] > 1 ? strides[0] : 0;
    blas.check(blas.layoutSet(layout, layoutBatchCount, &count, sizeof count),
               what);
    blas.check(
        blas.layoutSet(layout, layoutBatchStride, &stride, sizeof stride),
        what);
  }
  return layout;
}

Matmul::Matmul(const Plan &plan, const DeviceMemory &memory,
               const BlasContext &context, const tresse_gemm &gemm,
               const std::string &what)
    : context(context), a(memory.tensor(gemm.a)), b(memory.tensor(gemm.b)),
      d(memory.tensor(gemm.d)), workspace(memory.workspaceAddress()),
      alpha64(gemm.alpha), beta64(gemm.beta),
      alpha32(static_cast<float>(gemm.alpha)),
      beta32(static_cast<float>(gemm.beta)), isF64(gemm.compute == TRESSE_F64) {
  if (gemm.beta != 0 && gemm.c != gemm.d)
    fail(what, ": expected to add to its result, but it adds another tensor");
  if (gemm.rows_from != TRESSE_NONE)
    fail(what, ": expected all rows, but their number is in device memory");
  const Blas &blas = context.blas;
  blas.check(blas.descCreate(&operation, isF64 ? computeF64 : computeF32,
                             isF64 ? typeF64 : typeF32),
             what);
  int32_t transposeA = gemm.transpose >> 1 & 1, transposeB = gemm.transpose & 1;
  blas.check(
      blas.descSet(operation, descTransposeA, &transposeA, sizeof transposeA),
      what);
  blas.check(
      blas.descSet(operation, descTransposeB, &transposeB, sizeof transposeB),
      what);
  layoutA = makeLayout(plan, gemm.b, what);
  layoutB = makeLayout(plan, gemm.a, what);
  layoutD = makeLayout(plan, gemm.d, what);
  choose(what);
}

void Matmul::choose(const std::string &what) {
  const Blas &blas = context.blas;
  Handle preference = nullptr;
  blas.check(blas.preferenceCreate(&preference), what);
  size_t bytes = DeviceMemory::workspaceBytes;
  int status =
      blas.preferenceSet(preference, preferWorkspace, &bytes, sizeof bytes);
  Address places[] = {b, a, d, d}; // the library's A, B, C, D
  for (int i = 0; i < 4 && status == 0; ++i) {
    auto alignment = static_cast<uint32_t>(
        places[i] ? uint64_t{1} << std::min(std::countr_zero(places[i]), 8)
                  : 256);
    status = blas.preferenceSet(preference, preferAlignmentA + i, &alignment,
                                sizeof alignment);
  }
  int found = 0;
  if (status == 0)
    status = blas.heuristic(context.handle, operation, layoutA, layoutB,
                            layoutD, layoutD, preference, 1, &choice, &found);
  blas.preferenceDestroy(preference);
  blas.check(status, what);
  if (found == 0)
    fail(what, ": expected cuBLASLt to have an algorithm, but it has none");
  blas.check(choice.state, what);
}

Matmul::~Matmul() {
  const Blas &blas = context.blas;
  if (operation)
    blas.descDestroy(operation);
  for (Handle layout : {layoutA, layoutB, layoutD})
    if (layout)
      blas.layoutDestroy(layout);
}

void Matmul::enqueue(Handle stream, const std::string &what) const {
  auto pointer = [](Address address) {
    return reinterpret_cast<void *>(address);
  };
  const void *alpha = isF64 ? static_cast<const void *>(&alpha64) : &alpha32;
  const void *beta = isF64 ? static_cast<const void *>(&beta64) : &beta32;
  context.blas.check(context.blas.matmul(context.handle, operation, alpha,
                                         pointer(b), layoutA, pointer(a),
                                         layoutB, beta, pointer(d), layoutD,
                                         pointer(d), layoutD, &choice.algorithm,
                                         pointer(workspace),
                                         DeviceMemory::workspaceBytes, stream),
                     what);
}

} // namespace tresse::runtime::cuda
