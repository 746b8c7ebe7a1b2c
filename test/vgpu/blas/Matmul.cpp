// Matmul.cpp - calls cuBLASLt as an application does.

#include "test/vgpu/blas/Matmul.h"

#include <map>

namespace vgpu::test {

size_t bytesOf(cudaDataType type) {
  switch (type) {
  case CUDA_R_8F_E4M3:
  case CUDA_R_8F_E5M2:
    return 1;
  case CUDA_R_16F:
  case CUDA_R_16BF:
    return 2;
  case CUDA_R_64F:
    return 8;
  default:
    return 4;
  }
}

/// The value of a small float: `exponentBits` and `mantissaBits`, with IEEE
/// bias; no specials.
static double decodeSmall(unsigned bits, int exponentBits, int mantissaBits) {
  int bias = (1 << (exponentBits - 1)) - 1;
  int exponent = int(bits >> mantissaBits) & ((1 << exponentBits) - 1);
  int mantissa = int(bits) & ((1 << mantissaBits) - 1);
  double value = exponent ? std::ldexp((1 << mantissaBits) + mantissa,
                                       exponent - bias - mantissaBits)
                          : std::ldexp(mantissa, 1 - bias - mantissaBits);
  return bits >> (exponentBits + mantissaBits) & 1 ? -value : value;
}

double decode(const void *at, cudaDataType type) {
  uint64_t bits = 0;
  std::memcpy(&bits, at, bytesOf(type));
  float single;
  double value;
  switch (type) {
  case CUDA_R_8F_E4M3:
    return decodeSmall(unsigned(bits), 4, 3);
  case CUDA_R_8F_E5M2:
    return decodeSmall(unsigned(bits), 5, 2);
  case CUDA_R_16F:
    return decodeSmall(unsigned(bits), 5, 10);
  case CUDA_R_16BF:
    return decodeSmall(unsigned(bits), 8, 7);
  case CUDA_R_32F:
    std::memcpy(&single, at, 4);
    return single;
  default:
    std::memcpy(&value, at, 8);
    return value;
  }
}

/// The nearest of all codes of a type; slow and plain.
void encode(void *at, cudaDataType type, double value) {
  if (type == CUDA_R_32F) {
    float single = float(value);
    std::memcpy(at, &single, 4);
    return;
  }
  if (type == CUDA_R_64F) {
    std::memcpy(at, &value, 8);
    return;
  }
  unsigned codes = 1u << bytesOf(type) * 8, best = 0;
  double least = 1e300;
  for (unsigned code = 0; code < codes; ++code) {
    double distance = std::fabs(decode(&code, type) - value);
    if (distance < least) {
      least = distance;
      best = code;
    }
  }
  std::memcpy(at, &best, bytesOf(type));
}

Matrix::Matrix(cudaDataType type, uint64_t rows, uint64_t columns, int batch,
               cublasLtOrder_t order)
    : type(type), order(order), rows(rows), columns(columns),
      leading(int64_t(order == CUBLASLT_ORDER_COL ? rows : columns)),
      batch(batch), stride(batch > 1 ? int64_t(rows * columns) : 0),
      bytes(rows * columns * size_t(batch) * bytesOf(type)) {}

double Matrix::at(uint64_t row, uint64_t column, int entry) const {
  return decode(&bytes[index(row, column, entry) * bytesOf(type)], type);
}

void Matrix::set(uint64_t row, uint64_t column, double value, int entry) {
  encode(&bytes[index(row, column, entry) * bytesOf(type)], type, value);
}

void Matrix::fill(uint32_t seed) {
  // Seventeen values; each is encoded once for a type.
  static std::map<cudaDataType, std::vector<std::vector<unsigned char>>> known;
  auto &codes = known[type];
  for (int i = -8; i <= 8 && codes.size() < 17; ++i) {
    std::vector<unsigned char> code(bytesOf(type));
    encode(code.data(), type, i / 8.0);
    codes.push_back(code);
  }
  uint64_t state = seed * 0x9E3779B97F4A7C15ull + 1;
  for (size_t i = 0; i < bytes.size() / bytesOf(type); ++i) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    std::memcpy(&bytes[i * bytesOf(type)], codes[(state >> 40) % 17].data(),
                bytesOf(type));
  }
}

Call::Call(cublasComputeType_t compute, cudaDataType scale, Matrix a, Matrix b,
           Matrix c, Matrix d)
    : a(std::move(a)), b(std::move(b)), c(std::move(c)), d(std::move(d)),
      compute(compute), scale(scale) {
  EXPECT_EQ(cublasLtCreate(&handle), CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasLtMatmulDescCreate(&matmul, compute, scale),
            CUBLAS_STATUS_SUCCESS);
}

