// Call.h - builds a call of a reference function from plain arrays.
#ifndef TRESSE_TEST_RUNTIME_REFERENCE_CALL_H
#define TRESSE_TEST_RUNTIME_REFERENCE_CALL_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "runtime/reference/functions.h"

namespace tresse {

using Sizes = std::vector<int64_t>;

inline int64_t countOf(const Sizes &sizes) {
  int64_t count = 1;
  for (int64_t size : sizes)
    count *= size;
  return count;
}

/// A dense row-major tensor of any dtype the reference functions know.
struct Array {
  uint32_t dtype = TRESSE_F64;
  Sizes sizes, strides;
  std::vector<double> bytes; // storage, 8 bytes per element whatever the dtype

  Array() = default;
  Array(Sizes shape, uint32_t type = TRESSE_F64)
      : dtype(type), sizes(std::move(shape)), strides(sizes.size(), 1),
        bytes(std::max<int64_t>(countOf(sizes), 1), 0.0) {
    for (size_t d = sizes.size(); d-- > 1;)
      strides[d - 1] = strides[d] * sizes[d];
  }
  Array(Sizes shape, const std::vector<double> &values,
        uint32_t type = TRESSE_F64)
      : Array(std::move(shape), type) {
    for (size_t i = 0; i < values.size(); ++i)
      set(i, values[i]);
  }

  /// Numbers in braces are values, also when there is only one.
  Array(Sizes shape, std::initializer_list<double> values,
        uint32_t type = TRESSE_F64)
      : Array(std::move(shape), std::vector<double>(values), type) {}

  int64_t count() const { return countOf(sizes); }
  void *data() { return bytes.data(); }

  double get(int64_t i) const {
    const void *at = bytes.data();
    if (dtype == TRESSE_F64)
      return static_cast<const double *>(at)[i];
    if (dtype == TRESSE_F32)
      return static_cast<const float *>(at)[i];
    if (dtype == TRESSE_I32)
      return static_cast<const int32_t *>(at)[i];
    if (dtype == TRESSE_I64)
      return static_cast<double>(static_cast<const int64_t *>(at)[i]);
    if (dtype == TRESSE_I1)
      return static_cast<const uint8_t *>(at)[i];
    uint32_t bits = uint32_t(static_cast<const uint16_t *>(at)[i]) << 16;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  void set(int64_t i, double value) {
    void *at = bytes.data();
    if (dtype == TRESSE_F64)
      static_cast<double *>(at)[i] = value;
    else if (dtype == TRESSE_F32)
      static_cast<float *>(at)[i] = static_cast<float>(value);
    else if (dtype == TRESSE_I32)
      static_cast<int32_t *>(at)[i] = static_cast<int32_t>(value);
    else if (dtype == TRESSE_I64)
      static_cast<int64_t *>(at)[i] = static_cast<int64_t>(value);
    else
      static_cast<uint8_t *>(at)[i] = value != 0;
  }
  std::vector<double> values() const {
    std::vector<double> result;
    for (int64_t i = 0; i < count(); ++i)
      result.push_back(get(i));
    return result;
  }
};

using Function = void (*)(const tresse_reference_call *);

/// One call: operands, then results, in order, and attributes.
class Call {
public:
  /// `array` must outlive the call; its data is read and written in place.
  Call &add(Array &array) {
    operands.push_back({array.data(), array.dtype,
                        static_cast<uint32_t>(array.sizes.size()),
                        array.sizes.data(), array.strides.data()});
    return *this;
  }
  Call &absent() {
    operands.push_back({nullptr, TRESSE_F64, 0, nullptr, nullptr});
    return *this;
  }
  Call &integer(const char *name, int64_t value) {
    tresse_reference_attribute attribute{};
    attribute.name = name;
    attribute.kind = TRESSE_ATTRIBUTE_INT;
    attribute.value.i = value;
    attributes.push_back(attribute);
    return *this;
  }
  Call &number(const char *name, double value) {
    tresse_reference_attribute attribute{};
    attribute.name = name;
    attribute.kind = TRESSE_ATTRIBUTE_FLOAT;
    attribute.value.f = value;
    attributes.push_back(attribute);
    return *this;
  }
  Call &text(const char *name, const char *value) {
    tresse_reference_attribute attribute{};
    attribute.name = name;
    attribute.kind = TRESSE_ATTRIBUTE_STRING;
    attribute.value.string = value;
    attributes.push_back(attribute);
    return *this;
  }
  Call &like(const Call &other) {
    attributes = other.attributes;
    return *this;
  }
  void run(Function function) const {
    tresse_reference_call call{};
    call.operands = operands.data();
    call.attributes = attributes.data();
    call.operand_count = static_cast<uint32_t>(operands.size());
    call.attribute_count = static_cast<uint32_t>(attributes.size());
    function(&call);
  }

private:
  std::vector<tresse_reference_tensor> operands;
  std::vector<tresse_reference_attribute> attributes;
};

/// The fill rule of the golden values: element k of the tensor called `name`
/// is uniform in [-0.5, 0.5), scaled by `scale`.
inline Array filled(const char *name, Sizes sizes, double scale) {
  uint32_t hash = 0x811C9DC5u;
  for (const char *c = name; *c; ++c)
    hash = (hash ^ static_cast<uint8_t>(*c)) * 0x01000193u;
  Array array(std::move(sizes));
  for (int64_t k = 0; k < array.count(); ++k) {
    uint32_t x = hash + static_cast<uint32_t>(k) * 0x9E3779B9u;
    x = (x ^ (x >> 16)) * 0x7feb352du;
    x = (x ^ (x >> 15)) * 0x846ca68bu;
    x ^= x >> 16;
    array.set(k, ((x + 0.5) / 4294967296.0 - 0.5) * scale);
  }
  return array;
}

} // namespace tresse

#endif // TRESSE_TEST_RUNTIME_REFERENCE_CALL_H
