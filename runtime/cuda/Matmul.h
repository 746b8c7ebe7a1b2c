//===- Matmul.h - dense matrix products by cuBLASLt -----------------------===//
#ifndef TRESSE_RUNTIME_CUDA_MATMUL_H
#define TRESSE_RUNTIME_CUDA_MATMUL_H

#include "runtime/cuda/Device.h"

namespace tresse::runtime::cuda {

/// cuBLASLt on one device.
class BlasContext {
public:
  BlasContext() { blas.check(blas.create(&handle), "cuBLASLt"); }
  ~BlasContext() { blas.destroy(handle); }
  BlasContext(const BlasContext &) = delete;
  BlasContext &operator=(const BlasContext &) = delete;
  const Blas blas;
  Handle handle = nullptr;
};

/// d = alpha op(a) op(b) + beta c of a plan, with its algorithm chosen. The
/// library counts by columns, so it computes the transposed product: its A is
/// our b, its m our columns.
class Matmul {
public:
  Matmul(const Plan &plan, const DeviceMemory &memory,
         const BlasContext &context, const tresse_gemm &gemm,
         const std::string &what);
  ~Matmul();
  Matmul(const Matmul &) = delete;
  Matmul &operator=(const Matmul &) = delete;
  void enqueue(Handle stream, const std::string &what) const;

private:
  Handle makeLayout(const Plan &plan, uint32_t tensor, const std::string &what);
  void choose(const std::string &what);

  const BlasContext &context;
  Handle operation = nullptr, layoutA = nullptr, layoutB = nullptr,
         layoutD = nullptr;
  Address a, b, d, workspace;
  double alpha64, beta64;
  float alpha32, beta32;
  bool isF64;
  MatmulChoice choice{};
};

} // namespace tresse::runtime::cuda

#endif
