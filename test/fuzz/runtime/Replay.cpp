//===- Replay.cpp - every file of every corpus, and cuts of it ------------===//
#include "test/fuzz/runtime/Targets.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <vector>

namespace {

using tresse::test::FuzzTarget;

TEST(Corpus, EveryFileIsAnswered) {
  for (const FuzzTarget &target : tresse::test::fuzzTargets()) {
    int files = 0;
    std::filesystem::path folder =
        std::filesystem::path(TRESSE_CORPUS) / target.name;
    for (const auto &entry : std::filesystem::directory_iterator(folder)) {
      std::ifstream in(entry.path(), std::ios::binary);
      std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
      auto *data = reinterpret_cast<const uint8_t *>(bytes.data());
      for (size_t length = 0; length <= bytes.size();
           length += 1 + bytes.size() / 64)
        target.run(data, length);
      target.run(data, bytes.size());
      ++files;
    }
    EXPECT_GT(files, 0) << target.name << " has no corpus";
    std::printf("%s: %d files\n", target.name, files);
  }
}

} // namespace
