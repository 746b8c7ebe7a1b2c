//===- Commands.cpp - the program's commands from outside -----------------===//
#include "runtime/core/data/Npy.h"
#include "runtime/core/weights/Safetensors.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"
#include "test/runtime/Program.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sstream>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

struct Commands : testing::Test {
  int run(const std::vector<std::string> &arguments,
          const std::string &input = "/dev/null") {
    int code = Program(arguments, folder.file("out"), folder.file("err"), input)
                   .wait();
    out = readAll(folder.file("out"));
    err = readAll(folder.file("err"));
    return code;
  }
  std::string tokens(const std::string &name, int64_t rows, int64_t columns) {
    int64_t shape[] = {rows, columns};
    std::vector<int32_t> ids(static_cast<size_t>(rows * columns));
    for (size_t i = 0; i < ids.size(); ++i)
      ids[i] = static_cast<int32_t>(i * 7 % 256);
    return folder.write(
        name,
        npyHeader("<i4", shape) +
            std::string(reinterpret_cast<char *>(ids.data()), ids.size() * 4));
  }
  Folder folder;
  std::string out, err;
};

TEST_F(Commands, ExitCodesSayWhoIsWrong) {
  EXPECT_EQ(0, run({"--help"}));
  EXPECT_NE(std::string::npos, out.find("train"));
  EXPECT_EQ(0, run({"train", "--help"}));
  EXPECT_NE(std::string::npos, out.find("=0.001")) << out; // a default
  EXPECT_EQ(0, run({"--version"}));
  EXPECT_NE(std::string::npos, out.find("plan version 1"));
  EXPECT_EQ(2, run({}));
  EXPECT_EQ(2, run({"fly"}));
  EXPECT_EQ(2, run({"train"}));
  EXPECT_EQ(2, run({"train", "--data", "x", "--init", "1"})); // no length
  EXPECT_EQ(2, run({"train", "--data", "x", "--steps", "-4"}));
  EXPECT_EQ(2, run({"train", "--data", "x", "--steps", "1", "--schedule",
                    "sine", "--init", "1"}));
  EXPECT_EQ(2, run({"generate", "--init", "1"}));
  EXPECT_EQ(2, run({"generate", "-p", "x", "--top-p", "2", "--init", "1"}));
  std::string data = folder.write("text", "some text that is long enough");
  EXPECT_EQ(2, run({"train", "--data", data, "--steps", "1"})); // no weights
  EXPECT_EQ(
      1, run({"train", "--data", "/nowhere", "--steps", "1", "--init", "1"}));
  EXPECT_NE(std::string::npos, err.find("'/nowhere'")) << err;
}

TEST_F(Commands, InfoIsJsonToo) {
  EXPECT_EQ(0, run({"info"}));
  EXPECT_NE(std::string::npos, out.find("parameters     65560")) << out;
  EXPECT_EQ(0, run({"info", "--json"}));
  EXPECT_NE(std::string::npos, out.find("\"parameters\": 65560"));
  EXPECT_NE(std::string::npos, out.find("\"name\": \"logits\""));
}

TEST_F(Commands, LogitsOfMoreRowsThanABatch) {
  // The fake model's logits of a token are a row of its table.
  std::string file = tokens("t.npy", 5, 9);
  std::string to = folder.file("l.npy");
  ASSERT_EQ(0, run({"logits", "--init", "4", "--tokens", file, "--out", to}))
      << err;
  std::string bytes = readAll(to);
  int64_t shape[] = {5, 9, fakeVocabulary};
  std::string header = npyHeader("<f4", shape);
  ASSERT_EQ(header, bytes.substr(0, header.size()));
  ASSERT_EQ(header.size() + 5 * 9 * fakeVocabulary * 4, bytes.size());
  auto row = [&](size_t i) {
    return bytes.substr(header.size() + i * fakeVocabulary * 4,
                        fakeVocabulary * 4);
  };
  // Tokens i and i + 256 / gcd(7, 256) are equal; 45 are too few. So compare
  // with the same tokens one row at a time.
  std::string line = tokens("one.npy", 1, 9);
  ASSERT_EQ(0, run({"logits", "--init", "4", "--tokens", line, "--out", to}));
  std::string one = readAll(to);
  for (size_t i = 0; i < 9; ++i)
    EXPECT_TRUE(row(i) == one.substr(npyHeader("<f4", shape).size() +
                                         i * fakeVocabulary * 4,
                                     fakeVocabulary * 4));
  EXPECT_FALSE(row(0) == row(9));
}

