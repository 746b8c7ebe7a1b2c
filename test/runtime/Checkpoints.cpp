//===- Checkpoints.cpp - saving, cutting, killing, resuming ---------------===//
#include "runtime/core/train/Checkpoint.h"
#include "runtime/core/weights/Weights.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"
#include "test/runtime/Options.h"
#include "test/runtime/PlanBuilder.h"
#include "test/runtime/Program.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <thread>

namespace fs = std::filesystem;
using namespace tresse::runtime;
using namespace tresse::test;

namespace {

/// Two weights with moments, small enough to cut its files at every byte.
struct SmallModel {
  SmallModel() {
    PlanBuilder b;
    uint32_t w = b.global("w", TRESSE_WEIGHT, TRESSE_F32, {2, 3});
    b.piece("w.weight", {2, 3}, {0, 0}, {2, 3});
    b.global("w.exp_avg", TRESSE_MOMENT, TRESSE_F32, {2, 3}, w);
    b.global("w.exp_avg_sq", TRESSE_MOMENT, TRESSE_F32, {2, 3}, w);
    uint32_t v = b.global("v", TRESSE_WEIGHT, TRESSE_F32, {2});
    b.piece("v.weight", {2}, {0}, {2});
    b.global("v.exp_avg", TRESSE_MOMENT, TRESSE_F32, {2}, v);
    b.global("v.exp_avg_sq", TRESSE_MOMENT, TRESSE_F32, {2}, v);
    b.record("config", "{\"model_type\": \"small\"}");
    b.beginEntry("run");
    b.endEntry();
    bytes = b.bytes();
    model.plan = bytes.data();
  }
  std::vector<uint64_t> bytes;
  tresse_model model{};
};

constexpr uint64_t wholeFile = UINT64_MAX;

void fillAll(const Session &session, double first) {
  for (uint32_t g = 0; g < session.plan().globals.size(); ++g)
    for (int64_t i = 0; i < session.global(g).elements(); ++i)
      session.global(g).setNumber(i, first += 0.25);
}

TEST(Checkpoint, HoldsAllThatIsNeeded) {
  SmallModel model;
  Session session(model.model, 1), other(model.model, 1);
  Folder folder;
  fillAll(session, 1);
  TrainState state;
  state.step = 7, state.sample = 21, state.seed = 5;
  std::string saved =
      saveCheckpoint(session, folder.path, state, "", wholeFile);
  EXPECT_EQ(folder.file("step-000007"), saved);
  EXPECT_EQ("{\"model_type\": \"small\"}", readAll(saved + "/config.json"));
  Safetensors moments(saved + "/optimizer-00001.safetensors");
  EXPECT_NE(nullptr, moments.find("w.weight.exp_avg"));
  EXPECT_NE(nullptr, moments.find("w.weight.exp_avg_sq"));
  TrainState back = loadCheckpoint(other, *latestCheckpoint(folder.path));
  EXPECT_EQ(7u, back.step);
  EXPECT_EQ(21u, back.sample);
  for (uint32_t g = 0; g < 3; ++g)
    EXPECT_EQ(0, std::memcmp(session.global(g).data, other.global(g).data, 24));
  // `latest` serves as a model directory, too.
  loadWeights(other, folder.path);
}

TEST(Checkpoint, ShardsHoldTheSame) {
  SmallModel model;
  Session session(model.model, 1), other(model.model, 1);
  Folder folder;
  fillAll(session, 1);
  // Two weights and four moments of 24 and 8 bytes.
  std::string saved =
      saveCheckpoint(session, folder.path, TrainState(), "", 30);
  std::set<std::string> names;
  for (const auto &entry : fs::directory_iterator(saved))
    names.insert(entry.path().filename().string());
  EXPECT_EQ(
      (std::set<std::string>{
          "config.json", "model-00001-of-00002.safetensors",
          "model-00002-of-00002.safetensors", "model.safetensors.index.json",
          "optimizer-00001.safetensors", "optimizer-00002.safetensors",
          "optimizer-00003.safetensors", "trainer_state.json"}),
      names);
  EXPECT_EQ("{\n  \"metadata\": {\n    \"total_size\": 32\n  },\n"
            "  \"weight_map\": {\n"
            "    \"v.weight\": \"model-00001-of-00002.safetensors\",\n"
            "    \"w.weight\": \"model-00002-of-00002.safetensors\"\n"
            "  }\n}\n",
            readAll(saved + "/model.safetensors.index.json"));
  loadCheckpoint(other, saved);
  for (uint32_t g = 0; g < session.plan().globals.size(); ++g)
    for (int64_t i = 0; i < session.global(g).elements(); ++i)
      ASSERT_EQ(session.global(g).number(i), other.global(g).number(i));
  fs::remove(saved + "/optimizer-00002.safetensors");
  EXPECT_NE("", failureOf([&] { loadCheckpoint(other, saved); }));
}

TEST(Checkpoint, TooManyShardsAreRefused) {
  PlanBuilder b;
  const int64_t count = 10'001;
  b.global("w", TRESSE_WEIGHT, TRESSE_F32, {count, 1});
  b.piece("w.{e}", {1, 1}, {0, 0}, {1, 1}, 0, count);
  b.beginEntry("run");
  b.endEntry();
  std::vector<uint64_t> bytes = b.bytes();
  Plan plan(bytes.data(), bytes.size() * 8);
  EXPECT_EQ("checkpoint: expected at most 10000 files, but files of 4 bytes "
            "make 10001",
            failureOf([&] { splitTensors(plan, storedWeights(plan), 4); }));
  EXPECT_EQ(5001u, splitTensors(plan, storedWeights(plan), 8).files.size());
}

TEST(Checkpoint, CutAtEveryByteIsRefused) {
  SmallModel model;
  Session session(model.model, 1);
  Folder folder;
  fillAll(session, 1);
  std::string saved =
      saveCheckpoint(session, folder.path, TrainState(), "", wholeFile);
  int cuts = 0;
  for (const char *name : {"model.safetensors", "optimizer-00001.safetensors",
                           "trainer_state.json"}) {
    std::string path = saved + "/" + name, whole = readAll(path);
    size_t end = whole.find_last_not_of(" \n") + 1; // JSON may lack its newline
    for (size_t length = 0; length < end; ++length, ++cuts) {
      std::ofstream(path, std::ios::binary) << whole.substr(0, length);
      std::string message = failureOf([&] { loadCheckpoint(session, saved); });
      ASSERT_NE(std::string::npos, message.find(name))
          << name << " cut to " << length << ": " << message;
    }
    std::ofstream(path, std::ios::binary) << whole;
    fs::rename(path, path + ".away");
    EXPECT_NE("", failureOf([&] { loadCheckpoint(session, saved); })) << name;
    fs::rename(path + ".away", path);
  }
  EXPECT_EQ("", failureOf([&] { loadCheckpoint(session, saved); }));
  std::printf("%d cuts refused\n", cuts);
}

TEST(Checkpoint, TheSameStepMayBeSavedAgain) {
  SmallModel model;
  Session session(model.model, 1);
  Folder folder;
  saveCheckpoint(session, folder.path, TrainState(), "", wholeFile);
  fillAll(session, 5);
  std::string saved =
      saveCheckpoint(session, folder.path, TrainState(), "", wholeFile);
  Session other(model.model, 1);
  loadCheckpoint(other, saved);
  EXPECT_EQ(5.25, other.global(0).number(0));
  EXPECT_EQ(2, std::distance(fs::directory_iterator(folder.path), {}));
}

TEST(Checkpoint, TidyingKeepsTheLatest) {
  SmallModel model;
  Session session(model.model, 1);
  Folder folder;
  TrainState state;
  for (uint64_t step : {999999u, 1000000u, 1000001u}) {
    state.step = step;
    saveCheckpoint(session, folder.path, state, "", wholeFile);
  }
  fs::create_directory(folder.file(".saving-step-000500"));
  folder.write("step-of-mine", "kept");
  tidyCheckpoints(folder.path, 2);
  EXPECT_FALSE(fs::exists(folder.file("step-999999")));
  EXPECT_TRUE(fs::exists(folder.file("step-1000000")));
  EXPECT_TRUE(fs::exists(folder.file("step-1000001")));
  EXPECT_FALSE(fs::exists(folder.file(".saving-step-000500")));
  EXPECT_TRUE(fs::exists(folder.file("step-of-mine")));
}

TEST(Checkpoint, ALatestThatLeadsElsewhereIsRefused) {
  Folder folder;
  fs::create_symlink("../../etc", folder.file("latest"));
  EXPECT_NE(std::string::npos, failureOf([&] {
                                 latestCheckpoint(folder.path);
                               }).find("'../../etc'"));
}

/// Arguments of the fake model's training.
/// In shards when `sharded`; their bits are those of one file.
std::vector<std::string> trainArguments(const std::string &data,
                                        const std::string &out, int steps,
                                        bool sharded = false) {
  return {"train",
          "--data",
          data,
          "--out",
          out,
          "--steps",
          std::to_string(steps),
          "--save-every",
          "1",
          "--init",
          "3",
          "--lr",
          "0.01",
          "--validation",
          "0.1",
          "--log",
          out + ".jsonl",
          "--bias-gamma",
          "0.5",
          "--resume",
          "--quiet",
          "--keep",
          "3",
          "--threads",
          "1",
          "--max-shard-size",
          sharded ? "20KB" : "5GB"};
}

/// What the next step depends on: every tensor's bytes, by name, whatever file
/// they are in, and the trainer's state.
std::string stateOf(const std::string &checkpoint) {
  std::map<std::string, std::string> tensors;
  for (const auto &entry : fs::directory_iterator(checkpoint))
    if (entry.path().extension() == ".safetensors") {
      Safetensors file(entry.path().string());
      for (const FileTensor &tensor : file.tensors()) {
        std::string bytes(tensor.end - tensor.begin, '\0');
        file.read(tensor, 0, bytes.size() / elementBytes(tensor.dtype),
                  bytes.data());
        tensors[tensor.name] = bytes;
      }
    }
  std::string out = readAll(checkpoint + "/trainer_state.json");
  for (const auto &[name, bytes] : tensors)
    out += name + bytes;
  return out;
}

std::string someText() {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "the quick brown fox " + std::to_string(i * i) + " jumps. ";
  return text;
}

/// Loss and step of each log line, without the times.
std::string lossesOf(const std::string &log) {
  std::string out;
  size_t at = 0;
  std::string content = readAll(log);
  while ((at = content.find("\"step\"", at)) != std::string::npos) {
    size_t end = content.find("\"tokens_per_second\"", at);
    out += content.substr(at, end - at) + "\n";
    at = end;
  }
  return out;
}

TEST(Checkpoint, KilledAtAnyInstantResumesBitForBit) {
  Folder folder;
  std::string data = folder.write("text.txt", someText());
  const int steps = 12;
  auto start = std::chrono::steady_clock::now();
  Program undisturbed(trainArguments(data, folder.file("whole"), steps),
                      folder.file("out"), folder.file("err"));
  ASSERT_EQ(0, undisturbed.wait()) << readAll(folder.file("err"));
  auto length = std::chrono::duration_cast<std::chrono::microseconds>(
                    std::chrono::steady_clock::now() - start)
                    .count();
  std::mt19937_64 random(7);
  int kills = 0;
  for (int run = 0; kills < testOptions().kills; ++run) {
    std::string out = folder.file("run" + std::to_string(run));
    auto arguments = trainArguments(data, out, steps, /*sharded=*/run % 2);
    while (true) {
      Program program(arguments, folder.file("out"), folder.file("err"));
      bool let = kills >= testOptions().kills;
      if (!let)
        std::this_thread::sleep_for(std::chrono::microseconds(
            random() % static_cast<uint64_t>(length)));
      bool hard = random() % 4 != 0;
      if (!let)
        ::kill(program.pid, hard ? SIGKILL : SIGTERM);
      int code = program.wait();
      if (code == 0)
        break;
      ++kills;
      ASSERT_TRUE(code == -SIGKILL || code == -SIGTERM || code == 1)
          << code << readAll(folder.file("err"));
    }
    EXPECT_TRUE(stateOf(folder.file("whole/latest")) ==
                stateOf(out + "/latest"));
    EXPECT_EQ(run % 2,
              fs::exists(out + "/latest/model.safetensors.index.json"));
    EXPECT_EQ(lossesOf(folder.file("whole.jsonl")), lossesOf(out + ".jsonl"));
    fs::remove_all(out);
  }
  std::printf("%d kills survived bit for bit\n", kills);
}

/// Trains with a fault at one place after the other, and goes on without.
class Faults {
public:
  explicit Faults(bool sharded)
      : data(folder.write("text.txt", someText())), sharded(sharded) {
    EXPECT_EQ(0, run("whole", ""));
    whole = stateOf(folder.file("whole/latest"));
    places = std::stol(readAll(folder.file("count")));
  }
  int run(const std::string &out, const std::string &fault) {
    auto arguments =
        trainArguments(data, folder.file(out), sharded ? 1 : 3, sharded);
    return Program(arguments, folder.file("out"), folder.file("err"),
                   "/dev/null",
                   {"LD_PRELOAD=" FAULT_LIBRARY, "TRESSE_FAULT=" + fault,
                    "TRESSE_FAULT_COUNT=" + folder.file("count")})
        .wait();
  }
  Folder folder;
  std::string data, whole;
  bool sharded;
  long places = 0; // changes to the file system of an undisturbed run
};

/// One file, and shards.
class Places : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Checkpoint, Places, testing::Bool());

