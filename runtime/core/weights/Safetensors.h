//===- Safetensors.h - reading and writing safetensors files --------------===//
//
// 8 bytes N (u64, little-endian), N bytes of JSON, then the tensors' bytes:
// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
//
#ifndef TRESSE_RUNTIME_WEIGHTS_SAFETENSORS_H
#define TRESSE_RUNTIME_WEIGHTS_SAFETENSORS_H

#include "runtime/core/base/File.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// One tensor of a file.
struct FileTensor {
  std::string name;
  uint32_t dtype = 0; ///< enum tresse_dtype, 0 for a type that we do not use
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0; ///< bytes, from the end of the header
};

/// A file whose header was read and checked: names are unique, each tensor's
/// bytes are its shape times its type, and together they are the file.
class Safetensors {
public:
  explicit Safetensors(const std::string &path);

  const std::string &path() const { return file.path(); }
  const std::vector<FileTensor> &tensors() const { return entries; }
  /// Null when there is none of that name.
  const FileTensor *find(std::string_view name) const;
  /// Copies `count` elements of a tensor from element `first` on.
  void read(const FileTensor &tensor, uint64_t first, uint64_t count,
            void *to) const;

private:
  MappedFile file;
  uint64_t dataBegin = 0;
  std::vector<FileTensor> entries; // by name
};

/// A tensor to be written: `fill` hands its bytes to the writer, in order.
struct TensorToWrite {
  std::string name;
  uint32_t dtype;
  std::vector<int64_t> shape;
  std::function<void(FileWriter &)> fill;
};

/// Writes a file with `__metadata__ {"format": "pt"}` and syncs it.
void writeSafetensors(const std::string &path,
                      const std::vector<TensorToWrite> &tensors);

} // namespace tresse::runtime

#endif
