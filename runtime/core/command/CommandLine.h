//===- CommandLine.h - the commands of a compiled model -------------------===//
#ifndef TRESSE_RUNTIME_COMMAND_COMMANDLINE_H
#define TRESSE_RUNTIME_COMMAND_COMMANDLINE_H

#include "runtime/core/model/Session.h"
#include "runtime/core/train/Trainer.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tresse::runtime {

/// What every command takes.
struct CommonFlags {
  std::string weights;          ///< a model directory
  std::optional<uint64_t> init; ///< draw the weights by this seed instead
  int threads = 0;              ///< 0: one for each processor
  bool quiet = false;
};

struct InfoFlags {
  bool json = false;
};

struct LogitsFlags {
  CommonFlags common;
  std::string tokens, format = "auto", out, routes;
};

struct TrainFlags {
  CommonFlags common;
  TrainOptions options;
  Hyper hyper;
  std::set<std::string> given; ///< names of Hyper's flags that were given
  std::string data, format = "auto";
  std::optional<std::string> resume; ///< a directory, or "latest"
  std::optional<uint64_t> seed;
  double validation = 0;
};

struct GenerateFlags {
  CommonFlags common;
  std::string prompt, promptFile;
  std::vector<int32_t> promptIds;
  std::vector<std::string> stops;
  std::optional<int64_t> newTokens, topK;
  std::optional<double> temperature, topP, minP;
  uint64_t seed = 0;
  bool ids = false, jsonl = false;
};

struct BenchFlags {
  CommonFlags common;
  int repeats = 5;
  std::vector<std::string> entries;
};

/// Each runs one command and returns the exit code; throws a Failure.
int runInfo(const tresse_model &model, const InfoFlags &flags);
int runLogits(const tresse_model &model, const LogitsFlags &flags);
int runTrain(const tresse_model &model, TrainFlags flags);
int runGenerate(const tresse_model &model, const GenerateFlags &flags);
int runBench(const tresse_model &model, const BenchFlags &flags);

/// Loads or draws a session's weights; warns of tensors without a place.
void fillWeights(Session &session, const CommonFlags &flags);

/// The whole program: parses the arguments, runs the command, prints errors.
int runCommandLine(const tresse_model *model, int argc, char **argv);

} // namespace tresse::runtime

#endif
