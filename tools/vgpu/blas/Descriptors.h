// Descriptors.h: what lies inside cuBLASLt's opaque descriptors here.
#pragma once

#include <cstdint>
#include <cublasLt.h>
#include <optional>

namespace vgpu::blas {

/// A matrix in memory, inside cublasLtMatrixLayoutOpaque_t.
struct Layout {
  uint32_t magic;
  uint32_t type; ///< cudaDataType
  int32_t order;
  int32_t batchCount;
  uint64_t rows, columns;
  int64_t leading;     ///< in elements
  int64_t batchStride; ///< in elements
  int64_t planeOffset;
  uint32_t batchMode;

  static constexpr uint32_t tag = 0x4c41594f;
};
static_assert(sizeof(Layout) <= sizeof(cublasLtMatrixLayoutOpaque_t));

/// What a matmul does, inside cublasLtMatmulDescOpaque_t.
struct Matmul {
  uint32_t magic;
  int32_t computeType, scaleType, pointerMode;
  int32_t transposeA, transposeB, transposeC, fillMode;
  uint32_t epilogue;
  int32_t multiprocessors;
  int32_t auxType, biasType; ///< -1: as the output
  int32_t modeA, modeB, modeC, modeD, modeAux, modeDOut;
  int8_t fastAccumulation;
  void *bias, *aux;
  int64_t biasBatchStride, auxLeading, auxBatchStride, alphaBatchStride;
  const void *scaleA, *scaleB, *scaleC, *scaleD, *scaleAux;
  void *amaxD, *amaxAux, *scaleDOut;
  void *emulation;

  static constexpr uint32_t tag = 0x4d41544d;
};
static_assert(sizeof(Matmul) <= sizeof(cublasLtMatmulDescOpaque_t));

/// What a search for algorithms may use.
struct Preference {
  uint32_t magic;
  uint32_t searchMode, reductionMask;
  uint32_t alignment[4]; ///< of A, B, C, D in bytes
  float maxWaves;
  uint64_t maxWorkspace, implementationMask;

  static constexpr uint32_t tag = 0x50524546;
};
static_assert(sizeof(Preference) <= sizeof(cublasLtMatmulPreferenceOpaque_t));

/// What a matrix transform does.
struct Transform {
  uint32_t magic;
  int32_t scaleType, pointerMode, transposeA, transposeB;

  static constexpr uint32_t tag = 0x54524e53;
};
static_assert(sizeof(Transform) <= sizeof(cublasLtMatrixTransformDescOpaque_t));

/// A configured algorithm. All of them compute the same bits; they differ in
/// the alignment and the workspace that they ask for.
struct Algorithm {
  uint32_t magic;
  int32_t id;
  uint32_t tile;
  int32_t splitK;
  uint32_t reduction, swizzle, custom, stages;
  uint16_t innerShape, clusterShape;
  uint16_t alignment[4]; ///< of A, B, C, D in bytes
  uint64_t workspace;    ///< bytes

  static constexpr uint32_t tag = 0x414c474f;
};
static_assert(sizeof(Algorithm) <= sizeof(cublasLtMatmulAlgo_t));

/// The descriptor behind a handle, or null when it was never initialised.
template <typename T, typename Opaque> T *open(Opaque *opaque) {
  T *inside = reinterpret_cast<T *>(opaque);
  return inside && inside->magic == T::tag ? inside : nullptr;
}
template <typename T, typename Opaque> const T *open(const Opaque *opaque) {
  const T *inside = reinterpret_cast<const T *>(opaque);
  return inside && inside->magic == T::tag ? inside : nullptr;
}

/// Where an attribute lies: byte offset and size in its descriptor.
struct Field {
  size_t offset, size;
};
/// The field of an attribute, or nothing when it is unknown.
std::optional<Field> layoutField(cublasLtMatrixLayoutAttribute_t attribute);
std::optional<Field> matmulField(cublasLtMatmulDescAttributes_t attribute);
std::optional<Field>
preferenceField(cublasLtMatmulPreferenceAttributes_t attribute);
std::optional<Field>
transformField(cublasLtMatrixTransformDescAttributes_t attribute);
std::optional<Field>
algorithmField(cublasLtMatmulAlgoConfigAttributes_t attribute);

/// Copies an attribute in or out, with the library's rules on sizes.
cublasStatus_t setField(void *object, std::optional<Field> field,
                        const void *buffer, size_t size);
cublasStatus_t getField(const void *object, std::optional<Field> field,
                        void *buffer, size_t size, size_t *written);

/// Fresh descriptors with the documented defaults.
Layout makeLayout(cudaDataType type, uint64_t rows, uint64_t columns,
                  int64_t leading);
Matmul makeMatmul(cublasComputeType_t computeType, cudaDataType_t scaleType);
Preference makePreference();
Transform makeTransform(cudaDataType scaleType);

} // namespace vgpu::blas
