//===- Trainer.h - the training loop --------------------------------------===//
#ifndef TRESSE_RUNTIME_TRAIN_TRAINER_H
#define TRESSE_RUNTIME_TRAIN_TRAINER_H

#include "runtime/core/data/Tokens.h"
#include "runtime/core/model/Session.h"
#include "runtime/core/train/Hyper.h"
#include "runtime/core/train/Progress.h"

#include <chrono>
#include <memory>

namespace tresse::runtime {

struct TrainOptions {
  uint64_t steps = 0; ///< steps in all, counted from the very first; 0: none
  double minutes = 0; ///< stop after so many; 0: no limit
  std::string out;    ///< where checkpoints go; empty: none
  std::string modelDirectory; ///< small files beside the weights come from it
  std::string log, gradients, plot;
  uint64_t saveEvery = 0, evalEvery = 0, evalBatches = 16, keep = 0;
  /// Bytes of tensors in one file of a checkpoint, as in transformers.
  uint64_t maxShardSize = 5'000'000'000;
  double peakFlops = 0; ///< operations per second that mfu is a part of
  bool quiet = false;
};

/// Runs steps on a session whose weights are loaded.
class Trainer {
public:
  Trainer(Session &session, TrainingData data, TrainOptions options,
          TrainState state);
  /// Trains to the end, saving on the way. False when SIGINT or SIGTERM, which
  /// the caller has blocked, ended it; a checkpoint is saved then, too.
  bool run();

private:
  struct StepResult {
    double loss, gradNorm, lr, seconds;
    /// Of experts, devices and communication; 0 where the weight is.
    double balanceLosses[3];
  };
  StepResult step();
  void writeHyper(double lr);
  double progressAfterNext() const;
  double elapsed() const;
  double secondsLeft() const;
  /// The mean loss of the first validation batches; `last`: of the run.
  double evaluate(int64_t batches, bool last);
  double utilization(const StepResult &result) const;
  void report(const StepResult &result, bool last);
  void log(const StepResult &result, double validation);
  void openLog();
  void save();
  bool finished() const;
  void finish();

  using Clock = std::chrono::steady_clock;
  Session &session;
  TrainingData data;
  TrainOptions options;
  TrainState state;
  Progress progress;
  Clock::time_point begin = Clock::now();
  uint64_t firstStep, savedStep = ~uint64_t{0};
  int64_t batch, sequence;
  double stepFlops; // of a step's matrix products
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> logFile;
  std::vector<CurvePoint> losses, validations;
  std::vector<int32_t> batchTokens, batchTargets;
};

} // namespace tresse::runtime

#endif
