//===- Checkpoint.cpp - saving and resuming training ----------------------===//
#include "runtime/core/train/Checkpoint.h"

#include "runtime/core/base/File.h"
#include "runtime/core/base/Json.h"
#include "runtime/core/weights/Weights.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace fs = std::filesystem;

namespace tresse::runtime {

// Names of things that are not whole yet; a later run removes them.
static const char *const unfinished = ".saving-";

static std::string stepName(uint64_t step) {
  char name[40];
  std::snprintf(name, sizeof name, "step-%06llu",
                static_cast<unsigned long long>(step));
  return name;
}

static bool isStepName(const std::string &name) {
  return name.starts_with("step-") && name.size() > 5 && name.size() < 30 &&
         std::all_of(
             name.begin() + 5, name.end(),
             [](char c) { return c >= '0' && c <= '9'; });
}

/// Writes the small files beside the weights.
static void writeCompanions(const Session &session,
                            const std::string &directory,
                            const TrainState &state,
                            const std::string &modelDirectory) {
  const char *const names[] = {"config.json", "generation_config.json",
                               "tokenizer.json", "tokenizer_config.json"};
  for (const char *name : names) {
    std::string from = modelDirectory + "/" + name;
    std::string to = directory + "/" + name;
    auto config = session.plan().record("config");
    if (std::string_view(name) == "config.json" && config && !config->empty()) {
      FileWriter writer(to);
      writer.write(*config);
      writer.finish();
    } else if (!modelDirectory.empty() && fileExists(from)) {
      copyFile(from, to);
    }
  }
  FileWriter writer(directory + "/trainer_state.json");
  writer.write(trainStateJson(state));
  writer.finish();
}

/// "00007"
static std::string fiveDigits(size_t number) {
  char out[24];
  std::snprintf(out, sizeof out, "%05zu", number);
  return out;
}

/// model.safetensors, or shards and model.safetensors.index.json.
static void writeModel(const Session &session, const std::string &directory,
                       uint64_t maxShardSize) {
  Shards shards =
      splitTensors(session.plan(), storedWeights(session.plan()), maxShardSize);
  if (shards.files.size() == 1)
    return writeTensors(session, shards.files[0],
                        directory + "/model.safetensors");
  FileWriter index(directory + "/model.safetensors.index.json");
  index.write(text("{\n  \"metadata\": {\n    \"total_size\": ", shards.bytes,
                   "\n  },\n  \"weight_map\": {"));
  const char *separator = "\n";
  for (size_t i = 0; i < shards.files.size(); ++i) {
    std::string name = "model-" + fiveDigits(i + 1) + "-of-" +
                       fiveDigits(shards.files.size()) + ".safetensors";
    writeTensors(session, shards.files[i], directory + "/" + name);
    for (const auto &[tensor, stored] : shards.files[i]) {
      index.write(
          text(separator, "    ", jsonString(tensor), ": \"", name, "\""));
      separator = ",\n";
    }
  }
  index.write("\n  }\n}\n");
  index.finish();
}

/// optimizer-00001.safetensors and so on.
static void writeOptimizer(const Session &session, const std::string &directory,
                           uint64_t maxShardSize) {
  Shards shards =
      splitTensors(session.plan(), storedMoments(session.plan()), maxShardSize);
  for (size_t i = 0; i < shards.files.size(); ++i)
    writeTensors(session, shards.files[i],
                 directory + "/optimizer-" + fiveDigits(i + 1) +
                     ".safetensors");
}

/// Puts `from` in the place of `to`, which may be there already.
static void moveDirectory(const std::string &from, const std::string &to) {
  if (::rename(from.c_str(), to.c_str()) == 0)
    return;
  if (errno != ENOTEMPTY && errno != EEXIST)
    failSystem(inQuotes(to) + ": cannot be made", errno);
  // The same step was saved before: exchange the two, so that `to` is whole
  // at every instant. The old one then has the unfinished name.
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                  RENAME_EXCHANGE) != 0)
    failSystem(inQuotes(to) + ": cannot be replaced", errno);
  fs::remove_all(from);
}

