//===- Npy.h - NumPy's .npy files -----------------------------------------===//
#ifndef TRESSE_RUNTIME_DATA_NPY_H
#define TRESSE_RUNTIME_DATA_NPY_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// What a header of whole numbers says.
struct NpyHeader {
  std::vector<int64_t> shape; ///< 1 or 2 dimensions
  uint32_t width = 0;         ///< bytes of an element: 4 (i32) or 8 (i64)
  uint64_t dataBegin = 0;     ///< where the elements begin in the file
};

/// Bytes of a file's begin in which its header must lie.
constexpr size_t npyHeaderBytes = size_t{1} << 16;

/// Parses the header of a file of i32 or i64, row-major, little-endian, whose
/// elements fill the rest of its `fileBytes` bytes exactly. `begin`: the first
/// npyHeaderBytes bytes, or all. `name` is for messages.
NpyHeader parseNpyHeader(const std::string &name, std::string_view begin,
                         uint64_t fileBytes);

/// The header of a version 1.0 file; `type` is as NumPy writes it ("<f4").
std::string npyHeader(std::string_view type, std::span<const int64_t> shape);

} // namespace tresse::runtime

#endif