TEST_F(Commands, LogitsRefuseLongRows) {
  std::string file = tokens("t.npy", 1, fakeSequence + 1);
  EXPECT_EQ(1, run({"logits", "--init", "4", "--tokens", file, "--out",
                    folder.file("l.npy")}));
  EXPECT_NE(std::string::npos, err.find("at most 16 tokens")) << err;
  EXPECT_FALSE(std::filesystem::exists(folder.file("l.npy")));
}

TEST_F(Commands, TrainedWeightsGenerate) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "abcdefgh";
  std::string data = folder.write("text", text), to = folder.file("run");
  ASSERT_EQ(0, run({"train", "--init", "1", "--data", data, "--steps", "80",
                    "--lr", "0.3", "--schedule", "constant", "--weight-decay",
                    "0", "--out", to, "--quiet"}))
      << err;
  EXPECT_EQ("", err);
  ASSERT_EQ(0, run({"generate", "--weights", to, "-p", "ab", "-n", "10",
                    "--temperature", "0"}))
      << err;
  EXPECT_EQ("cdefghabcd\n", out);
  ASSERT_EQ(0, run({"generate", "--weights", to, "-p", "ab", "-n", "10",
                    "--temperature", "0", "--stop", "gh"}));
  EXPECT_EQ("cdef\n", out);
  ASSERT_EQ(0, run({"generate", "--weights", to, "--prompt-ids", "97,98",
                    "--ids", "-n", "3", "--temperature", "0"}));
  EXPECT_EQ("99 100 101\n", out);
  std::ofstream(to + "/latest/generation_config.json")
      << R"({"do_sample": false, "max_new_tokens": 4, "eos_token_id": 101})";
  std::string prompt = folder.write("prompt", "xa");
  ASSERT_EQ(0, run({"generate", "--weights", to + "/latest", "-f", prompt}));
  EXPECT_EQ("bcd\n", out);
}

TEST_F(Commands, JsonLinesStreamSeveralRequests) {
  std::string requests = folder.write(
      "requests",
      "{\"prompt\": \"a\", \"id\": 1, \"max_new_tokens\": 2}\n"
      "\n"
      "nonsense\n"
      "{\"prompt\": \"b\", \"id\": \"two\", \"max_new_tokens\": 3}\n"
      "{\"prompt\": \"c\", \"max_new_tokens\": 1}\n");
  EXPECT_EQ(1, run({"generate", "--init", "1", "--jsonl", "--temperature", "0"},
                   requests));
  std::istringstream lines(out);
  int tokenLines = 0, done = 0, errors = 0;
  for (std::string line; std::getline(lines, line);) {
    tokenLines += line.find("\"token\": ") != std::string::npos;
    done += line.find("\"reason\": \"length\"") != std::string::npos;
    errors += line.find("\"line\": 3") != std::string::npos;
  }
  EXPECT_EQ(6, tokenLines) << out;
  EXPECT_EQ(3, done);
  EXPECT_EQ(1, errors);
  EXPECT_NE(std::string::npos, out.find("\"id\": \"two\", \"done\": true"));
}

TEST_F(Commands, BenchShowsEveryEntry) {
  ASSERT_EQ(0, run({"bench", "--repeats", "1", "--threads", "2"})) << err;
  for (const char *name : {"logits", "gradients", "update", "prefill"})
    EXPECT_NE(std::string::npos, out.find(std::string("entry ") + name));
  EXPECT_NE(std::string::npos, out.find("GFLOP/s"));
}

TEST_F(Commands, PlotsWhereGnuplotIs) {
  std::string data = folder.write("text", std::string(500, 'a'));
  std::string png = folder.file("it's.png");
  ASSERT_EQ(0, run({"train", "--init", "1", "--data", data, "--steps", "3",
                    "--plot", png}));
  EXPECT_NE(std::string::npos, out.find("step 1 to 3")) << out;
  if (std::filesystem::exists(png))
    EXPECT_EQ("\x89PNG", readAll(png).substr(0, 4));
  else
    EXPECT_NE(std::string::npos, err.find("gnuplot did not run")) << err;
}

} // namespace
