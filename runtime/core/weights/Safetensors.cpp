//===- Safetensors.cpp - reading and writing safetensors files ------------===//
#include "runtime/core/weights/Safetensors.h"

#include "runtime/core/base/Error.h"
#include "runtime/core/base/Json.h"
#include "runtime/core/base/Number.h"

#include <algorithm>
#include <cstring>

namespace tresse::runtime {

namespace {

constexpr uint64_t longestHeader = 100'000'000;
constexpr size_t mostTensors = 1'000'000, mostDimensions = 8;

struct FileType {
  const char *name;
  uint32_t dtype, bytes;
};
constexpr FileType fileTypes[] = {
    {"F64", TRESSE_F64, 8},
    {"F32", TRESSE_F32, 4},
    {"BF16", TRESSE_BF16, 2},
    {"F16", TRESSE_F16, 2},
    {"F8_E4M3", TRESSE_F8E4M3, 1},
    {"F8_E5M2", TRESSE_F8E5M2, 1},
    {"F8_E8M0", TRESSE_F8E8M0, 1},
    {"I64", TRESSE_I64, 8},
    {"I32", TRESSE_I32, 4},
    {"U32", TRESSE_U32, 4},
    {"U8", TRESSE_U8, 1},
    {"BOOL", TRESSE_I1, 1},
    {"U64", 0, 8},
    {"I16", 0, 2},
    {"U16", 0, 2},
    {"I8", 0, 1},
};

/// Reads the header's JSON. Depth 1: tensor names; 2: a tensor's fields or the
/// metadata; 3: a shape or the offsets.
class HeaderReader : public JsonEvents {
public:
  HeaderReader(const std::string &path, std::vector<FileTensor> &out)
      : path(path), out(out) {}

  void beginObject() override {
    ++depth;
    if (depth == 2 && !metadata)
      beginTensor();
    else if (depth > 2)
      refuse("an object");
  }
  void endObject() override {
    if (depth == 2 && !metadata)
      endTensor();
    --depth;
  }
  void key(const std::string &key) override {
    if (depth == 1) {
      metadata = key == "__metadata__";
      name = key;
      if (metadata && sawMetadata)
        fail(inQuotes(path), ": expected '__metadata__' once");
      sawMetadata |= metadata;
      return;
    }
    if (metadata) {
      metadataKeys.push_back(key);
      return;
    }
    const char *const fields[] = {"dtype", "shape", "data_offsets"};
    auto known = std::find(std::begin(fields), std::end(fields), key);
    if (known == std::end(fields))
      fail(inQuotes(path), ": tensor ", inQuotes(name),
           ": expected dtype, shape and data_offsets, but got ", inQuotes(key));
    field = static_cast<Field>(known - fields);
    if (seen & 1 << field)
      fail(inQuotes(path), ": tensor ", inQuotes(name), ": expected ",
           inQuotes(key), " once");
    seen |= 1 << field;
  }
  void beginArray() override {
    ++depth;
    if (depth != 3 || metadata || field == Dtype)
      refuse("a list");
  }
  void endArray() override { --depth; }
  void string(const std::string &value) override {
    if (depth != 2 || (!metadata && field != Dtype))
      refuse("a string");
    if (metadata)
      return;
    for (const FileType &type : fileTypes)
      if (value == type.name) {
        out.back().dtype = type.dtype;
        elementSize = type.bytes;
        return;
      }
    fail(inQuotes(path), ": tensor ", inQuotes(name),
         ": expected a known dtype, but got ", inQuotes(value));
  }
  void number(const JsonNumber &value) override {
    if (depth != 3)
      refuse("a number");
    if (value.kind != JsonNumber::Unsigned || value.u > INT64_MAX)
      fail(inQuotes(path), ": tensor ", inQuotes(name),
           ": expected a size from 0 to 2^63-1, but got ", value.f);
    if (field == Offsets) {
      if (offsetCount < 2)
        offsets[offsetCount] = value.u;
      ++offsetCount;
      return;
    }
    if (out.back().shape.size() >= mostDimensions)
      fail(inQuotes(path), ": tensor ", inQuotes(name), ": expected at most ",
           mostDimensions, " dimensions");
    out.back().shape.push_back(static_cast<int64_t>(value.u));
  }
  void boolean(bool) override { refuse("a boolean"); }
  void null() override { refuse("null"); }

  void finish() {
    std::sort(metadataKeys.begin(), metadataKeys.end());
    auto twin = std::adjacent_find(metadataKeys.begin(), metadataKeys.end());
    if (twin != metadataKeys.end())
      fail(inQuotes(path), ": expected each key of '__metadata__' once, but ",
           inQuotes(*twin), " came twice");
  }

private:
  enum Field { Dtype, Shape, Offsets };