static void pointLatest(const std::string &out, const std::string &name) {
  std::string temporary = out + "/" + unfinished + "latest";
  ::unlink(temporary.c_str());
  if (::symlink(name.c_str(), temporary.c_str()) != 0 ||
      ::rename(temporary.c_str(), (out + "/latest").c_str()) != 0)
    failSystem(inQuotes(out + "/latest") + ": cannot be written", errno);
  syncDirectory(out);
}

std::string saveCheckpoint(const Session &session, const std::string &out,
                           const TrainState &state,
                           const std::string &modelDirectory,
                           uint64_t maxShardSize) {
  makeDirectories(out);
  std::string name = stepName(state.step);
  std::string temporary = out + "/" + unfinished + name;
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  try {
    makeDirectories(temporary);
    writeModel(session, temporary, maxShardSize);
    writeOptimizer(session, temporary, maxShardSize);
    writeCompanions(session, temporary, state, modelDirectory);
    syncDirectory(temporary);
    moveDirectory(temporary, out + "/" + name);
    syncDirectory(out);
    pointLatest(out, name);
  } catch (...) {
    fs::remove_all(temporary, ignored);
    throw;
  }
  return out + "/" + name;
}

std::optional<std::string> latestCheckpoint(const std::string &out) {
  std::error_code error;
  fs::path link = fs::path(out) / "latest";
  if (!fs::is_symlink(link, error))
    return std::nullopt;
  std::string target = fs::read_symlink(link, error).string();
  if (!isStepName(target))
    fail(inQuotes(link.string()),
         ": expected a link to a checkpoint beside it,", " but got ",
         inQuotes(target));
  return out + "/" + target;
}

TrainState loadCheckpoint(Session &session, const std::string &directory) {
  std::string path = directory + "/trainer_state.json";
  TrainState state = parseTrainState(path, readFile(path, 256 << 10));
  std::vector<std::string> files;
  std::error_code error;
  for (const auto &entry : fs::directory_iterator(directory, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with("optimizer-") && name.ends_with(".safetensors"))
      files.push_back(directory + "/" + name);
  }
  std::sort(files.begin(), files.end());
  StoredTensors moments = storedMoments(session.plan());
  if (files.empty() && !moments.empty())
    fail(inQuotes(directory), ": expected 'optimizer-*.safetensors' in it");
  readTensors(session, moments, WeightSource::ofFiles(files));
  loadWeights(session, directory);
  return state;
}

void tidyCheckpoints(const std::string &out, uint64_t keep) {
  std::error_code error;
  std::vector<std::string> steps;
  for (const auto &entry : fs::directory_iterator(out, error)) {
    std::string name = entry.path().filename().string();
    if (name.starts_with(unfinished)) {
      std::error_code ignored;
      fs::remove_all(entry.path(), ignored);
    } else if (isStepName(name)) {
      steps.push_back(name);
    }
  }
  auto number = [](const std::string &name) {
    return std::pair(name.size(), name);
  };
  std::sort(steps.begin(), steps.end(),
            [&](auto &a, auto &b) { return number(a) < number(b); });
  auto latest = latestCheckpoint(out);
  for (size_t i = 0; keep && i + keep < steps.size(); ++i) {
    // What `latest` leads to stays, whatever its number is.
    std::error_code ignored;
    if (latest != out + "/" + steps[i])
      fs::remove_all(out + "/" + steps[i], ignored);
  }
}

void checkWritable(const std::string &out) {
  makeDirectories(out);
  std::string probe = out + "/" + unfinished + "probe";
  FileWriter writer(probe);
  writer.write("probe");
  writer.finish();
  ::unlink(probe.c_str());
}

} // namespace tresse::runtime
