// LibraryEntry.cpp: handles, versions, names, descriptors and the logger.

#include "tools/vgpu/blas/Descriptors.h"
#include "tools/vgpu/driver/Extension.h"

#include <cstring>
#include <new>

using namespace vgpu::blas;

/// A handle; the work goes to whatever context is current at each call.
struct cublasLtContext {
  uint32_t magic = 0x68646c65;
};

template <typename T, typename Opaque>
static cublasStatus_t initialise(Opaque *opaque, size_t size, const T &value) {
  if (!opaque)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (size < sizeof(T))
    return CUBLAS_STATUS_ALLOC_FAILED;
  std::memset(opaque, 0, size);
  std::memcpy(opaque, &value, sizeof value);
  return CUBLAS_STATUS_SUCCESS;
}

template <typename T, typename Opaque>
static cublasStatus_t create(Opaque **opaque, const T &value) {
  if (!opaque)
    return CUBLAS_STATUS_INVALID_VALUE;
  *opaque = new (std::nothrow) Opaque;
  if (!*opaque)
    return CUBLAS_STATUS_ALLOC_FAILED;
  return initialise(*opaque, sizeof(Opaque), value);
}

template <typename Opaque> static cublasStatus_t destroy(Opaque *opaque) {
  // A handle used after this is recognised by its missing tag.
  if (opaque)
    std::memset(opaque, 0, sizeof *opaque);
  delete opaque;
  return CUBLAS_STATUS_SUCCESS;
}

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle) {
  if (!handle)
    return CUBLAS_STATUS_INVALID_VALUE;
  int capability = 0, exact = 0;
  if (tresse_vgpu_device(&capability, &exact) != CUDA_SUCCESS)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  *handle = new cublasLtContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  if (!handle)
    return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion(void) { return CUBLAS_VERSION; }

size_t cublasLtGetCudartVersion(void) { return CUDA_VERSION; }

cublasStatus_t cublasLtGetProperty(libraryPropertyType type, int *value) {
  if (!value)
    return CUBLAS_STATUS_INVALID_VALUE;
  switch (type) {
  case MAJOR_VERSION:
    *value = CUBLAS_VER_MAJOR;
    return CUBLAS_STATUS_SUCCESS;
  case MINOR_VERSION:
    *value = CUBLAS_VER_MINOR;
    return CUBLAS_STATUS_SUCCESS;
  case PATCH_LEVEL:
    *value = CUBLAS_VER_PATCH;
    return CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_INVALID_VALUE;
}

const char *cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
#define NAME(status)                                                           \
  case status:                                                                 \
    return #status
    NAME(CUBLAS_STATUS_SUCCESS);
    NAME(CUBLAS_STATUS_NOT_INITIALIZED);
    NAME(CUBLAS_STATUS_ALLOC_FAILED);
    NAME(CUBLAS_STATUS_INVALID_VALUE);
    NAME(CUBLAS_STATUS_ARCH_MISMATCH);
    NAME(CUBLAS_STATUS_MAPPING_ERROR);
    NAME(CUBLAS_STATUS_EXECUTION_FAILED);
    NAME(CUBLAS_STATUS_INTERNAL_ERROR);
    NAME(CUBLAS_STATUS_NOT_SUPPORTED);
    NAME(CUBLAS_STATUS_LICENSE_ERROR);
#undef NAME
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

const char *cublasLtGetStatusString(cublasStatus_t status) {
  switch (status) {
  case CUBLAS_STATUS_SUCCESS:
    return "the operation completed successfully";
  case CUBLAS_STATUS_NOT_INITIALIZED:
    return "the library was not initialized";
  case CUBLAS_STATUS_ALLOC_FAILED:
    return "the resource allocation failed";
  case CUBLAS_STATUS_INVALID_VALUE:
    return "an unsupported value or parameter was passed to the function";
  case CUBLAS_STATUS_ARCH_MISMATCH:
    return "the function requires an architectural feature absent from the "
           "current device";
  case CUBLAS_STATUS_EXECUTION_FAILED:
    return "the function failed to launch on the GPU";
  case CUBLAS_STATUS_NOT_SUPPORTED:
    return "the functionality requested is not supported";
  default:
    return "an internal operation failed";
  }
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t layout,
                                                 size_t size, cudaDataType type,
                                                 uint64_t rows,
                                                 uint64_t columns,
                                                 int64_t leading) {
  return initialise(layout, size, makeLayout(type, rows, columns, leading));
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout,
                                          cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading) {
  return create(layout, makeLayout(type, rows, columns, leading));
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy(layout);
}

cublasStatus_t
cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t layout,
                                 cublasLtMatrixLayoutAttribute_t attribute,
                                 const void *buffer, size_t size) {
  return setField(open<Layout>(layout), layoutField(attribute), buffer, size);
}

cublasStatus_t
cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t layout,
                                 cublasLtMatrixLayoutAttribute_t attribute,
                                 void *buffer, size_t size, size_t *written) {
  return getField(open<Layout>(layout), layoutField(attribute), buffer, size,
                  written);
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t matmul,
                                               size_t size,
                                               cublasComputeType_t computeType,
                                               cudaDataType_t scaleType) {
  return initialise(matmul, size, makeMatmul(computeType, scaleType));
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *matmul,
                                        cublasComputeType_t computeType,
                                        cudaDataType_t scaleType) {
  return create(matmul, makeMatmul(computeType, scaleType));
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t matmul) {
  return destroy(matmul);
}

