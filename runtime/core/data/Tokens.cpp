//===- Tokens.cpp - token files and the batches cut from them -------------===//
#include "runtime/core/data/Tokens.h"

#include "runtime/core/base/Error.h"
#include "runtime/core/base/File.h"
#include "runtime/core/base/Random.h"
#include "runtime/core/data/Npy.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tresse::runtime {

static std::string formatOf(const std::string &path) {
  for (const char *ending : {"npy", "u16", "u32", "i32"})
    if (path.ends_with(std::string(".") + ending))
      return ending;
  return "text";
}

/// Raw little-endian ids of `width` bytes; 4 bytes with the top bit set are
/// over any vocabulary, as a u32 or as an i32.
static std::vector<int32_t> rawIds(const std::string &path,
                                   std::string_view bytes, size_t width,
                                   int64_t vocabulary) {
  if (bytes.size() % width != 0)
    fail(inQuotes(path), ": expected a multiple of ", width, " bytes, but got ",
         bytes.size());
  std::vector<int32_t> ids(bytes.size() / width);
  for (size_t i = 0; i < ids.size(); ++i) {
    uint32_t id = 0;
    std::memcpy(&id, bytes.data() + i * width, width);
    if (id >= vocabulary)
      fail(inQuotes(path), ": expected token ids from 0 to ", vocabulary - 1,
           ", but element ", i, " is ", id);
    ids[i] = static_cast<int32_t>(id);
  }
  return ids;
}

Tokens readTokens(const std::string &path, std::string_view format,
                  int64_t vocabulary) {
  std::string bytes = readFile(path, uint64_t{1} << 40);
  std::string kind(format);
  if (kind == "auto")
    kind = formatOf(path);
  Tokens out;
  if (kind == "npy") {
    NpyIntegers file = parseNpy(path, bytes, vocabulary);
    out.values = std::move(file.values);
    if (file.shape.size() == 2)
      out.rows = file.shape[0], out.columns = file.shape[1];
    if (file.shape.size() == 2 && !out.rows)
      fail(inQuotes(path), ": expected tokens, but it has none");
  } else {
    size_t width = kind == "u16" ? 2 : kind == "text" ? 1 : 4;
    out.values = rawIds(path, bytes, width, vocabulary);
  }
  if (out.values.empty())
    fail(inQuotes(path), ": expected tokens, but it has none");
  return out;
}

uint64_t permuted(uint64_t index, uint64_t count, uint64_t key) {
  if (count <= 1)
    return 0;
  // A Feistel network over the next even number of bits, walked until it
  // falls inside [0, count): at most 4 tries on average.
  int half = (std::bit_width(count - 1) + 1) / 2;
  uint64_t mask = (uint64_t{1} << half) - 1;
  do {
    uint64_t left = index >> half, right = index & mask;
    for (uint64_t round = 0; round < 6; ++round) {
      uint64_t next = left ^ (randomBits(key + round, right) & mask);
      left = right, right = next;
    }
    index = left << half | right;
  } while (index >= count);
  return index;
}

TrainingData::TrainingData(Tokens given, int64_t batch, int64_t sequence,
                           uint64_t seed, double validation,
                           const std::string &path)
    : tokens(std::move(given)), batch(batch), sequence(sequence), seed(seed) {
  if (tokens.rows) {
    if (tokens.columns != sequence || tokens.rows < batch)
      fail(inQuotes(path), ": expected at least ", batch, " rows of ", sequence,
           " tokens, the compiled batch and sequence, but got [", tokens.rows,
           ", ", tokens.columns, "]");
    sampleCount = tokens.rows;
    return;
  }
  auto count = static_cast<int64_t>(tokens.values.size());
  trainingEnd =
      count - static_cast<int64_t>(static_cast<double>(count) * validation);
  sampleCount = (trainingEnd - 1) / sequence;
  if (sampleCount < 1)
    fail(inQuotes(path), ": expected more than ", sequence,
         " tokens to train on, the compiled sequence, but got ", trainingEnd);
}

/// One row from a stream's [start, end): tokens, and their successors.
void TrainingData::fillStream(int64_t start, int64_t end,
                              std::span<int32_t> row,
                              std::span<int32_t> targets) const {
  for (int64_t i = 0; i < sequence; ++i) {
    int64_t at = start + i;
    auto here = static_cast<size_t>(i);
    row[here] = at < end ? tokens.values[static_cast<size_t>(at)] : 0;
    targets[here] =
        at + 1 < end ? tokens.values[static_cast<size_t>(at) + 1] : -1;
  }
}

void TrainingData::fill(uint64_t first, std::span<int32_t> out,
                        std::span<int32_t> targets) const {
  auto width = static_cast<size_t>(sequence);
  auto count = static_cast<uint64_t>(sampleCount);
  for (int64_t b = 0; b < batch; ++b) {
    uint64_t number = first + static_cast<uint64_t>(b);
    uint64_t pass = number / count, place = number % count;
    auto row = out.subspan(static_cast<size_t>(b) * width, width);
    auto rowTargets = targets.subspan(static_cast<size_t>(b) * width, width);
    uint64_t key = randomKey(seed, "pass") + pass;
    if (tokens.rows) {
      bool oneBatch = tokens.rows == batch;
      auto index = static_cast<int64_t>(
          oneBatch ? place : permuted(place, count, mixBits(key)));
      fillStream(index * sequence, (index + 1) * sequence, row, rowTargets);
      continue;
    }
    auto spare = static_cast<uint64_t>((trainingEnd - 1) % sequence);
    auto shift = static_cast<int64_t>(randomBits(key, 0) % (spare + 1));
    auto window = static_cast<int64_t>(permuted(place, count, mixBits(key)));
    fillStream(shift + window * sequence, trainingEnd, row, rowTargets);
  }
}

int64_t TrainingData::validationBatches() const {
  if (tokens.rows)
    return 0;
  int64_t count = static_cast<int64_t>(tokens.values.size()) - trainingEnd;
  if (count < 2)
    return 0;
  int64_t windows = (count - 1 + sequence - 1) / sequence;
  return (windows + batch - 1) / batch;
}

void TrainingData::fillValidation(int64_t number, std::span<int32_t> out,
                                  std::span<int32_t> targets) const {
  auto width = static_cast<size_t>(sequence);
  auto end = static_cast<int64_t>(tokens.values.size());
  for (int64_t b = 0; b < batch; ++b)
    fillStream(trainingEnd + (number * batch + b) * sequence, end,
               out.subspan(static_cast<size_t>(b) * width, width),
               targets.subspan(static_cast<size_t>(b) * width, width));
}

} // namespace tresse::runtime
