// Descriptors.cpp: attributes of descriptors and their defaults.

#include "tools/vgpu/blas/Descriptors.h"

#include <cstddef>
#include <cstring>

namespace vgpu::blas {

#define FIELD(type, member)                                                    \
  Field { offsetof(type, member), sizeof(type::member) }

std::optional<Field> layoutField(cublasLtMatrixLayoutAttribute_t attribute) {
  switch (attribute) {
  case CUBLASLT_MATRIX_LAYOUT_TYPE:
    return FIELD(Layout, type);
  case CUBLASLT_MATRIX_LAYOUT_ORDER:
    return FIELD(Layout, order);
  case CUBLASLT_MATRIX_LAYOUT_ROWS:
    return FIELD(Layout, rows);
  case CUBLASLT_MATRIX_LAYOUT_COLS:
    return FIELD(Layout, columns);
  case CUBLASLT_MATRIX_LAYOUT_LD:
    return FIELD(Layout, leading);
  case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
    return FIELD(Layout, batchCount);
  case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
    return FIELD(Layout, batchStride);
  case CUBLASLT_MATRIX_LAYOUT_PLANE_OFFSET:
    return FIELD(Layout, planeOffset);
  case CUBLASLT_MATRIX_LAYOUT_BATCH_MODE:
    return FIELD(Layout, batchMode);
  }
  return std::nullopt;
}

std::optional<Field> matmulField(cublasLtMatmulDescAttributes_t attribute) {
  switch (attribute) {
  case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
    return FIELD(Matmul, computeType);
  case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
    return FIELD(Matmul, scaleType);
  case CUBLASLT_MATMUL_DESC_POINTER_MODE:
    return FIELD(Matmul, pointerMode);
  case CUBLASLT_MATMUL_DESC_TRANSA:
    return FIELD(Matmul, transposeA);
  case CUBLASLT_MATMUL_DESC_TRANSB:
    return FIELD(Matmul, transposeB);
  case CUBLASLT_MATMUL_DESC_TRANSC:
    return FIELD(Matmul, transposeC);
  case CUBLASLT_MATMUL_DESC_FILL_MODE:
    return FIELD(Matmul, fillMode);
  case CUBLASLT_MATMUL_DESC_EPILOGUE:
    return FIELD(Matmul, epilogue);
  case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
    return FIELD(Matmul, bias);
  case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE:
    return FIELD(Matmul, biasBatchStride);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_POINTER:
    return FIELD(Matmul, aux);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_LD:
    return FIELD(Matmul, auxLeading);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_BATCH_STRIDE:
    return FIELD(Matmul, auxBatchStride);
  case CUBLASLT_MATMUL_DESC_ALPHA_VECTOR_BATCH_STRIDE:
    return FIELD(Matmul, alphaBatchStride);
  case CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET:
    return FIELD(Matmul, multiprocessors);
  case CUBLASLT_MATMUL_DESC_A_SCALE_POINTER:
    return FIELD(Matmul, scaleA);
  case CUBLASLT_MATMUL_DESC_B_SCALE_POINTER:
    return FIELD(Matmul, scaleB);
  case CUBLASLT_MATMUL_DESC_C_SCALE_POINTER:
    return FIELD(Matmul, scaleC);
  case CUBLASLT_MATMUL_DESC_D_SCALE_POINTER:
    return FIELD(Matmul, scaleD);
  case CUBLASLT_MATMUL_DESC_AMAX_D_POINTER:
    return FIELD(Matmul, amaxD);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_DATA_TYPE:
    return FIELD(Matmul, auxType);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_POINTER:
    return FIELD(Matmul, scaleAux);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_AMAX_POINTER:
    return FIELD(Matmul, amaxAux);
  case CUBLASLT_MATMUL_DESC_FAST_ACCUM:
    return FIELD(Matmul, fastAccumulation);
  case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
    return FIELD(Matmul, biasType);
  case CUBLASLT_MATMUL_DESC_A_SCALE_MODE:
    return FIELD(Matmul, modeA);
  case CUBLASLT_MATMUL_DESC_B_SCALE_MODE:
    return FIELD(Matmul, modeB);
  case CUBLASLT_MATMUL_DESC_C_SCALE_MODE:
    return FIELD(Matmul, modeC);
  case CUBLASLT_MATMUL_DESC_D_SCALE_MODE:
    return FIELD(Matmul, modeD);
  case CUBLASLT_MATMUL_DESC_EPILOGUE_AUX_SCALE_MODE:
    return FIELD(Matmul, modeAux);
  case CUBLASLT_MATMUL_DESC_D_OUT_SCALE_POINTER:
    return FIELD(Matmul, scaleDOut);
  case CUBLASLT_MATMUL_DESC_D_OUT_SCALE_MODE:
    return FIELD(Matmul, modeDOut);
  case CUBLASLT_MATMUL_DESC_EMULATION_DESCRIPTOR:
    return FIELD(Matmul, emulation);
  default:
    return std::nullopt;
  }
}

std::optional<Field>
preferenceField(cublasLtMatmulPreferenceAttributes_t attribute) {
  switch (attribute) {
  case CUBLASLT_MATMUL_PREF_SEARCH_MODE:
    return FIELD(Preference, searchMode);
  case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
    return FIELD(Preference, maxWorkspace);
  case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
    return FIELD(Preference, reductionMask);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    return FIELD(Preference, alignment[0]);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    return FIELD(Preference, alignment[1]);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    return FIELD(Preference, alignment[2]);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
    return FIELD(Preference, alignment[3]);
  case CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT:
    return FIELD(Preference, maxWaves);
  case CUBLASLT_MATMUL_PREF_IMPL_MASK:
    return FIELD(Preference, implementationMask);
  default:
    return std::nullopt;
  }
}

std::optional<Field>
transformField(cublasLtMatrixTransformDescAttributes_t attribute) {
  switch (attribute) {
  case CUBLASLT_MATRIX_TRANSFORM_DESC_SCALE_TYPE:
    return FIELD(Transform, scaleType);
  case CUBLASLT_MATRIX_TRANSFORM_DESC_POINTER_MODE:
    return FIELD(Transform, pointerMode);
  case CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSA:
    return FIELD(Transform, transposeA);
  case CUBLASLT_MATRIX_TRANSFORM_DESC_TRANSB:
    return FIELD(Transform, transposeB);
  }
  return std::nullopt;
}

std::optional<Field>
algorithmField(cublasLtMatmulAlgoConfigAttributes_t attribute) {
  switch (attribute) {
  case CUBLASLT_ALGO_CONFIG_ID:
    return FIELD(Algorithm, id);
  case CUBLASLT_ALGO_CONFIG_TILE_ID:
    return FIELD(Algorithm, tile);
  case CUBLASLT_ALGO_CONFIG_SPLITK_NUM:
    return FIELD(Algorithm, splitK);
  case CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME:
    return FIELD(Algorithm, reduction);
  case CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING:
    return FIELD(Algorithm, swizzle);
  case CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION:
    return FIELD(Algorithm, custom);
  case CUBLASLT_ALGO_CONFIG_STAGES_ID:
    return FIELD(Algorithm, stages);
  case CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID:
    return FIELD(Algorithm, innerShape);
  case CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID:
    return FIELD(Algorithm, clusterShape);
  }
  return std::nullopt;
}

#undef FIELD

cublasStatus_t setField(void *object, std::optional<Field> field,
                        const void *buffer, size_t size) {
  if (!object || !field || !buffer || size != field->size)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(static_cast<char *>(object) + field->offset, buffer, size);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t getField(const void *object, std::optional<Field> field,
                        void *buffer, size_t size, size_t *written) {
  if (!object || !field || (size == 0 && !written))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (written)
    *written = field->size;
  if (size == 0)
    return CUBLAS_STATUS_SUCCESS;
  if (!buffer || size != field->size)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(buffer, static_cast<const char *>(object) + field->offset, size);
  return CUBLAS_STATUS_SUCCESS;
}

Layout makeLayout(cudaDataType type, uint64_t rows, uint64_t columns,
                  int64_t leading) {
  Layout layout = {};
  layout.magic = Layout::tag;
  layout.type = type;
  layout.order = CUBLASLT_ORDER_COL;
  layout.batchCount = 1;
  layout.rows = rows;
  layout.columns = columns;
  layout.leading = leading;
  return layout;
}

Matmul makeMatmul(cublasComputeType_t computeType, cudaDataType_t scaleType) {
  Matmul matmul = {};
  matmul.magic = Matmul::tag;
  matmul.computeType = computeType;
  matmul.scaleType = scaleType;
  matmul.fillMode = CUBLAS_FILL_MODE_FULL;
  matmul.epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  matmul.auxType = matmul.biasType = -1;
  return matmul;
}

Preference makePreference() {
  Preference preference = {};
  preference.magic = Preference::tag;
  preference.reductionMask = CUBLASLT_REDUCTION_SCHEME_MASK;
  for (uint32_t &alignment : preference.alignment)
    alignment = 256;
  preference.implementationMask = ~uint64_t(0);
  return preference;
}

Transform makeTransform(cudaDataType scaleType) {
  Transform transform = {};
  transform.magic = Transform::tag;
  transform.scaleType = scaleType;
  return transform;
}

} // namespace vgpu::blas