  [[noreturn]] void refuse(const char *what) {
    if (depth <= 1)
      fail(inQuotes(path), ": expected an object of tensors, but got ", what);
    fail(inQuotes(path), ": tensor ", inQuotes(name), ": did not expect ",
         what);
  }
  void beginTensor() {
    if (out.size() >= mostTensors)
      fail(inQuotes(path), ": expected at most ", mostTensors, " tensors");
    out.emplace_back().name = name;
    seen = 0, offsetCount = 0;
  }
  void endTensor() {
    FileTensor &tensor = out.back();
    if (seen != 7)
      fail(inQuotes(path), ": tensor ", inQuotes(name),
           ": expected dtype, shape and data_offsets");
    if (offsetCount != 2 || offsets[0] > offsets[1])
      fail(inQuotes(path), ": tensor ", inQuotes(name),
           ": expected two data_offsets in order");
    tensor.begin = offsets[0], tensor.end = offsets[1];
    uint64_t bytes = elementSize, widest = elementSize;
    for (int64_t size : tensor.shape) {
      auto factor = static_cast<uint64_t>(size);
      if (__builtin_mul_overflow(widest, factor ? factor : 1, &widest))
        fail(inQuotes(path), ": tensor ", inQuotes(name),
             ": expected a shape whose size fits, but got ",
             shapeText(tensor.shape));
      bytes *= factor;
    }
    if (tensor.end - tensor.begin != bytes)
      fail(inQuotes(path), ": tensor ", inQuotes(name), ": expected ", bytes,
           " bytes for ", shapeText(tensor.shape), ", but its data_offsets ",
           "hold ", tensor.end - tensor.begin);
  }

  const std::string &path;
  std::vector<FileTensor> &out;
  std::vector<std::string> metadataKeys;
  std::string name;
  bool metadata = false, sawMetadata = false;
  int depth = 0, seen = 0;
  Field field = Dtype;
  uint64_t offsets[2] = {0, 0};
  size_t offsetCount = 0;
  uint32_t elementSize = 0;
};

/// The tensors' ranges must be disjoint and cover the data without a gap.
void checkRanges(const std::string &path, const std::vector<FileTensor> &all,
                 uint64_t dataBytes) {
  std::vector<const FileTensor *> order;
  for (const FileTensor &tensor : all)
    order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](auto *a, auto *b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t reached = 0;
  for (const FileTensor *tensor : order) {
    if (tensor->begin != reached)
      fail(inQuotes(path), ": tensor ", inQuotes(tensor->name),
           ": expected its bytes to begin at ", reached, ", but got ",
           tensor->begin);
    reached = tensor->end;
  }
  if (reached != dataBytes)
    fail(inQuotes(path), ": expected ", reached,
         " bytes of tensors, but the file has ", dataBytes);
}

} // namespace

Safetensors::Safetensors(const std::string &path) : file(path) {
  uint64_t length = 0;
  if (file.size() < sizeof length)
    fail(inQuotes(path), ": expected at least 8 bytes, but got ", file.size());
  file.copy(0, &length, sizeof length);
  uint64_t remaining = file.size() - sizeof length;
  if (length > longestHeader || length > remaining)
    fail(inQuotes(path), ": expected a header of at most ",
         std::min(longestHeader, remaining), " bytes, but got ", length);
  std::string header(length, '\0');
  file.copy(sizeof length, header.data(), length);
  HeaderReader reader(path, entries);
  parseJson(path, header, reader);
  reader.finish();
  dataBegin = sizeof length + length;
  checkRanges(path, entries, remaining - length);
  std::sort(entries.begin(), entries.end(),
            [](auto &a, auto &b) { return a.name < b.name; });
  for (size_t i = 1; i < entries.size(); ++i)
    if (entries[i].name == entries[i - 1].name)
      fail(inQuotes(path), ": expected each tensor once, but ",
           inQuotes(entries[i].name), " came twice");
}

const FileTensor *Safetensors::find(std::string_view name) const {
  auto found =
      std::lower_bound(entries.begin(), entries.end(), name,
                       [](const FileTensor &tensor, std::string_view n) {
                         return tensor.name < n;
                       });
  return found != entries.end() && found->name == name ? &*found : nullptr;
}

void Safetensors::read(const FileTensor &tensor, uint64_t first, uint64_t count,
                       void *to) const {
  uint64_t bytes = elementBytes(tensor.dtype);
  file.copy(dataBegin + tensor.begin + first * bytes, to, count * bytes);
}

void writeSafetensors(const std::string &path,
                      const std::vector<TensorToWrite> &tensors) {
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}";
  uint64_t offset = 0;
  for (const TensorToWrite &tensor : tensors) {
    const char *type = nullptr;
    for (const FileType &known : fileTypes)
      if (known.dtype == tensor.dtype)
        type = known.name;
    uint64_t bytes = elementBytes(tensor.dtype);
    std::string shape;
    for (int64_t size : tensor.shape) {
      shape += (shape.empty() ? "" : ",") + std::to_string(size);
      bytes *= static_cast<uint64_t>(size);
    }
    header += text(",", jsonString(tensor.name), ":{\"dtype\":\"", type,
                   "\",\"shape\":[", shape, "],\"data_offsets\":[", offset, ",",
                   offset + bytes, "]}");
    offset += bytes;
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint64_t length = header.size();
  FileWriter writer(path);
  writer.write(&length, sizeof length);
  writer.write(header);
  for (const TensorToWrite &tensor : tensors)
    tensor.fill(writer);
  writer.finish();
}

} // namespace tresse::runtime