TEST_P(Places, EndedAfterEveryWriteSyncAndRename) {
  Faults faults(/*sharded=*/GetParam());
  ASSERT_GT(faults.places, 20);
  for (long place = 1; place <= faults.places; ++place) {
    std::string out = "run" + std::to_string(place);
    ASSERT_EQ(137, faults.run(out, "die " + std::to_string(place)));
    ASSERT_EQ(0, faults.run(out, "")) << readAll(faults.folder.file("err"));
    ASSERT_TRUE(faults.whole == stateOf(faults.folder.file(out + "/latest")))
        << place;
    fs::remove_all(faults.folder.file(out));
  }
  std::printf("%ld places survived bit for bit\n", faults.places);
}

TEST_P(Places, NoSpaceFromAnyPlaceOn) {
  Faults faults(/*sharded=*/GetParam());
  for (long place = 1; place <= faults.places; ++place) {
    std::string out = "run" + std::to_string(place);
    ASSERT_EQ(1, faults.run(out, "full " + std::to_string(place))) << place;
    std::string message = readAll(faults.folder.file("err"));
    EXPECT_NE(std::string::npos, message.find("No space left")) << message;
    if (auto latest = latestCheckpoint(faults.folder.file(out))) {
      Session session(fakeModel(), 1);
      EXPECT_EQ("", failureOf([&] { loadCheckpoint(session, *latest); }));
    }
    ASSERT_EQ(0, faults.run(out, ""));
    ASSERT_TRUE(faults.whole == stateOf(faults.folder.file(out + "/latest")))
        << place;
    fs::remove_all(faults.folder.file(out));
  }
  std::printf("%ld places without space\n", faults.places);
}

