// TensorMapEntry.cpp: tensor maps for bulk tensor copies.

#include "tools/vgpu/core/TensorMap.h"
#include "tools/vgpu/driver/State.h"

using namespace vgpu;
using namespace vgpu::driver;

static CUresult needTensorMaps(Call &call) {
  VGPU_TRY(call.needContext());
  return call.device().model().computeMajor >= 9 ? CUDA_SUCCESS
                                                 : CUDA_ERROR_NOT_SUPPORTED;
}

CUresult CUDAAPI cuTensorMapEncodeTiled(
    CUtensorMap *tensorMap, CUtensorMapDataType type, cuuint32_t rank,
    void *address, const cuuint64_t *sizes, const cuuint64_t *strides,
    const cuuint32_t *box, const cuuint32_t *elementStrides,
    CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
    CUtensorMapL2promotion l2Promotion, CUtensorMapFloatOOBfill oobFill) {
  Call call;
  VGPU_TRY(needTensorMaps(call));
  if (!tensorMap || rank < 1 || rank > 5 || !sizes || !box || !elementStrides ||
      (rank > 1 && !strides))
    return CUDA_ERROR_INVALID_VALUE;
  if (reinterpret_cast<uint64_t>(tensorMap) % 64) {
    call.driver.note("cuTensorMapEncodeTiled: expected 'tensorMap' at a "
                     "multiple of 64 bytes");
    return CUDA_ERROR_INVALID_VALUE;
  }
  if (unsigned(type) > unsigned(TensorMapType::TF32Ftz) ||
      unsigned(swizzle) > unsigned(TensorMapSwizzle::Bytes128)) {
    call.driver.note("cuTensorMapEncodeTiled: the packed types and the atom "
                     "swizzles belong to later devices");
    return CUDA_ERROR_INVALID_VALUE;
  }
  TensorMap map;
  map.type = TensorMapType(type);
  map.rank = rank;
  map.address = reinterpret_cast<uint64_t>(address);
  for (unsigned i = 0; i < rank; ++i) {
    map.sizes[i] = sizes[i];
    map.box[i] = box[i];
    map.elementStrides[i] = elementStrides[i];
    if (i + 1 < rank)
      map.strides[i] = strides[i];
  }
  map.interleave = unsigned(interleave);
  map.swizzle = TensorMapSwizzle(swizzle);
  map.l2Promotion = unsigned(l2Promotion);
  map.oobFill = unsigned(oobFill);
  std::string error;
  if (encodeTensorMap(map, tensorMap, error))
    return CUDA_SUCCESS;
  call.driver.note("cuTensorMapEncodeTiled: " + error);
  return CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuTensorMapReplaceAddress(CUtensorMap *tensorMap,
                                           void *address) {
  Call call;
  VGPU_TRY(needTensorMaps(call));
  if (!tensorMap)
    return CUDA_ERROR_INVALID_VALUE;
  std::string error;
  if (replaceTensorMapAddress(tensorMap, reinterpret_cast<uint64_t>(address),
                              error))
    return CUDA_SUCCESS;
  call.driver.note("cuTensorMapReplaceAddress: " + error);
  return CUDA_ERROR_INVALID_VALUE;
}
