// Elements.cpp: conversions between stored elements and doubles.

#include "tools/vgpu/blas/Elements.h"
#include "tools/vgpu/core/TensorCore.h"

#include <cstring>

namespace vgpu::blas {

template <typename T> static T load(const void *base, size_t index) {
  T value;
  std::memcpy(&value, static_cast<const char *>(base) + index * sizeof(T),
              sizeof(T));
  return value;
}

template <typename T> static void store(void *base, size_t index, T value) {
  std::memcpy(static_cast<char *>(base) + index * sizeof(T), &value, sizeof(T));
}

double readElement(const void *base, uint32_t type, size_t index) {
  switch (type) {
  case CUDA_R_8F_E4M3:
    return e4m3ToFloat(load<uint8_t>(base, index));
  case CUDA_R_8F_E5M2:
    return e5m2ToFloat(load<uint8_t>(base, index));
  case CUDA_R_16F:
    return halfToFloat(load<uint16_t>(base, index));
  case CUDA_R_16BF:
    return bfloatToFloat(load<uint16_t>(base, index));
  case CUDA_R_32F:
    return load<float>(base, index);
  default:
    return load<double>(base, index);
  }
}

void writeElement(void *base, uint32_t type, size_t index, double value) {
  switch (type) {
  case CUDA_R_8F_E4M3:
    return store(base, index, floatToE4m3(float(value), true));
  case CUDA_R_8F_E5M2:
    return store(base, index, floatToE5m2(float(value), true));
  case CUDA_R_16F:
    return store(base, index, floatToHalf(float(value)));
  case CUDA_R_16BF:
    return store(base, index, floatToBfloat(float(value)));
  case CUDA_R_32F:
    return store(base, index, float(value));
  default:
    return store(base, index, value);
  }
}

} // namespace vgpu::blas
