// MatmulTest.cpp - products, epilogues, scales and refusals of cuBLASLt.

#include "test/vgpu/blas/Matmul.h"

using namespace vgpu::test;

/// op(A) * op(B) at (i, j).
static double product(const Call &call, bool ta, bool tb, uint64_t i,
                      uint64_t j, int entry = 0) {
  uint64_t k = ta ? call.a.rows : call.a.columns;
  double sum = 0;
  for (uint64_t x = 0; x < k; ++x)
    sum += (ta ? call.a.at(x, i, entry) : call.a.at(i, x, entry)) *
           (tb ? call.b.at(j, x, entry) : call.b.at(x, j, entry));
  return sum;
}

namespace {
struct Types {
  const char *name;
  cublasComputeType_t compute;
  cudaDataType scale, ab, cd;
  double tolerance;
};
class BlasTypes : public Blas, public testing::WithParamInterface<Types> {};
} // namespace

INSTANTIATE_TEST_SUITE_P(
    All, BlasTypes,
    testing::Values(Types{"f32", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_32F,
                          CUDA_R_32F, 1e-5},
                    Types{"tf32", CUBLAS_COMPUTE_32F_FAST_TF32, CUDA_R_32F,
                          CUDA_R_32F, CUDA_R_32F, 1e-5},
                    Types{"bf16", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16BF,
                          CUDA_R_16BF, 0.04},
                    Types{"bf16_f32", CUBLAS_COMPUTE_32F, CUDA_R_32F,
                          CUDA_R_16BF, CUDA_R_32F, 1e-5},
                    Types{"f16", CUBLAS_COMPUTE_32F, CUDA_R_32F, CUDA_R_16F,
                          CUDA_R_16F, 4e-3},
                    Types{"f16_f16", CUBLAS_COMPUTE_16F, CUDA_R_16F, CUDA_R_16F,
                          CUDA_R_16F, 4e-3},
                    Types{"f64", CUBLAS_COMPUTE_64F, CUDA_R_64F, CUDA_R_64F,
                          CUDA_R_64F, 1e-12}),
    [](const auto &info) { return info.param.name; });

TEST_P(BlasTypes, AllTransposesAndOrders) {
  const Types &t = GetParam();
  uint64_t m = 24, n = 16, k = 40;
  for (int bits = 0; bits < 16; ++bits) {
    bool ta = bits & 1, tb = bits & 2;
    auto order = [&](int bit) {
      return bits & bit ? CUBLASLT_ORDER_ROW : CUBLASLT_ORDER_COL;
    };
    Matrix a(t.ab, ta ? k : m, ta ? m : k, 1, order(4));
    Matrix b(t.ab, tb ? n : k, tb ? k : n, 1, order(4));
    Matrix c(t.cd, m, n, 1, order(8));
    a.fill(1);
    b.fill(2);
    c.fill(3);
    Call call(t.compute, t.scale, a, b, c, Matrix(t.cd, m, n, 1, order(8)));
    call.set(CUBLASLT_MATMUL_DESC_TRANSA,
             int32_t(ta ? CUBLAS_OP_T : CUBLAS_OP_N));
    call.set(CUBLASLT_MATMUL_DESC_TRANSB,
             int32_t(tb ? CUBLAS_OP_T : CUBLAS_OP_N));
    call.choice = bits % 2;
    ASSERT_EQ(call.run(0.5, 2), CUBLAS_STATUS_SUCCESS);
    for (uint64_t i = 0; i < m; ++i)
      for (uint64_t j = 0; j < n; ++j)
        ASSERT_NEAR(call.d.at(i, j),
                    0.5 * product(call, ta, tb, i, j) + 2 * c.at(i, j),
                    t.tolerance)
            << "at " << i << ", " << j << " of variant " << bits;
  }
}

