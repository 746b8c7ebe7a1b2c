// TensorMap.cpp - encoding, checking and reading tensor maps.
//
// The bytes are opaque to programs. Ours: a mark, the fields in order, and a
// checksum, so that a map that was never encoded is told from a real one.
#include "tools/vgpu/core/TensorMap.h"

#include <cstring>
#include <iterator>
#include <type_traits>

namespace vgpu {

namespace {

constexpr uint32_t mark = 0x70616d74; // "tmap"

struct Encoded {
  uint32_t mark;
  uint8_t type, rank, interleave, swizzle, l2Promotion, oobFill, pad[2];
  uint32_t checksum;
  uint64_t address;
  uint64_t strides[4];
  uint32_t sizes[5]; ///< minus one
  uint16_t box[5];
  uint8_t elementStrides[5];
  uint8_t tail[21];
};
static_assert(sizeof(Encoded) <= tensorMapBytes);

uint32_t checksum(Encoded e) {
  e.checksum = 0;
  uint32_t sum = 2166136261u;
  auto *bytes = reinterpret_cast<const uint8_t *>(&e);
  for (size_t i = 0; i < sizeof e; ++i)
    sum = (sum ^ bytes[i]) * 16777619u;
  return sum;
}

bool fail(std::string &error, std::string text) {
  error = std::move(text);
  return false;
}

std::string dimension(unsigned d) {
  return " in dimension " + std::to_string(d);
}

bool checkSizes(const TensorMap &map, unsigned size, std::string &error) {
  for (unsigned d = 0; d < map.rank; ++d) {
    if (map.sizes[d] == 0 || map.sizes[d] > (uint64_t(1) << 32))
      return fail(error, "expected a size of 1 to 2^32" + dimension(d) +
                             ", but got " + std::to_string(map.sizes[d]));
    if (map.box[d] == 0 || map.box[d] > 256)
      return fail(error, "expected a box of 1 to 256" + dimension(d) +
                             ", but got " + std::to_string(map.box[d]));
    if (map.elementStrides[d] == 0 || map.elementStrides[d] > 8)
      return fail(error, "expected an element stride of 1 to 8" + dimension(d) +
                             ", but got " +
                             std::to_string(map.elementStrides[d]));
  }
  unsigned align = map.interleave == 2 ? 32 : 16;
  uint64_t span = map.sizes[0] * size;
  for (unsigned d = 0; d + 1 < map.rank; ++d) {
    uint64_t stride = map.strides[d];
    if (stride % align || stride >= (uint64_t(1) << 40))
      return fail(error, "expected a stride below 2^40 that is a multiple of " +
                             std::to_string(align) + dimension(d + 1) +
                             ", but got " + std::to_string(stride));
    if (stride != 0 && d == 0 && stride < span)
      return fail(error,
                  "expected a stride of at least the " + std::to_string(span) +
                      " bytes of a row, but got " + std::to_string(stride));
  }
  return true;
}

bool checkInner(const TensorMap &map, unsigned size, std::string &error) {
  uint64_t inner = uint64_t(map.box[0]) * size;
  if (map.interleave == 0 && inner % 16)
    return fail(error, "expected an inner box of a multiple of 16 bytes, but "
                       "got " +
                           std::to_string(inner));
  static constexpr unsigned spans[] = {0, 32, 64, 128};
  unsigned span = spans[unsigned(map.swizzle)];
  if (map.interleave == 0 && span && inner > span)
    return fail(error, "expected an inner box of at most the swizzle's " +
                           std::to_string(span) + " bytes, but got " +
                           std::to_string(inner));
  if (map.interleave == 2 && map.swizzle != TensorMapSwizzle::Bytes32)
    return fail(error, "32-byte interleave expects the 32-byte swizzle");
  if (map.interleave != 0 && map.rank < 3)
    return fail(error, "interleave expects a rank of at least 3, but got " +
                           std::to_string(map.rank));
  bool real = map.type == TensorMapType::F16 ||
              map.type == TensorMapType::F32 || map.type >= TensorMapType::F64;
  if (map.oobFill == 1 && !real)
    return fail(error, "filling with NaN expects a floating-point type");
  return true;
}

/// Every rule of a map but the place of its bytes.
bool checkMap(const TensorMap &map, std::string &error) {
  unsigned size = tensorMapTypeBytes(map.type);
  if (size == 0)
    return fail(error, "expected a data type of 0 to 12, but got " +
                           std::to_string(unsigned(map.type)));
  if (map.rank < 1 || map.rank > 5)
    return fail(error, "expected a rank of 1 to 5, but got " +
                           std::to_string(map.rank));
  if (map.interleave > 2 || unsigned(map.swizzle) > 3 || map.l2Promotion > 3 ||
      map.oobFill > 1)
    return fail(error, "an enumeration has a value that does not exist");
  unsigned align = map.interleave == 2 ? 32 : 16;
  if (map.address == 0 || map.address % align)
    return fail(error, "expected a global address that is a multiple of " +
                           std::to_string(align) + ", but got " +
                           std::to_string(map.address));
  return checkSizes(map, size, error) && checkInner(map, size, error);
}

} // namespace

unsigned tensorMapTypeBytes(TensorMapType type) {
  static constexpr uint8_t bytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
  return unsigned(type) < sizeof bytes ? bytes[unsigned(type)] : 0;
}

bool encodeTensorMap(const TensorMap &map, void *bytes, std::string &error) {
  if (reinterpret_cast<uintptr_t>(bytes) % 64)
    return fail(error, "expected a tensor map aligned to 64 bytes");
  if (!checkMap(map, error))
    return false;
  Encoded e = {};
  e.mark = mark;
  e.type = uint8_t(map.type);
  e.rank = uint8_t(map.rank);
  e.interleave = uint8_t(map.interleave);
  e.swizzle = uint8_t(map.swizzle);
  e.l2Promotion = uint8_t(map.l2Promotion);
  e.oobFill = uint8_t(map.oobFill);
  e.address = map.address;
  for (unsigned d = 0; d < map.rank; ++d) {
    e.sizes[d] = uint32_t(map.sizes[d] - 1);
    e.box[d] = uint16_t(map.box[d]);
    e.elementStrides[d] = uint8_t(map.elementStrides[d]);
    if (d + 1 < map.rank)
      e.strides[d] = map.strides[d];
  }
  e.checksum = checksum(e);
  std::memset(bytes, 0, tensorMapBytes);
  std::memcpy(bytes, &e, sizeof e);
  return true;
}

bool decodeTensorMap(const void *bytes, TensorMap &map, std::string &error) {
  Encoded e;
  std::memcpy(&e, bytes, sizeof e);
  if (e.mark != mark || e.checksum != checksum(e))
    return fail(error, "the 128 bytes are no encoded tensor map");
  map = TensorMap();
  map.type = TensorMapType(e.type);
  map.rank = e.rank;
  map.interleave = e.interleave;
  map.swizzle = TensorMapSwizzle(e.swizzle);
  map.l2Promotion = e.l2Promotion;
  map.oobFill = e.oobFill;
  map.address = e.address;
  for (unsigned d = 0; d < 5; ++d) {
    map.sizes[d] = uint64_t(e.sizes[d]) + 1;
    map.box[d] = e.box[d];
    map.elementStrides[d] = e.elementStrides[d];
    if (d < 4)
      map.strides[d] = e.strides[d];
  }
  return checkMap(map, error);
}

/// Element types as tensormap.replace numbers them.
static bool elementTypeOf(uint64_t value, uint8_t &type) {
  using T = TensorMapType;
  static constexpr T types[] = {T::U8,   T::U16,  T::U32,    T::S32,    T::U64,
                                T::S64,  T::F16,  T::F32,    T::F32Ftz, T::F64,
                                T::BF16, T::TF32, T::TF32Ftz};
  if (value >= std::size(types))
    return false;
  type = uint8_t(types[value]);
  return true;
}

bool editTensorMap(void *bytes, TensorMapField field, unsigned dimension,
                   uint64_t value, std::string &error) {
  Encoded e;
  std::memcpy(&e, bytes, sizeof e);
  if (e.mark != mark || e.checksum != checksum(e))
    return fail(error, "the 128 bytes are no encoded tensor map");
  using F = TensorMapField;
  bool good = true;
  auto put = [&](auto &to, uint64_t most) {
    good = value <= most;
    to = std::remove_reference_t<decltype(to)>(value);
  };
  switch (field) {
  case F::GlobalAddress:
    e.address = value;
    break;
  case F::Rank:
    good = value < 5;
    e.rank = uint8_t(value + 1);
    break;
  case F::BoxDim:
    put(e.box[dimension], 256);
    break;
  case F::GlobalDim:
    e.sizes[dimension] = uint32_t(value) - 1;
    break;
  case F::GlobalStride:
    e.strides[dimension] = value;
    break;
  case F::ElementStride:
    put(e.elementStrides[dimension], 8);
    break;
  case F::ElementType:
    good = elementTypeOf(value, e.type);
    break;
  case F::Interleave:
    put(e.interleave, 2);
    break;
  case F::Swizzle:
    put(e.swizzle, 3);
    break;
  case F::SwizzleAtomicity:
    good = value == 0;
    break;
  case F::Fill:
    put(e.oobFill, 1);
    break;
  }
  if (!good)
    return fail(error, "tensormap.replace cannot write the value " +
                           std::to_string(value));
  e.checksum = checksum(e);
  std::memcpy(bytes, &e, sizeof e);
  return true;
}

bool replaceTensorMapAddress(void *bytes, uint64_t address,
                             std::string &error) {
  TensorMap map;
  if (!decodeTensorMap(bytes, map, error))
    return false;
  map.address = address;
  return encodeTensorMap(map, bytes, error);
}

} // namespace vgpu
