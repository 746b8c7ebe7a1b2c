//===- Tokens.cpp - token files and the order of training -----------------===//
#include "runtime/core/data/Tokens.h"
#include "runtime/core/base/Error.h"
#include "runtime/core/data/Npy.h"
#include "test/runtime/Folder.h"

#include <gtest/gtest.h>
#include <numeric>
#include <set>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

std::vector<int32_t> allOf(const Tokens &tokens) {
  std::vector<int32_t> ids(static_cast<size_t>(tokens.count()));
  tokens.read(0, ids);
  return ids;
}

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const char *>(values.data()),
          values.size() * sizeof(T)};
}

template <typename T>
std::string npy(const char *type, std::vector<int64_t> shape,
                const std::vector<T> &values) {
  return npyHeader(type, shape) + bytesOf(values);
}

TEST(Tokens, FormatsByName) {
  Folder folder;
  std::vector<int32_t> narrow = {1, 2, 3, 4, 5, 6};
  std::vector<int64_t> wide(narrow.begin(), narrow.end());
  std::vector<uint16_t> raw(narrow.begin(), narrow.end());
  auto read = [&](const std::string &name, std::string_view content) {
    return Tokens(folder.write(name, content), "auto", 256);
  };
  Tokens matrix = read("a.npy", npy("<i4", {2, 3}, narrow));
  EXPECT_EQ(narrow, allOf(matrix));
  EXPECT_EQ(2, matrix.rows());
  EXPECT_EQ(3, matrix.columns());
  Tokens stream = read("b.npy", npy("<i8", {6}, wide));
  EXPECT_EQ(narrow, allOf(stream));
  EXPECT_EQ(0, stream.rows());
  EXPECT_EQ(narrow, allOf(read("c.u16", bytesOf(raw))));
  EXPECT_EQ(narrow, allOf(read("d.i32", bytesOf(narrow))));
  EXPECT_EQ((std::vector<int32_t>{'h', 'i', 255}),
            allOf(read("e.txt", "hi\xff")));
  EXPECT_NE("", failureOf([&] {
              Tokens(folder.file("c.u16"), "auto", /*vocabulary=*/6);
            }));
}