TEST_F(Blas, BatchesAndLeadingDimensions) {
  uint64_t m = 8, n = 12, k = 16;
  int batch = 3;
  Matrix a(CUDA_R_32F, m, k, batch), b(CUDA_R_32F, k, n, batch);
  Matrix c(CUDA_R_32F, m, n, batch), d(CUDA_R_32F, m, n, batch);
  // Rows of D lie 12 apart, so every fourth stays as it was.
  d.leading = 12;
  d.stride = 12 * 12;
  d.bytes.assign(size_t(d.stride) * batch * 4, 0);
  for (int entry = 0; entry < batch; ++entry)
    for (uint64_t j = 0; j < 12; ++j)
      for (uint64_t i = 8; i < 12; ++i)
        d.set(i, j, 99, entry);
  // One B for the whole batch.
  b.stride = 0;
  a.fill(4);
  b.fill(5);
  Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, c, d);
  ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
  for (int entry = 0; entry < batch; ++entry)
    for (uint64_t j = 0; j < n; ++j)
      for (uint64_t i = 0; i < 12; ++i)
        ASSERT_NEAR(call.d.at(i, j, entry),
                    i < 8 ? product(call, false, false, i, j, entry) : 99,
                    1e-5);
}

TEST_F(Blas, BetaZeroDoesNotReadC) {
  Matrix a(CUDA_R_32F, 4, 4), b(CUDA_R_32F, 4, 4), c(CUDA_R_32F, 4, 4);
  a.fill(6);
  b.fill(7);
  for (int i = 0; i < 16; ++i)
    c.set(i % 4, i / 4, NAN);
  Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, c, Matrix(CUDA_R_32F, 4, 4));
  ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
  for (uint64_t i = 0; i < 16; ++i)
    EXPECT_NEAR(call.d.at(i % 4, i / 4),
                product(call, false, false, i % 4, i / 4), 1e-5);
}

static double gelu(double x) {
  return 0.5 * x *
         (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

TEST_F(Blas, Epilogues) {
  uint64_t m = 16, n = 8, k = 16;
  Matrix a(CUDA_R_32F, m, k), b(CUDA_R_32F, k, n), c(CUDA_R_32F, m, n);
  a.fill(8);
  b.fill(9);
  std::vector<float> bias;
  for (uint64_t i = 0; i < m; ++i)
    bias.push_back(float(i) / 8 - 1);
  struct {
    cublasLtEpilogue_t epilogue;
    double (*function)(double);
    bool bias;
  } cases[] = {
      {CUBLASLT_EPILOGUE_DEFAULT, [](double x) { return x; }, false},
      {CUBLASLT_EPILOGUE_BIAS, [](double x) { return x; }, true},
      {CUBLASLT_EPILOGUE_RELU, [](double x) { return x > 0 ? x : 0; }, false},
      {CUBLASLT_EPILOGUE_RELU_BIAS, [](double x) { return x > 0 ? x : 0; },
       true},
      {CUBLASLT_EPILOGUE_GELU, gelu, false},
      {CUBLASLT_EPILOGUE_GELU_BIAS, gelu, true},
  };
  for (auto &e : cases) {
    Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, c,
              Matrix(CUDA_R_32F, m, n));
    call.set(CUBLASLT_MATMUL_DESC_EPILOGUE, uint32_t(e.epilogue));
    call.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER,
             reinterpret_cast<void *>(call.upload(bias)));
    ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
    for (uint64_t i = 0; i < m; ++i)
      for (uint64_t j = 0; j < n; ++j)
        ASSERT_NEAR(call.d.at(i, j),
                    e.function(product(call, false, false, i, j) +
                               (e.bias ? bias[i] : 0)),
                    1e-5)
            << "epilogue " << e.epilogue;
  }
}

