//===- WeightSource.cpp - a directory's safetensors, one file or shards ---===//
#include "runtime/core/weights/WeightSource.h"

#include "runtime/core/base/Error.h"
#include "runtime/core/base/Json.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace tresse::runtime {

namespace {

/// A name that stays in its directory.
bool isPlainName(const std::string &name) {
  return !name.empty() && name.size() <= 255 && name[0] != '.' &&
         name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

/// Reads {"metadata": {...}, "weight_map": {"name": "file", ...}}.
class IndexReader : public JsonEvents {
public:
  IndexReader(const std::string &path, ShardIndex &index)
      : path(path), index(index) {}

  void beginObject() override {
    ++depth;
    if (depth > 2 && inMap)
      refuse("an object");
  }
  void endObject() override { --depth; }
  void beginArray() override {
    ++depth;
    if (depth == 1 || inMap)
      refuse("a list");
  }
  void endArray() override { --depth; }
  void key(const std::string &key) override {
    if (depth == 1) {
      inMap = key == "weight_map";
      if (std::find(sections.begin(), sections.end(), key) != sections.end())
        fail(inQuotes(path), ": expected each key once, but ", inQuotes(key),
             " came twice");
      if (sections.size() >= 64)
        fail(inQuotes(path), ": expected at most 64 keys");
      sections.push_back(key);
    } else if (inMap) {
      name = key;
    }
  }
  void string(const std::string &value) override {
    if (!inMap)
      return scalar("a string");
    if (depth != 2)
      refuse("a string");
    if (!isPlainName(value))
      fail(inQuotes(path), ": tensor ", inQuotes(name),
           ": expected the plain name of a file, but got ", inQuotes(value));
    auto [at, isNew] = fileNumbers.try_emplace(
        value, static_cast<uint32_t>(index.files.size()));
    if (isNew)
      index.files.push_back(value);
    if (index.files.size() > mostShards || index.tensors.size() >= 1'000'000)
      fail(inQuotes(path),
           ": expected at most 10000 files and 1000000 tensors");
    index.tensors.emplace_back(name, at->second);
  }
  void number(const JsonNumber &) override { scalar("a number"); }
  void boolean(bool) override { scalar("a boolean"); }
  void null() override { scalar("null"); }

  void finish() {
    if (std::find(sections.begin(), sections.end(), "weight_map") ==
        sections.end())
      fail(inQuotes(path), ": expected a key 'weight_map'");
    auto &tensors = index.tensors;
    std::sort(tensors.begin(), tensors.end());
    for (size_t i = 1; i < tensors.size(); ++i)
      if (tensors[i].first == tensors[i - 1].first)
        fail(inQuotes(path), ": expected each tensor once, but ",
             inQuotes(tensors[i].first), " came twice");
  }

private:
  [[noreturn]] void refuse(const char *what) {
    fail(inQuotes(path), ": 'weight_map': expected names of files, but got ",
         what);
  }
  void scalar(const char *what) {
    if (depth == 0)
      fail(inQuotes(path), ": expected an object, but got ", what);
    if (inMap)
      refuse(what);
  }
  const std::string &path;
  ShardIndex &index;
  std::map<std::string, uint32_t> fileNumbers;
  std::vector<std::string> sections;
  std::string name;
  bool inMap = false;
  int depth = 0;
};

} // namespace

ShardIndex parseShardIndex(const std::string &path, std::string_view document) {
  ShardIndex index;
  IndexReader reader(path, index);
  parseJson(path, document, reader);
  reader.finish();
  return index;
}

void WeightSource::add(std::unique_ptr<Safetensors> file) {
  files.push_back(std::move(file));
}

WeightSource WeightSource::ofModel(const std::string &given) {
  std::error_code error;
  if (!std::filesystem::is_directory(given, error))
    fail(inQuotes(given), ": expected a directory with 'model.safetensors'");
  std::string directory = given;
  std::string single = directory + "/model.safetensors";
  std::string index = directory + "/model.safetensors.index.json";
  if (!fileExists(single) && !fileExists(index) &&
      fileExists(directory + "/latest")) {
    directory += "/latest";
    single = directory + "/model.safetensors";
    index = directory + "/model.safetensors.index.json";
  }
  WeightSource source;
  source.location = source.resolved = directory;
  if (fileExists(single)) {
    source.add(std::make_unique<Safetensors>(single));
    return source;
  }
  if (!fileExists(index))
    fail(inQuotes(directory), ": expected 'model.safetensors' or ",
         "'model.safetensors.index.json' in it");
  ShardIndex shards = parseShardIndex(index, readFile(index, 100'000'000));
  auto home = std::filesystem::canonical(directory);
  for (const std::string &name : shards.files) {
    std::string path = directory + "/" + name;
    auto target = std::filesystem::canonical(path, error);
    if (error)
      failSystem(inQuotes(path) + ": cannot be opened", error.value());
    if (target.parent_path() != home)
      fail(inQuotes(path),
           ": expected a file in its own directory, but it is a",
           " link out of it");
    source.add(std::make_unique<Safetensors>(path));
  }
  for (const auto &[name, file] : shards.tensors)
    if (!source.files[file]->find(name))
      fail(inQuotes(index), ": expected tensor ", inQuotes(name), " in ",
           inQuotes(shards.files[file]), ", but it is not there");
  return source;
}

WeightSource WeightSource::ofFiles(const std::vector<std::string> &paths) {
  WeightSource source;
  source.location = paths.empty() ? "" : paths[0];
  for (const std::string &path : paths)
    source.add(std::make_unique<Safetensors>(path));
  return source;
}

WeightSource::Found WeightSource::find(std::string_view name) const {
  for (const auto &file : files)
    if (const FileTensor *tensor = file->find(name))
      return {file.get(), tensor};
  return {};
}

std::vector<std::string_view> WeightSource::names() const {
  std::vector<std::string_view> all;
  for (const auto &file : files)
    for (const FileTensor &tensor : file->tensors())
      all.push_back(tensor.name);
  std::sort(all.begin(), all.end());
  return all;
}

} // namespace tresse::runtime