TEST(Tokens, AFileThatChangesMeanwhileIsSaid) {
  Folder folder;
  std::vector<uint16_t> ids(20'000, 7); // more than is read at a time
  std::string path = folder.write("a.u16", bytesOf(ids));
  Tokens tokens(path, "auto", 8);
  EXPECT_EQ(ids.size(), allOf(tokens).size());
  ids[15'000] = 8;
  folder.write("a.u16", bytesOf(ids));
  EXPECT_EQ(inQuotes(path) +
                ": expected token ids from 0 to 7, but element 15000 is 8",
            failureOf([&] { allOf(tokens); }));
  folder.write("a.u16", "");
  EXPECT_EQ(inQuotes(path) + ": expected 40000 bytes, but it ended after 0",
            failureOf([&] { allOf(tokens); }));
}

TEST(Tokens, PermutationIsOne) {
  for (uint64_t count : {1u, 2u, 3u, 17u, 64u, 1000u})
    for (uint64_t key : {1u, 2u}) {
      std::set<uint64_t> seen;
      for (uint64_t i = 0; i < count; ++i)
        seen.insert(permuted(i, count, key));
      EXPECT_EQ(count, seen.size());
      EXPECT_LT(*seen.rbegin(), count);
    }
  bool differs = false;
  for (uint64_t i = 0; i < 100; ++i)
    differs |= permuted(i, 100, 1) != permuted(i, 100, 2);
  EXPECT_TRUE(differs);
}

/// The ids 0, 1, 2 ... as a stream, or as rows.
Tokens countingTokens(std::vector<int64_t> shape) {
  static Folder folder;
  int64_t count =
      std::reduce(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  std::vector<int32_t> ids(static_cast<size_t>(count));
  std::iota(ids.begin(), ids.end(), 0);
  return Tokens(folder.write("counting.npy", npy("<i4", shape, ids)), "npy",
                count);
}

Tokens countingStream(int64_t count) { return countingTokens({count}); }

TEST(TrainingData, APassSeesEveryWindowOnce) {
  const int64_t B = 2, S = 8, N = 103;
  TrainingData data(countingStream(N), B, S, 5, 0, "x");
  ASSERT_EQ((N - 1) / S, data.samples());
  std::vector<int32_t> tokens(B * S), targets(B * S);
  std::set<int32_t> starts;
  int32_t phase = -1;
  for (int64_t sample = 0; sample < data.samples(); sample += B) {
    data.fill(static_cast<uint64_t>(sample), tokens, targets);
    for (int64_t b = 0; b < B; ++b) {
      const int32_t *row = &tokens[static_cast<size_t>(b * S)];
      starts.insert(row[0]);
      if (phase < 0)
        phase = row[0] % S;
      EXPECT_EQ(phase, row[0] % S);
      for (int64_t i = 0; i < S; ++i) {
        EXPECT_EQ(row[0] + i, row[i]);
        EXPECT_EQ(row[i] + 1, targets[static_cast<size_t>(b * S + i)]);
      }
    }
  }
  EXPECT_EQ(static_cast<size_t>(data.samples()), starts.size());
}

TEST(TrainingData, SampleIsAFunctionOfSeedAndNumber) {
  const int64_t B = 2, S = 8;
  std::vector<int32_t> a(B * S), b(B * S), targets(B * S);
  TrainingData one(countingStream(500), B, S, 5, 0.1, "x");
  TrainingData other(countingStream(500), B, S, 6, 0.1, "x");
  one.fill(1000, a, targets);
  one.fill(0, b, targets);
  EXPECT_NE(a, b);
  one.fill(1000, b, targets);
  EXPECT_EQ(a, b);
  other.fill(1000, b, targets);
  EXPECT_NE(a, b);
}

TEST(TrainingData, OneBatchIsEveryStepsBatch) {
  std::vector<int32_t> all = allOf(countingTokens({2, 8}));
  TrainingData data(countingTokens({2, 8}), 2, 8, 9, 0, "x");
  std::vector<int32_t> out(16), targets(16);
  for (uint64_t step = 0; step < 3; ++step) {
    data.fill(2 * step, out, targets);
    EXPECT_EQ(all, out);
    for (size_t i = 0; i < 16; ++i)
      EXPECT_EQ(i % 8 == 7 ? -1 : static_cast<int>(i) + 1, targets[i]);
  }
  EXPECT_EQ(0, data.validationBatches());
}

TEST(TrainingData, ValidationCoversTheEndOnce) {
  const int64_t B = 2, S = 8, N = 1000;
  TrainingData data(countingStream(N), B, S, 1, 0.05, "x");
  std::vector<int32_t> out(B * S), targets(B * S);
  std::vector<int32_t> seen;
  for (int64_t i = 0; i < data.validationBatches(); ++i) {
    data.fillValidation(i, out, targets);
    for (int32_t target : targets)
      if (target >= 0)
        seen.push_back(target);
  }
  std::vector<int32_t> expected(49); // the successors in the last 50 tokens
  std::iota(expected.begin(), expected.end(), 951);
  EXPECT_EQ(expected, seen);
  for (uint64_t sample = 0; sample < 400; sample += 2) {
    data.fill(sample, out, targets);
    for (int32_t target : targets)
      EXPECT_LT(target, 950);
  }
}

TEST(TrainingData, TooLittleIsSaid) {
  EXPECT_EQ(
      "'x': expected more than 8 tokens to train on, the compiled "
      "sequence, but got 8",
      failureOf([] { TrainingData(countingStream(8), 1, 8, 0, 0, "x"); }));
  EXPECT_EQ("'x': expected at least 2 rows of 16 tokens, the compiled batch "
            "and sequence, but got [2, 8]",
            failureOf([] {
              TrainingData(countingTokens({2, 8}), 2, 16, 0, 0, "x");
            }));
}

} // namespace
