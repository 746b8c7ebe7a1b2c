// TensorMap.h - the 128 bytes that describe a tensor to bulk tensor copies.
#pragma once

#include <cstdint>
#include <string>

namespace vgpu {

constexpr unsigned tensorMapBytes = 128;

/// Element types; values as CUtensorMapDataType.
enum class TensorMapType : uint8_t {
  U8,
  U16,
  U32,
  S32,
  U64,
  S64,
  F16,
  F32,
  F64,
  BF16,
  F32Ftz,
  TF32,
  TF32Ftz,
};
/// Bytes of one element; 0 for a value that is no type.
unsigned tensorMapTypeBytes(TensorMapType type);

/// Values as CUtensorMapSwizzle.
enum class TensorMapSwizzle : uint8_t { None, Bytes32, Bytes64, Bytes128 };

/// A tiled tensor map as given to cuTensorMapEncodeTiled. Dimension 0 is the
/// innermost one; `strides[i]` is the distance in bytes between elements of
/// dimension i + 1.
struct TensorMap {
  TensorMapType type = TensorMapType::U8;
  uint32_t rank = 0;
  uint64_t address = 0;
  uint64_t sizes[5] = {};
  uint64_t strides[4] = {};
  uint32_t box[5] = {};
  uint32_t elementStrides[5] = {};
  uint32_t interleave = 0; ///< 0 none, 1 16 bytes, 2 32 bytes
  TensorMapSwizzle swizzle = TensorMapSwizzle::None;
  uint32_t l2Promotion = 0;
  uint32_t oobFill = 0; ///< 0 zeros, 1 NaN
};

/// Checks every documented rule of cuTensorMapEncodeTiled and writes 128
/// bytes. Returns false and says which rule in `error`.
bool encodeTensorMap(const TensorMap &map, void *bytes, std::string &error);
/// Reads what encodeTensorMap wrote; false when the bytes are no tensor map.
bool decodeTensorMap(const void *bytes, TensorMap &map, std::string &error);
/// What tensormap.replace may change; `dimension` counts where it matters.
enum class TensorMapField : uint8_t {
  GlobalAddress,
  Rank, ///< the value is the rank minus one
  BoxDim,
  GlobalDim,
  GlobalStride,
  ElementStride,
  ElementType, ///< numbered as PTX does, not as CUtensorMapDataType
  Interleave,
  Swizzle,
  SwizzleAtomicity,
  Fill,
};
/// tensormap.replace: writes one field and checks only that the value fits;
/// the map's rules hold again when a copy uses it.
bool editTensorMap(void *bytes, TensorMapField field, unsigned dimension,
                   uint64_t value, std::string &error);
/// cuTensorMapReplaceAddress; false when the address breaks the map's rules.
bool replaceTensorMapAddress(void *bytes, uint64_t address, std::string &error);

} // namespace vgpu