TEST(Checkpoint, AFullDiskLosesNothingSaved) {
  // A limit on the size of files stands for the disk: writing past it fails.
  Folder folder;
  std::string data = folder.write("text.txt", someText());
  std::string out = folder.file("run");
  Program first(trainArguments(data, out, 3), folder.file("out"),
                folder.file("err"));
  ASSERT_EQ(0, first.wait());
  std::string before = readAll(out + "/latest/model.safetensors");
  rlimit limit;
  ::getrlimit(RLIMIT_FSIZE, &limit);
  rlimit small = limit;
  small.rlim_cur = 100 << 10;
  ::signal(SIGXFSZ, SIG_IGN); // inherited: the write fails instead
  ::setrlimit(RLIMIT_FSIZE, &small);
  Program second(trainArguments(data, out, 6), folder.file("out"),
                 folder.file("err"));
  int code = second.wait();
  ::setrlimit(RLIMIT_FSIZE, &limit);
  ::signal(SIGXFSZ, SIG_DFL);
  EXPECT_EQ(1, code);
  EXPECT_NE(std::string::npos,
            readAll(folder.file("err")).find("cannot be written"))
      << readAll(folder.file("err"));
  EXPECT_TRUE(before == readAll(out + "/latest/model.safetensors"));
  EXPECT_EQ("step-000003", fs::read_symlink(out + "/latest").string());
  Program third(trainArguments(data, out, 6), folder.file("out"),
                folder.file("err"));
  EXPECT_EQ(0, third.wait());
}

TEST(Checkpoint, AnUnwritableDirectoryIsSaidAtOnce) {
  Folder folder;
  std::string data = folder.write("text.txt", someText());
  for (const std::string &out :
       {folder.file("text.txt"), folder.file("text.txt/run"),
        std::string("/proc/run")}) {
    auto arguments = trainArguments(data, out, 3);
    Program program(arguments, folder.file("out"), folder.file("err"));
    EXPECT_EQ(1, program.wait());
    EXPECT_NE(std::string::npos, readAll(folder.file("err")).find(out))
        << readAll(folder.file("err"));
  }
}

} // namespace