cublasStatus_t
cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t matmul,
                               cublasLtMatmulDescAttributes_t attribute,
                               const void *buffer, size_t size) {
  return setField(open<Matmul>(matmul), matmulField(attribute), buffer, size);
}

cublasStatus_t
cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t matmul,
                               cublasLtMatmulDescAttributes_t attribute,
                               void *buffer, size_t size, size_t *written) {
  return getField(open<Matmul>(matmul), matmulField(attribute), buffer, size,
                  written);
}

cublasStatus_t
cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t preference,
                                      size_t size) {
  return initialise(preference, size, makePreference());
}

cublasStatus_t
cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference) {
  return create(preference, makePreference());
}

cublasStatus_t
cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preference);
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(
    cublasLtMatmulPreference_t preference,
    cublasLtMatmulPreferenceAttributes_t attribute, const void *buffer,
    size_t size) {
  return setField(open<Preference>(preference), preferenceField(attribute),
                  buffer, size);
}

cublasStatus_t cublasLtMatmulPreferenceGetAttribute(
    cublasLtMatmulPreference_t preference,
    cublasLtMatmulPreferenceAttributes_t attribute, void *buffer, size_t size,
    size_t *written) {
  return getField(open<Preference>(preference), preferenceField(attribute),
                  buffer, size, written);
}

cublasStatus_t cublasLtMatrixTransformDescInit_internal(
    cublasLtMatrixTransformDesc_t transform, size_t size,
    cudaDataType scaleType) {
  return initialise(transform, size, makeTransform(scaleType));
}

cublasStatus_t
cublasLtMatrixTransformDescCreate(cublasLtMatrixTransformDesc_t *transform,
                                  cudaDataType scaleType) {
  return create(transform, makeTransform(scaleType));
}

cublasStatus_t
cublasLtMatrixTransformDescDestroy(cublasLtMatrixTransformDesc_t transform) {
  return destroy(transform);
}

cublasStatus_t cublasLtMatrixTransformDescSetAttribute(
    cublasLtMatrixTransformDesc_t transform,
    cublasLtMatrixTransformDescAttributes_t attribute, const void *buffer,
    size_t size) {
  return setField(open<Transform>(transform), transformField(attribute), buffer,
                  size);
}

cublasStatus_t cublasLtMatrixTransformDescGetAttribute(
    cublasLtMatrixTransformDesc_t transform,
    cublasLtMatrixTransformDescAttributes_t attribute, void *buffer,
    size_t size, size_t *written) {
  return getField(open<Transform>(transform), transformField(attribute), buffer,
                  size, written);
}

cublasStatus_t cublasLtMatmulAlgoConfigSetAttribute(
    cublasLtMatmulAlgo_t *algo, cublasLtMatmulAlgoConfigAttributes_t attribute,
    const void *buffer, size_t size) {
  if (attribute == CUBLASLT_ALGO_CONFIG_ID) // read-only
    return CUBLAS_STATUS_INVALID_VALUE;
  return setField(open<Algorithm>(algo), algorithmField(attribute), buffer,
                  size);
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(
    const cublasLtMatmulAlgo_t *algo,
    cublasLtMatmulAlgoConfigAttributes_t attribute, void *buffer, size_t size,
    size_t *written) {
  return getField(open<Algorithm>(algo), algorithmField(attribute), buffer,
                  size, written);
}

// Messages go to the launcher's notes; the logger's settings change nothing.
cublasStatus_t cublasLtLoggerSetCallback(cublasLtLoggerCallback_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtLoggerSetFile(FILE *) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtLoggerOpenFile(const char *) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtLoggerSetLevel(int level) {
  return level < 0 || level > 5 ? CUBLAS_STATUS_INVALID_VALUE
                                : CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtLoggerSetMask(int) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasLtLoggerForceDisable() { return CUBLAS_STATUS_SUCCESS; }

} // extern "C"
