//===- Trainer.cpp - the training loop ------------------------------------===//
#include "runtime/core/train/Trainer.h"

#include "runtime/core/base/File.h"
#include "runtime/core/base/Json.h"
#include "runtime/core/model/ProductRate.h"
#include "runtime/core/train/Checkpoint.h"
#include "runtime/core/weights/Weights.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <unistd.h>

namespace tresse::runtime {

Trainer::Trainer(Session &session, TrainingData trainingData,
                 TrainOptions trainOptions, TrainState trainState)
    : session(session), data(std::move(trainingData)),
      options(std::move(trainOptions)), state(std::move(trainState)),
      progress(options.quiet), firstStep(state.step),
      stepFlops(productFlops(session.plan(), session.entry("gradients")) +
                productFlops(session.plan(), session.entry("update"))),
      logFile(nullptr, std::fclose) {
  if (state.step > 0) // it was loaded from there
    savedStep = state.step;
  TensorView tokens = session.input("gradients", "tokens");
  if (tokens.shape.size() != 2)
    fail("model: expected tokens of [batch, sequence], but got ",
         shapeText(tokens.shape));
  batch = tokens.shape[0], sequence = tokens.shape[1];
  batchTokens.resize(static_cast<size_t>(tokens.elements()));
  batchTargets.resize(batchTokens.size());
}

double Trainer::elapsed() const {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool Trainer::finished() const {
  return (options.steps && state.step >= options.steps) ||
         (options.minutes > 0 && elapsed() >= options.minutes * 60);
}

double Trainer::progressAfterNext() const {
  double byStep = 0, byTime = 0;
  double warmup = state.hyper.warmup;
  if (options.steps)
    byStep = (static_cast<double>(state.step + 1) - warmup) /
             std::max(1.0, static_cast<double>(options.steps) - warmup);
  if (options.minutes > 0)
    byTime = elapsed() / (options.minutes * 60);
  return std::clamp(std::max(byStep, byTime), 0.0, 1.0);
}

void Trainer::writeHyper(double lr) {
  const Hyper &h = state.hyper;
  auto t = static_cast<double>(state.step + 1);
  const double values[] = {lr,
                           h.beta1,
                           h.beta2,
                           h.eps,
                           h.weightDecay,
                           h.clip,
                           1 - std::pow(h.beta1, t),
                           1 - std::pow(h.beta2, t),
                           h.biasGamma};
  TensorView hyper = session.input("update", "hyper");
  if (hyper.elements() < 16)
    fail("model: expected 'hyper' of 16 numbers, but got ",
         shapeText(hyper.shape));
  for (int64_t i = 0; i < 16; ++i)
    hyper.setNumber(i, i < 9 ? values[i] : 0);
}

static void copyIds(const TensorView &to, const std::vector<int32_t> &from) {
  if (to.elements() != static_cast<int64_t>(from.size()))
    fail("model: expected an input of ", from.size(), " ids, but got ",
         shapeText(to.shape));
  std::memcpy(to.as<int32_t>(TRESSE_I32), from.data(),
              from.size() * sizeof(int32_t));
}

/// The balance losses, in the order of their weights.
static constexpr const char *balanceNames[] = {
    "balance_loss", "device_balance_loss", "communication_balance_loss"};

Trainer::StepResult Trainer::step() {
  auto start = Clock::now();
  StepResult result{};
  result.lr = learningRate(state.hyper, state.step + 1, progressAfterNext());
  data.fill(state.sample, batchTokens, batchTargets);
  copyIds(session.input("gradients", "tokens"), batchTokens);
  copyIds(session.input("gradients", "targets"), batchTargets);
  TensorView weights = session.input("gradients", "loss_weights");
  const double alphas[] = {state.hyper.balanceAlpha,
                           state.hyper.deviceBalanceAlpha,
                           state.hyper.communicationBalanceAlpha};
  for (int64_t i = 0; i < weights.elements(); ++i)
    weights.setNumber(i, i < std::ssize(alphas) ? alphas[i] : 0);
  session.run("gradients");
  result.loss = session.output("gradients", "loss").number(0);
  for (size_t i = 0; i < std::size(alphas); ++i) {
    TensorView balance = session.findOutput("gradients", balanceNames[i]);
    if (balance.data && alphas[i] != 0)
      result.balanceLosses[i] = balance.number(0);
  }
  if (!std::isfinite(result.loss))
    fail("step ", state.step + 1, ": expected a finite loss, but got ",
         result.loss, "; the last checkpoint is unharmed");
  if (!options.gradients.empty() && state.step == firstStep)
    writeTensors(session, storedGradients(session.plan()), options.gradients);
  writeHyper(result.lr);
  session.run("update");
  result.gradNorm = session.output("update", "grad_norm").number(0);
  ++state.step;
  state.sample += static_cast<uint64_t>(batch);
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

double Trainer::evaluate(int64_t batches, bool last) {
  double sum = 0, count = 0;
  batches = std::min(batches, data.validationBatches());
  auto start = Clock::now();
  for (int64_t i = 0; i < batches; ++i) {
    data.fillValidation(i, batchTokens, batchTargets);
    copyIds(session.input("evaluate", "tokens"), batchTokens);
    copyIds(session.input("evaluate", "targets"), batchTargets);
    session.run("evaluate");
    auto valid = static_cast<double>(
        std::count_if(batchTargets.begin(), batchTargets.end(),
                      [](int32_t target) { return target >= 0; }));
    sum += session.output("evaluate", "loss").number(0) * valid;
    count += valid;
    auto done = static_cast<double>(i + 1);
    double left = std::chrono::duration<double>(Clock::now() - start).count() /
                  done * static_cast<double>(batches - i - 1);
    progress.show(done / static_cast<double>(batches),
                  text("validation: batch ", i + 1, " of ", batches, "  ",
                       durationText(left), " left"),
                  last && i + 1 == batches);
  }
  return sum / count;
}

double Trainer::secondsLeft() const {
  double bySteps = INFINITY, byTime = INFINITY;
  auto done = static_cast<double>(state.step - firstStep);
  if (options.steps)
    bySteps = elapsed() / std::max(done, 1.0) *
              static_cast<double>(options.steps - state.step);
  if (options.minutes > 0)
    byTime = std::max(0.0, options.minutes * 60 - elapsed());
  return std::min(bySteps, byTime);
}

void Trainer::report(const StepResult &result, bool last) {
  double rate = static_cast<double>(batch * sequence) / result.seconds;
  char line[160];
  std::snprintf(line, sizeof line,
                "step %llu  loss %.4f  %.0f tokens/s  %s left",
                static_cast<unsigned long long>(state.step), result.loss, rate,
                durationText(secondsLeft()).c_str());
  double done = 0;
  if (options.steps)
    done = static_cast<double>(state.step) / static_cast<double>(options.steps);
  if (options.minutes > 0)
    done = std::max(done, elapsed() / (options.minutes * 60));
  progress.show(done, line, last);
}

/// Keeps the lines of an earlier run up to the step that is resumed from.
static void cutLog(const std::string &path, uint64_t last) {
  ReplacedFile kept(path);
  std::ifstream before(path);
  std::string line;
  while (std::getline(before, line) && !before.eof()) { // eof: cut by a crash
    unsigned long long step = 0;
    if (std::sscanf(line.c_str(), "{\"step\": %llu", &step) == 1 &&
        step <= last)
      kept.write(line + "\n");
  }
  kept.finish();
}

void Trainer::openLog() {
  if (options.log.empty())
    return;
  bool goesOn = state.step > 0 && fileExists(options.log);
  if (goesOn)
    cutLog(options.log, state.step);
  logFile.reset(std::fopen(options.log.c_str(), goesOn ? "a" : "w"));
  if (!logFile)
    failSystem(inQuotes(options.log) + ": cannot be written", errno);
}

/// The part of the peak that a step's products reached; nan: not known.
double Trainer::utilization(const StepResult &result) const {
  if (!(options.peakFlops > 0) || stepFlops == 0)
    return NAN;
  return stepFlops / result.seconds / options.peakFlops;
}

void Trainer::log(const StepResult &result, double validation) {
  if (!logFile)
    return;
  double left = secondsLeft();
  std::string line =
      text("{\"step\": ", state.step, ", \"loss\": ", jsonNumber(result.loss),
           ", \"balance_loss\": ", jsonNumber(result.balanceLosses[0]),
           ", \"grad_norm\": ", jsonNumber(result.gradNorm),
           ", \"lr\": ", jsonNumber(result.lr), ", \"tokens_per_second\": ",
           jsonNumber(static_cast<double>(batch * sequence) / result.seconds),
           ", \"mfu\": ", jsonNumber(utilization(result)),
           ", \"arena_bytes\": ", session.plan().program().arena_size,
           ", \"eta\": ", jsonNumber(left));
  for (size_t i = 1; i < std::size(balanceNames); ++i)
    if (session.findOutput("gradients", balanceNames[i]).data)
      line += text(", \"", balanceNames[i],
                   "\": ", jsonNumber(result.balanceLosses[i]));
  if (!std::isnan(validation))
    line += text(", \"validation_loss\": ", jsonNumber(validation));
  line += "}\n";
  if (std::fputs(line.c_str(), logFile.get()) < 0 ||
      std::fflush(logFile.get()) != 0)
    failSystem(inQuotes(options.log) + ": cannot be written", errno);
}

void Trainer::save() {
  if (options.out.empty() || savedStep == state.step)
    return;
  std::string directory =
      saveCheckpoint(session, options.out, state, options.modelDirectory,
                     options.maxShardSize);
  tidyCheckpoints(options.out, options.keep);
  savedStep = state.step;
  progress.note(text("saved ", directory));
}

/// True when SIGINT or SIGTERM waits; both are blocked while training.
static bool interrupted() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  timespec none{};
  return sigtimedwait(&signals, nullptr, &none) > 0;
}

bool Trainer::run() {
  openLog();
  bool stopped = false;
  while (!stopped && !finished()) {
    StepResult result = step();
    stopped = interrupted();
    losses.push_back({static_cast<double>(state.step), result.loss});
    double validation = NAN;
    if (options.evalEvery && state.step % options.evalEvery == 0 &&
        data.validationBatches()) {
      validation = evaluate(static_cast<int64_t>(options.evalBatches),
                            /*last=*/false);
      validations.push_back({static_cast<double>(state.step), validation});
      progress.note(
          text("step ", state.step, "  validation loss ", validation));
    }
    log(result, validation);
    report(result, stopped || finished());
    if (options.saveEvery && state.step % options.saveEvery == 0)
      save();
  }
  save();
  if (!stopped)
    finish();
  return !stopped;
}

void Trainer::finish() {
  if (data.validationBatches() && session.hasEntry("evaluate")) {
    double validation = evaluate(data.validationBatches(), /*last=*/true);
    validations.push_back({static_cast<double>(state.step), validation});
    std::printf("validation_loss %.6f\n", validation);
  }
  if (!options.plot.empty() && !plotCurves(options.plot, losses, validations))
    std::fprintf(stderr, "warning: %s: not drawn, since gnuplot did not run\n",
                 inQuotes(options.plot).c_str());
  bool terminal = ::isatty(STDOUT_FILENO);
  if (!options.quiet && (terminal || !options.plot.empty()))
    std::fputs(drawCurve(losses, 64, 12).c_str(), stdout);
  if (!losses.empty())
    std::printf("step %llu loss %.6f\n",
                static_cast<unsigned long long>(state.step), losses.back().y);
}

} // namespace tresse::runtime