TEST_F(Blas, GeluForwardAndBackward) {
  uint64_t m = 16, n = 8, k = 16;
  Matrix a(CUDA_R_32F, m, k), b(CUDA_R_32F, k, n), c(CUDA_R_32F, m, n);
  a.fill(10);
  b.fill(11);
  Call forward(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, c,
               Matrix(CUDA_R_32F, m, n));
  CUdeviceptr aux = forward.upload(std::vector<float>(m * n));
  forward.set(CUBLASLT_MATMUL_DESC_EPILOGUE,
              uint32_t(CUBLASLT_EPILOGUE_GELU_AUX));
  forward.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER,
              reinterpret_cast<void *>(aux));
  forward.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, int64_t(m));
  ASSERT_EQ(forward.run(1, 0), CUBLAS_STATUS_SUCCESS);
  Matrix input(CUDA_R_32F, m, n);
  input.bytes = forward.download(aux, m * n * 4);
  for (uint64_t i = 0; i < m; ++i)
    for (uint64_t j = 0; j < n; ++j) {
      ASSERT_NEAR(input.at(i, j), product(forward, false, false, i, j), 1e-5);
      ASSERT_NEAR(forward.d.at(i, j), gelu(input.at(i, j)), 1e-5);
    }
  Call backward(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, c,
                Matrix(CUDA_R_32F, m, n));
  CUdeviceptr bias = backward.upload(std::vector<float>(m));
  backward.set(CUBLASLT_MATMUL_DESC_EPILOGUE,
               uint32_t(CUBLASLT_EPILOGUE_DGELU_BGRAD));
  backward.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER,
               reinterpret_cast<void *>(aux));
  backward.set(CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD, int64_t(m));
  backward.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER,
               reinterpret_cast<void *>(bias));
  ASSERT_EQ(backward.run(1, 0), CUBLAS_STATUS_SUCCESS);
  Matrix sums(CUDA_R_32F, m, 1);
  sums.bytes = backward.download(bias, m * 4);
  for (uint64_t i = 0; i < m; ++i) {
    double sum = 0;
    for (uint64_t j = 0; j < n; ++j) {
      double x = input.at(i, j), h = 1e-5;
      double slope = (gelu(x + h) - gelu(x - h)) / (2 * h);
      double expected = product(backward, false, false, i, j) * slope;
      ASSERT_NEAR(backward.d.at(i, j), expected, 1e-4);
      sum += expected;
    }
    ASSERT_NEAR(sums.at(i, 0), sum, 1e-3);
  }
}

TEST_F(Blas, BiasGradients) {
  uint64_t m = 16, n = 8, k = 16;
  for (bool ofA : {true, false}) {
    Matrix a(CUDA_R_16BF, m, k), b(CUDA_R_16BF, k, n), c(CUDA_R_16BF, m, n);
    a.fill(12);
    b.fill(13);
    Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, c,
              Matrix(CUDA_R_16BF, m, n));
    std::vector<uint16_t> zero(16);
    CUdeviceptr bias = call.upload(zero.data(), 32);
    call.set(
        CUBLASLT_MATMUL_DESC_EPILOGUE,
        uint32_t(ofA ? CUBLASLT_EPILOGUE_BGRADA : CUBLASLT_EPILOGUE_BGRADB));
    call.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, reinterpret_cast<void *>(bias));
    ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
    Matrix sums(CUDA_R_16BF, ofA ? m : n, 1);
    sums.bytes = call.download(bias, sums.bytes.size());
    for (uint64_t i = 0; i < sums.rows; ++i) {
      double sum = 0;
      for (uint64_t x = 0; x < k; ++x)
        sum += ofA ? a.at(i, x) : b.at(x, i);
      ASSERT_NEAR(sums.at(i, 0), sum, 0.04);
    }
  }
}

/// An fp8 call in the one layout that exists: A transposed.
static Call fp8Call(cudaDataType ta, cudaDataType tb, cudaDataType c,
                    cudaDataType d, uint64_t m, uint64_t n, uint64_t k) {
  Matrix a(ta, k, m), b(tb, k, n);
  a.fill(14);
  b.fill(15);
  return Call(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, Matrix(c, m, n),
              Matrix(d, m, n));
}

TEST_F(Blas, Fp8WithTensorScales) {
  for (cudaDataType other : {CUDA_R_8F_E4M3, CUDA_R_8F_E5M2}) {
    uint64_t m = 32, n = 16, k = 256;
    Call call =
        fp8Call(CUDA_R_8F_E4M3, other, CUDA_R_16BF, CUDA_R_8F_E4M3, m, n, k);
    call.set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
    auto scale = [&](cublasLtMatmulDescAttributes_t attribute, float value) {
      call.set(attribute, reinterpret_cast<void *>(
                              call.upload(std::vector<float>{value})));
    };
    scale(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, 2);
    scale(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, 0.25f);
    scale(CUBLASLT_MATMUL_DESC_D_SCALE_POINTER, 4);
    CUdeviceptr amax = call.upload(std::vector<float>{-1});
    call.set(CUBLASLT_MATMUL_DESC_AMAX_D_POINTER,
             reinterpret_cast<void *>(amax));
    ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
    double largest = 0;
    for (uint64_t i = 0; i < m; ++i)
      for (uint64_t j = 0; j < n; ++j) {
        double x = 0.5 * product(call, true, false, i, j);
        largest = std::max(largest, std::fabs(x));
        ASSERT_NEAR(call.d.at(i, j), 4 * x, std::fabs(4 * x) * 0.07 + 0.1);
      }
    auto bytes = call.download(amax, 4);
    EXPECT_NEAR(decode(bytes.data(), CUDA_R_32F), largest, largest * 0.01);
  }
}