Call::~Call() {
  for (cublasLtMatrixLayout_t layout : layouts)
    if (layout)
      cublasLtMatrixLayoutDestroy(layout);
  cublasLtMatmulDescDestroy(matmul);
  cublasLtDestroy(handle);
  for (CUdeviceptr pointer : memory)
    cuMemFree(pointer);
}

CUdeviceptr Call::upload(const void *data, size_t bytes) {
  CUdeviceptr pointer = 0;
  EXPECT_EQ(cuMemAlloc(&pointer, bytes), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyHtoD(pointer, data, bytes), CUDA_SUCCESS);
  memory.push_back(pointer);
  return pointer;
}

std::vector<unsigned char> Call::download(CUdeviceptr pointer, size_t bytes) {
  std::vector<unsigned char> data(bytes);
  EXPECT_EQ(cuMemcpyDtoH(data.data(), pointer, bytes), CUDA_SUCCESS);
  return data;
}

cublasLtMatrixLayout_t Call::layoutOf(const Matrix &m) {
  cublasLtMatrixLayout_t layout = nullptr;
  EXPECT_EQ(
      cublasLtMatrixLayoutCreate(&layout, m.type, m.rows, m.columns, m.leading),
      CUBLAS_STATUS_SUCCESS);
  auto set = [&](cublasLtMatrixLayoutAttribute_t attribute, auto value) {
    EXPECT_EQ(cublasLtMatrixLayoutSetAttribute(layout, attribute, &value,
                                               sizeof value),
              CUBLAS_STATUS_SUCCESS);
  };
  set(CUBLASLT_MATRIX_LAYOUT_ORDER, int32_t(m.order));
  set(CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, int32_t(m.batch));
  set(CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, int64_t(m.stride));
  return layout;
}

cublasStatus_t Call::ask() {
  const Matrix *matrices[] = {&a, &b, &c, &d};
  for (int i = 0; i < 4; ++i) {
    if (layouts[i])
      cublasLtMatrixLayoutDestroy(layouts[i]);
    layouts[i] = layoutOf(*matrices[i]);
  }
  cublasLtMatmulPreference_t preference = nullptr;
  EXPECT_EQ(cublasLtMatmulPreferenceCreate(&preference), CUBLAS_STATUS_SUCCESS);
  uint64_t workspace = 1 << 20;
  EXPECT_EQ(cublasLtMatmulPreferenceSetAttribute(
                preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                &workspace, sizeof workspace),
            CUBLAS_STATUS_SUCCESS);
  cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle, matmul, layouts[0], layouts[1], layouts[2], layouts[3],
      preference, 4, results, &found);
  cublasLtMatmulPreferenceDestroy(preference);
  return status;
}

cublasStatus_t Call::run(double alpha, double beta) {
  if (cublasStatus_t status = ask())
    return status;
  EXPECT_LT(choice, found);
  std::vector<unsigned char> shifted(shiftA);
  shifted.insert(shifted.end(), a.bytes.begin(), a.bytes.end());
  CUdeviceptr da = upload(shifted.data(), shifted.size()) + shiftA;
  CUdeviceptr db = upload(b.bytes.data(), b.bytes.size());
  CUdeviceptr dc = upload(c.bytes.data(), c.bytes.size());
  CUdeviceptr dd = upload(d.bytes.data(), d.bytes.size());
  size_t workspace = results[choice].workspaceSize;
  std::vector<char> scratch(workspace + 1);
  CUdeviceptr dw = upload(scratch.data(), scratch.size());
  float alphaSingle = float(alpha), betaSingle = float(beta);
  uint16_t alphaHalf = 0, betaHalf = 0;
  encode(&alphaHalf, CUDA_R_16F, alpha);
  encode(&betaHalf, CUDA_R_16F, beta);
  const void *alphaPointer = &alphaSingle, *betaPointer = &betaSingle;
  if (scale == CUDA_R_64F) {
    alphaPointer = &alpha;
    betaPointer = &beta;
  } else if (scale == CUDA_R_16F) {
    alphaPointer = &alphaHalf;
    betaPointer = &betaHalf;
  }
  auto at = [](CUdeviceptr pointer) {
    return reinterpret_cast<void *>(pointer);
  };
  cublasStatus_t status = cublasLtMatmul(
      handle, matmul, alphaPointer, at(da), layouts[0], at(db), layouts[1],
      betaPointer, at(dc), layouts[2], at(dd), layouts[3],
      &results[choice].algo, workspace ? at(dw) : nullptr, workspace, nullptr);
  if (status == CUBLAS_STATUS_SUCCESS) {
    EXPECT_EQ(cuCtxSynchronize(), CUDA_SUCCESS);
    d.bytes = download(dd, d.bytes.size());
  }
  return status;
}

void Blas::SetUp() {
  CUdevice device;
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  ASSERT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxCreate(&context, nullptr, 0, device), CUDA_SUCCESS);
}

void Blas::TearDown() { cuCtxDestroy(context); }

} // namespace vgpu::test
