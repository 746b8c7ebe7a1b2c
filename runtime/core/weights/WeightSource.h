//===- WeightSource.h - a directory's safetensors, one file or shards -----===//
#ifndef TRESSE_RUNTIME_WEIGHTS_WEIGHTSOURCE_H
#define TRESSE_RUNTIME_WEIGHTS_WEIGHTSOURCE_H

#include "runtime/core/weights/Safetensors.h"

#include <memory>
#include <utility>

namespace tresse::runtime {

constexpr size_t mostShards = 10'000; ///< files that an index may name

/// Which file holds which tensor: `model.safetensors.index.json`.
struct ShardIndex {
  std::vector<std::string> files;                        ///< plain names
  std::vector<std::pair<std::string, uint32_t>> tensors; ///< by name; file
};

/// Parses an index; names of files are plain, without a path.
ShardIndex parseShardIndex(const std::string &path, std::string_view document);

/// The tensors of a model directory or of a list of files.
class WeightSource {
public:
  struct Found {
    const Safetensors *file = nullptr;
    const FileTensor *tensor = nullptr;
  };

  /// `directory` holds model.safetensors, or the index and its shards, or a
  /// link `latest` to a checkpoint that does.
  static WeightSource ofModel(const std::string &directory);
  static WeightSource ofFiles(const std::vector<std::string> &paths);

  Found find(std::string_view name) const;
  /// Every tensor's name, in order.
  std::vector<std::string_view> names() const;
  /// Where messages say that a tensor is missing.
  const std::string &place() const { return location; }
  /// The directory that the files are in, after following `latest`.
  const std::string &directory() const { return resolved; }

private:
  void add(std::unique_ptr<Safetensors> file);
  std::string location, resolved;
  std::vector<std::unique_ptr<Safetensors>> files;
};

} // namespace tresse::runtime

#endif
