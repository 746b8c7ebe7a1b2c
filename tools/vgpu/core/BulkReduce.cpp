// BulkReduce.cpp - one element of a reduction in memory.
#include "tools/vgpu/core/BulkCopy.h"
#include "tools/vgpu/core/Numbers.h"

#include <algorithm>

namespace vgpu {

namespace {
template <class T> T reduced(BulkReduction op, T old, T value) {
  switch (op) {
  case BulkReduction::Add:
    return T(old + value);
  case BulkReduction::Min:
    return std::min(old, value);
  case BulkReduction::Max:
    return std::max(old, value);
  case BulkReduction::Inc:
    return old >= value ? T(0) : T(old + 1);
  case BulkReduction::Dec:
    return old == 0 || old > value ? value : T(old - 1);
  default:
    break;
  }
  if constexpr (std::is_integral_v<T>) {
    if (op == BulkReduction::And)
      return old & value;
    if (op == BulkReduction::Or)
      return old | value;
    return old ^ value;
  }
  return old;
}

template <class T>
void reduceAs(BulkReduction op, uint8_t *target, const uint8_t *value) {
  T old, with;
  std::memcpy(&old, target, sizeof(T));
  std::memcpy(&with, value, sizeof(T));
  old = reduced<T>(op, old, with);
  std::memcpy(target, &old, sizeof(T));
}
} // namespace

void reduceElement(BulkReduction op, Type type, uint8_t *target,
                   const uint8_t *value) {
  switch (type) {
  case Type::U64:
  case Type::B64:
    return reduceAs<uint64_t>(op, target, value);
  case Type::S64:
    return reduceAs<int64_t>(op, target, value);
  case Type::S32:
    return reduceAs<int32_t>(op, target, value);
  case Type::F32:
    return reduceAs<float>(op, target, value);
  case Type::F64:
    return reduceAs<double>(op, target, value);
  case Type::F16:
  case Type::BF16: {
    bool bf = type == Type::BF16;
    uint16_t old, with;
    std::memcpy(&old, target, 2);
    std::memcpy(&with, value, 2);
    float r = reduced<float>(op, bf ? bfloatValue(old) : halfValue(old),
                             bf ? bfloatValue(with) : halfValue(with));
    old = bf ? bfloatBits(r) : halfBits(r);
    std::memcpy(target, &old, 2);
    return;
  }
  case Type::U8:
  case Type::B8:
    return reduceAs<uint8_t>(op, target, value);
  case Type::U16:
    return reduceAs<uint16_t>(op, target, value);
  default:
    return reduceAs<uint32_t>(op, target, value);
  }
}

} // namespace vgpu
