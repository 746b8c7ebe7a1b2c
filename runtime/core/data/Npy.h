//===- Npy.h - NumPy's .npy files -----------------------------------------===//
#ifndef TRESSE_RUNTIME_DATA_NPY_H
#define TRESSE_RUNTIME_DATA_NPY_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// Whole numbers with a shape.
struct NpyIntegers {
  std::vector<int64_t> shape;
  std::vector<int32_t> values;
};

/// Parses a file of i32 or i64, row-major, little-endian, 1 or 2 dimensions;
/// every value must lie in [0, bound). `name` is for messages.
NpyIntegers parseNpy(const std::string &name, std::string_view bytes,
                     int64_t bound);

/// The header of a version 1.0 file; `type` is as NumPy writes it ("<f4").
std::string npyHeader(std::string_view type, std::span<const int64_t> shape);

} // namespace tresse::runtime

#endif
