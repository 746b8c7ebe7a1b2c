// Matmul.h - one cuBLASLt call and the plain loops that check it.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <cublasLt.h>
#include <cuda.h>
#include <gtest/gtest.h>
#include <vector>

namespace vgpu::test {

/// Elements of one matrix as stored bytes, written and read through doubles.
struct Matrix {
  cudaDataType type = CUDA_R_32F;
  cublasLtOrder_t order = CUBLASLT_ORDER_COL;
  uint64_t rows = 0, columns = 0;
  int64_t leading = 0;
  int batch = 1;
  int64_t stride = 0;
  std::vector<unsigned char> bytes;

  /// Rows x columns (stored), packed, with a batch behind each other.
  Matrix(cudaDataType type, uint64_t rows, uint64_t columns, int batch = 1,
         cublasLtOrder_t order = CUBLASLT_ORDER_COL);
  double at(uint64_t row, uint64_t column, int entry = 0) const;
  void set(uint64_t row, uint64_t column, double value, int entry = 0);
  /// Multiples of 1/8 in [-1, 1]: exact in every type.
  void fill(uint32_t seed);
  size_t index(uint64_t row, uint64_t column, int entry) const {
    size_t within = order == CUBLASLT_ORDER_COL
                        ? column * size_t(leading) + row
                        : row * size_t(leading) + column;
    return within + size_t(entry) * size_t(stride);
  }
};

size_t bytesOf(cudaDataType type);
double decode(const void *at, cudaDataType type);
void encode(void *at, cudaDataType type, double value);

/// A matmul under test: descriptors, device copies, the call.
class Call {
public:
  Call(cublasComputeType_t compute, cudaDataType scale, Matrix a, Matrix b,
       Matrix c, Matrix d);
  ~Call();

  template <typename T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    ASSERT_EQ(
        cublasLtMatmulDescSetAttribute(matmul, attribute, &value, sizeof value),
        CUBLAS_STATUS_SUCCESS);
  }
  /// Device memory that lives as long as the call.
  CUdeviceptr upload(const void *data, size_t bytes);
  CUdeviceptr upload(const std::vector<float> &values) {
    return upload(values.data(), values.size() * 4);
  }
  std::vector<unsigned char> download(CUdeviceptr pointer, size_t bytes);

  /// Asks for an algorithm, runs it with a workspace, and reads D back.
  cublasStatus_t run(double alpha, double beta);
  /// Only asks for an algorithm.
  cublasStatus_t ask();

  Matrix a, b, c, d;
  cublasLtMatmulDesc_t matmul = nullptr;
  /// Which of the algorithms found is used; they compute the same.
  int choice = 0;
  cublasLtMatmulHeuristicResult_t results[4];
  int found = 0;
  /// Bytes added to the address of A, to break its alignment.
  size_t shiftA = 0;

private:
  cublasLtMatrixLayout_t layoutOf(const Matrix &matrix);

  cublasComputeType_t compute;
  cudaDataType scale;
  cublasLtHandle_t handle = nullptr;
  cublasLtMatrixLayout_t layouts[4] = {};
  std::vector<CUdeviceptr> memory;
};

/// A context for every test.
class Blas : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;
  CUcontext context = nullptr;
};

} // namespace vgpu::test