TEST_F(Blas, Fp8WithBlockScales) {
  uint64_t m = 160, n = 144, k = 272; // three slices of k, the last one cut
  uint64_t slices = 3, padded = 4;
  for (int variant = 0; variant < 3; ++variant) {
    Call call = fp8Call(CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_32F, CUDA_R_32F,
                        m, n, k);
    call.set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
    bool blockA = variant == 1, blockB = variant == 2;
    auto mode = [](bool block) {
      return int32_t(block ? CUBLASLT_MATMUL_MATRIX_SCALE_BLK128x128_32F
                           : CUBLASLT_MATMUL_MATRIX_SCALE_VEC128_32F);
    };
    auto scales = [&](bool block, uint64_t outer) {
      std::vector<float> values(block ? (outer + 127) / 128 * padded
                                      : outer * slices);
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = float(i * 7 % 5 + 1) / 4;
      return values;
    };
    std::vector<float> sa = scales(blockA, m), sb = scales(blockB, n);
    auto at = [&](const std::vector<float> &s, bool block, uint64_t outer,
                  uint64_t size, uint64_t x) {
      return block ? s[outer / 128 * padded + x / 128]
                   : s[x / 128 * size + outer];
    };
    call.set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, mode(blockA));
    call.set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, mode(blockB));
    call.set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER,
             reinterpret_cast<void *>(call.upload(sa)));
    call.set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER,
             reinterpret_cast<void *>(call.upload(sb)));
    ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
    for (uint64_t i = 0; i < m; i += 13)
      for (uint64_t j = 0; j < n; j += 11) {
        double sum = 0, size = 0;
        for (uint64_t x = 0; x < k; ++x) {
          double term = call.a.at(x, i) * call.b.at(x, j) *
                        at(sa, blockA, i, m, x) * at(sb, blockB, j, n, x);
          sum += term;
          size += std::fabs(term);
        }
        ASSERT_NEAR(call.d.at(i, j), sum, size * 1e-3)
            << i << ", " << j << " of variant " << variant;
      }
  }
}

TEST_F(Blas, FastAccumulationLosesBits) {
  // 1024 ones and one 2^-6 at the end: 13 bits cannot hold their sum.
  uint64_t m = 16, n = 16, k = 1040;
  double results[2];
  for (int fast = 0; fast < 2; ++fast) {
    Matrix a(CUDA_R_8F_E4M3, k, m), b(CUDA_R_8F_E4M3, k, n);
    for (uint64_t i = 0; i < m; ++i)
      for (uint64_t x = 0; x < k; ++x) {
        a.set(x, i, x < 1024 ? 1 : x == 1039 ? 1.0 / 64 : 0);
        b.set(x, i, 1);
      }
    Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, a, b, Matrix(CUDA_R_32F, m, n),
              Matrix(CUDA_R_32F, m, n));
    call.set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
    call.set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, int8_t(fast));
    ASSERT_EQ(call.run(1, 0), CUBLAS_STATUS_SUCCESS);
    results[fast] = call.d.at(3, 5);
  }
  EXPECT_EQ(results[0], 1024 + 1.0 / 64);
  EXPECT_EQ(results[1], 1024);
}

