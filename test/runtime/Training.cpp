//===- Training.cpp - schedules, the log, gradients -----------------------===//
#include "runtime/core/base/Json.h"
#include "runtime/core/train/Progress.h"
#include "runtime/core/train/Trainer.h"
#include "runtime/core/weights/Weights.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"

#include <cmath>
#include <gtest/gtest.h>
#include <sstream>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

TEST(Schedule, Shapes) {
  Hyper h;
  h.lr = 2, h.warmup = 4, h.finalFraction = 0.1;
  h.schedule = "constant";
  EXPECT_DOUBLE_EQ(0.5, learningRate(h, 1, 0));
  EXPECT_DOUBLE_EQ(2, learningRate(h, 4, 0));
  EXPECT_DOUBLE_EQ(2, learningRate(h, 5, 1));
  h.schedule = "cosine";
  EXPECT_DOUBLE_EQ(2, learningRate(h, 5, 0));
  EXPECT_DOUBLE_EQ(1.1, learningRate(h, 5, 0.5));
  EXPECT_NEAR(0.2, learningRate(h, 5, 1), 1e-15);
  h.schedule = "wsd";
  EXPECT_DOUBLE_EQ(2, learningRate(h, 5, 0.79));
  EXPECT_NEAR(1.1, learningRate(h, 5, 0.9), 1e-12);
  EXPECT_NEAR(0.2, learningRate(h, 5, 1), 1e-12);
  h.warmup = 0;
  h.schedule = "constant";
  EXPECT_DOUBLE_EQ(2, learningRate(h, 1, 0));
}

TEST(TrainState, ReturnsToItsBits) {
  TrainState state;
  state.step = 123, state.sample = 1ull << 50, state.seed = ~0ull;
  state.hyper.lr = 1.0 / 3, state.hyper.schedule = "wsd";
  state.hyper.balanceAlpha = 1e-4;
  TrainState back = parseTrainState("x", trainStateJson(state));
  EXPECT_EQ(state.step, back.step);
  EXPECT_EQ(state.sample, back.sample);
  EXPECT_EQ(state.seed, back.seed);
  EXPECT_EQ(state.hyper.lr, back.hyper.lr);
  EXPECT_EQ(state.hyper.schedule, back.hyper.schedule);
  EXPECT_EQ(state.hyper.balanceAlpha, back.hyper.balanceAlpha);
}

Tokens sentence(const Folder &folder) {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += "the same words come again and again. ";
  return Tokens(folder.write("text", text), "text", fakeVocabulary);
}

/// The JSON lines of a log.
std::vector<Json> logLines(const std::string &path) {
  std::vector<Json> lines;
  std::istringstream in(readAll(path));
  for (std::string line; std::getline(in, line);)
    lines.push_back(parseJsonTree("line", line));
  return lines;
}

void train(Session &session, const TrainOptions &options,
           const Hyper &hyper = {}) {
  Folder folder;
  TrainState state;
  state.hyper = hyper;
  TrainingData data(sentence(folder), fakeBatch, fakeSequence, 1, 0.1, "text");
  EXPECT_TRUE(Trainer(session, std::move(data), options, state).run());
}

TEST(Trainer, LossFallsAndTheLogSaysSo) {
  Folder folder;
  Session session(fakeModel(), 1);
  initializeWeights(session, 1);
  TrainOptions options;
  options.quiet = true;
  options.steps = 60;
  options.evalEvery = 20;
  options.log = folder.file("log.jsonl");
  Hyper hyper;
  hyper.lr = 0.1, hyper.schedule = "constant", hyper.weightDecay = 0;
  testing::internal::CaptureStdout();
  train(session, options, hyper);
  EXPECT_NE(std::string::npos,
            testing::internal::GetCapturedStdout().find("validation_loss "));
  auto lines = logLines(options.log);
  ASSERT_EQ(60u, lines.size());
  for (const char *key : {"step", "loss", "balance_loss", "grad_norm", "lr",
                          "tokens_per_second", "mfu", "arena_bytes", "eta"})
    EXPECT_NE(nullptr, lines[0].find(key)) << key;
  EXPECT_EQ(1u, lines[0].find("step")->number.u);
  EXPECT_EQ(0, lines[0].find("balance_loss")->number.f);
  EXPECT_LT(lines[59].find("loss")->number.f,
            lines[0].find("loss")->number.f - 2);
  EXPECT_NE(nullptr, lines[19].find("validation_loss"));
  EXPECT_EQ(nullptr, lines[20].find("validation_loss"));
}

TEST(Trainer, TheLastValidationShowsHowFarItIs) {
  Session session(fakeModel(), 1);
  initializeWeights(session, 1);
  TrainOptions options;
  options.steps = 1;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  train(session, options);
  testing::internal::GetCapturedStdout();
  // A tenth of 2220 bytes, in batches of 2 x 16.
  EXPECT_NE(std::string::npos, testing::internal::GetCapturedStderr().find(
                                   "validation: batch 7 of 7  00:00 left\n"));
}

TEST(Trainer, BalanceLossIsToldWhenItCounts) {
  Folder folder;
  Session session(fakeModel(), 1);
  TrainOptions options;
  options.quiet = true;
  options.steps = 1;
  options.log = folder.file("log.jsonl");
  Hyper hyper;
  hyper.balanceAlpha = 1e-4;
  testing::internal::CaptureStdout();
  train(session, options, hyper);
  testing::internal::GetCapturedStdout();
  EXPECT_EQ(0.25, logLines(options.log)[0].find("balance_loss")->number.f);
}

TEST(Trainer, GradientsOfTheFirstStepBeforeClipping) {
  Folder folder;
  Session session(fakeModel(), 1);
  initializeWeights(session, 1);
  double expert = session.global(1).number(13); // expert 1, element 1
  TrainOptions options;
  options.quiet = true;
  options.steps = 3;
  options.gradients = folder.file("g.safetensors");
  Hyper hyper;
  hyper.clip = 1e-3;
  testing::internal::CaptureStdout();
  train(session, options, hyper);
  testing::internal::GetCapturedStdout();
  Safetensors file(options.gradients);
  ASSERT_EQ(3u, file.tensors().size());
  const FileTensor *found = file.find("model.experts.1.weight");
  ASSERT_NE(nullptr, found);
  EXPECT_EQ((std::vector<int64_t>{3, 4}), found->shape);
  float value = 0;
  file.read(*found, 1, 1, &value);
  EXPECT_EQ(0.1f * static_cast<float>(expert), value);
  ASSERT_NE(nullptr, file.find("model.table.weight"));
}

TEST(Progress, DurationsAndCurves) {
  EXPECT_EQ("02:05", durationText(125));
  EXPECT_EQ("1:00:01", durationText(3601));
  EXPECT_EQ("--:--", durationText(INFINITY));
  std::vector<CurvePoint> falling;
  for (int i = 0; i < 100; ++i)
    falling.push_back({double(i), 5.0 - i * 0.04});
  std::string drawn = drawCurve(falling, 10, 4);
  EXPECT_EQ(5, std::count(drawn.begin(), drawn.end(), '\n'));
  EXPECT_EQ("   5.000 ", drawn.substr(0, 9));
  EXPECT_NE("⠀", drawn.substr(9, 3)); // a dot at the top left
  EXPECT_EQ("", drawCurve({}, 10, 4));
}

} // namespace
