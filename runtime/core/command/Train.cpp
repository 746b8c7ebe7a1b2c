//===- Train.cpp - `train`: flags, resuming, the run ----------------------===//
#include "runtime/core/base/File.h"
#include "runtime/core/command/CommandLine.h"
#include "runtime/core/model/ProductRate.h"
#include "runtime/core/train/Checkpoint.h"
#include "runtime/core/weights/Weights.h"

#include <csignal>
#include <cstdio>

namespace tresse::runtime {

namespace {

/// SIGINT and SIGTERM wait, in every thread, until the trainer asks for them
/// between two steps.
void blockInterrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

/// Flags that were given win over what a checkpoint says.
void overrideHyper(Hyper &saved, const TrainFlags &flags) {
  const struct {
    const char *flag;
    double Hyper::*value;
  } fields[] = {
      {"--lr,--learning-rate", &Hyper::lr},
      {"--warmup", &Hyper::warmup},
      {"--final-lr", &Hyper::finalFraction},
      {"--beta1", &Hyper::beta1},
      {"--beta2", &Hyper::beta2},
      {"--eps", &Hyper::eps},
      {"--weight-decay", &Hyper::weightDecay},
      {"--clip", &Hyper::clip},
      {"--balance-alpha", &Hyper::balanceAlpha},
      {"--device-balance-alpha", &Hyper::deviceBalanceAlpha},
      {"--communication-balance-alpha", &Hyper::communicationBalanceAlpha},
      {"--bias-gamma", &Hyper::biasGamma}};
  for (const auto &field : fields)
    if (flags.given.count(field.flag))
      saved.*field.value = flags.hyper.*field.value;
  if (flags.given.count("--schedule"))
    saved.schedule = flags.hyper.schedule;
}

/// The checkpoint to go on from, or nothing: then training begins afresh.
std::optional<std::string> resumeDirectory(const TrainFlags &flags) {
  if (!flags.resume)
    return std::nullopt;
  if (!flags.resume->empty() && *flags.resume != "latest") {
    // The directory of a run stands for its latest checkpoint.
    if (!fileExists(*flags.resume + "/trainer_state.json"))
      if (auto latest = latestCheckpoint(*flags.resume))
        return latest;
    return *flags.resume;
  }
  if (flags.options.out.empty())
    throw Failure(Remedy::Usage, "--resume=latest: expected --out=DIR");
  auto latest = latestCheckpoint(flags.options.out);
  if (!latest && !flags.common.quiet)
    std::fprintf(stderr, "%s has no checkpoint yet: training begins afresh\n",
                 inQuotes(flags.options.out).c_str());
  return latest;
}

TrainState startState(Session &session, const TrainFlags &flags) {
  TrainState state;
  if (auto directory = resumeDirectory(flags)) {
    state = loadCheckpoint(session, *directory);
    overrideHyper(state.hyper, flags);
    if (flags.seed)
      state.seed = *flags.seed;
    return state;
  }
  fillWeights(session, flags.common);
  state.hyper = flags.hyper;
  state.seed = flags.seed.value_or(0);
  return state;
}

} // namespace

int runTrain(const tresse_model &model, TrainFlags flags) {
  blockInterrupts();
  Session session(model, flags.common.threads);
  for (const char *entry : {"gradients", "update"})
    session.entryIndex(entry);
  if (flags.options.evalEvery)
    session.entryIndex("evaluate");
  TensorView input = session.input("gradients", "tokens");
  if (input.shape.size() != 2)
    fail("model: expected tokens of [batch, sequence], but got ",
         shapeText(input.shape));
  int64_t vocabulary = session.plan().recordNumber("vocab_size", INT32_MAX);
  Tokens tokens(flags.data, flags.format, vocabulary);
  if (!flags.options.out.empty()) {
    checkWritable(flags.options.out);
    for (const StoredTensors &all :
         {storedWeights(session.plan()), storedMoments(session.plan())})
      splitTensors(session.plan(), all, flags.options.maxShardSize);
    tidyCheckpoints(flags.options.out, 0);
  }
  TrainState state = startState(session, flags);
  TrainingData data(std::move(tokens), input.shape[0], input.shape[1],
                    state.seed, flags.validation, flags.data);
  flags.options.quiet = flags.common.quiet;
  flags.options.modelDirectory = flags.common.weights;
  // The rate of a GPU is not measured here: it must be given.
  bool onHost = session.plan().header().target != TRESSE_CUDA;
  if (!flags.options.log.empty() && flags.options.peakFlops == 0 && onHost)
    flags.options.peakFlops =
        measureProductRate(session.plan(), session.threads());
  std::string out = flags.options.out;
  Trainer trainer(session, std::move(data), std::move(flags.options), state);
  if (trainer.run())
    return 0;
  std::fprintf(stderr, "interrupted%s\n",
               out.empty() ? "" : "; go on with --resume");
  return 1;
}

} // namespace tresse::runtime