TEST_F(Blas, RefusesWhatTheLibraryDoes) {
  auto refused = [](Call &call, cublasStatus_t expected) {
    EXPECT_EQ(call.ask(), expected);
    EXPECT_EQ(call.found, 0);
  };
  // fp8 without the transpose, with odd sizes, with two e5m2 operands.
  Call plain = fp8Call(CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_16BF,
                       32, 32, 32);
  refused(plain, CUBLAS_STATUS_NOT_SUPPORTED);
  plain.set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
  EXPECT_EQ(plain.ask(), CUBLAS_STATUS_SUCCESS);
  Call odd = fp8Call(CUDA_R_8F_E4M3, CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_16BF,
                     32, 24, 32);
  odd.set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
  refused(odd, CUBLAS_STATUS_NOT_SUPPORTED);
  Call e5m2 = fp8Call(CUDA_R_8F_E5M2, CUDA_R_8F_E5M2, CUDA_R_16BF, CUDA_R_16BF,
                      32, 32, 32);
  e5m2.set(CUBLASLT_MATMUL_DESC_TRANSA, int32_t(CUBLAS_OP_T));
  refused(e5m2, CUBLAS_STATUS_NOT_SUPPORTED);
  // Types that no row of the table has.
  Call mixed(CUBLAS_COMPUTE_32F, CUDA_R_32F, Matrix(CUDA_R_16F, 16, 16),
             Matrix(CUDA_R_16BF, 16, 16), Matrix(CUDA_R_32F, 16, 16),
             Matrix(CUDA_R_32F, 16, 16));
  refused(mixed, CUBLAS_STATUS_NOT_SUPPORTED);
  // Shapes that disagree, a leading dimension that is too short.
  Call shapes(CUBLAS_COMPUTE_32F, CUDA_R_32F, Matrix(CUDA_R_32F, 8, 4),
              Matrix(CUDA_R_32F, 8, 4), Matrix(CUDA_R_32F, 8, 4),
              Matrix(CUDA_R_32F, 8, 4));
  refused(shapes, CUBLAS_STATUS_INVALID_VALUE);
  Matrix narrow(CUDA_R_32F, 8, 8);
  narrow.leading = 7;
  Call leading(CUBLAS_COMPUTE_32F, CUDA_R_32F, narrow, Matrix(CUDA_R_32F, 8, 8),
               Matrix(CUDA_R_32F, 8, 8), Matrix(CUDA_R_32F, 8, 8));
  refused(leading, CUBLAS_STATUS_INVALID_VALUE);
}

TEST_F(Blas, RefusesMisalignedAddresses) {
  Matrix square(CUDA_R_16BF, 16, 16);
  square.fill(16);
  Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, square, square, square, square);
  call.shiftA = 8; // the algorithm was chosen for 16 bytes
  EXPECT_EQ(call.run(1, 0), CUBLAS_STATUS_NOT_SUPPORTED);
}

TEST_F(Blas, WorkspaceMustBeGiven) {
  Matrix square(CUDA_R_32F, 16, 16);
  square.fill(17);
  Call call(CUBLAS_COMPUTE_32F, CUDA_R_32F, square, square, square, square);
  ASSERT_EQ(call.ask(), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(call.found, 2);
  EXPECT_EQ(call.results[0].workspaceSize, 0u);
  EXPECT_GT(call.results[1].workspaceSize, 0u);
}

TEST_F(Blas, AttributesKeepTheirSizes) {
  cublasLtMatmulDesc_t matmul = nullptr;
  ASSERT_EQ(cublasLtMatmulDescCreate(&matmul, CUBLAS_COMPUTE_32F, CUDA_R_32F),
            CUBLAS_STATUS_SUCCESS);
  int64_t wrong = 0;
  EXPECT_EQ(cublasLtMatmulDescSetAttribute(matmul, CUBLASLT_MATMUL_DESC_TRANSA,
                                           &wrong, sizeof wrong),
            CUBLAS_STATUS_INVALID_VALUE);
  size_t needed = 0;
  EXPECT_EQ(cublasLtMatmulDescGetAttribute(
                matmul, CUBLASLT_MATMUL_DESC_BIAS_POINTER, nullptr, 0, &needed),
            CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(needed, sizeof(void *));
  EXPECT_EQ(cublasLtMatmulDescDestroy(matmul), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasLtGetVersion(), size_t(CUBLAS_VERSION));
  EXPECT_STREQ(cublasLtGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED),
               "CUBLAS_STATUS_NOT_SUPPORTED");
}
