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

/// One id of `width` little-endian bytes. Four bytes with the top bit set are
/// over any vocabulary as a u32 and below it as an i32: `isSigned` decides
/// which of the two a message shows.
static int64_t loadId(const char *from, size_t width, bool isSigned) {
  int64_t wide = 0;
  std::memcpy(&wide, from, width);
  return width == 4 && isSigned ? static_cast<int32_t>(wide) : wide;
}

Tokens::Tokens(const std::string &path, std::string_view format,
               int64_t vocabulary)
    : file(std::make_unique<FileReader>(path)), vocabulary(vocabulary) {
  std::string kind(format);
  if (kind == "auto")
    kind = formatOf(path);
  uint64_t bytes = file->size();
  if (kind == "npy") {
    std::string begin(std::min<uint64_t>(bytes, npyHeaderBytes), '\0');
    file->read(0, begin.data(), begin.size());
    NpyHeader header = parseNpyHeader(path, begin, bytes);
    width = header.width, isSigned = true, dataBegin = header.dataBegin;
    if (header.shape.size() == 2)
      rowCount = header.shape[0], columnCount = header.shape[1];
  } else {
    width = kind == "u16" ? 2 : kind == "text" ? 1 : 4;
    if (bytes % width != 0)
      fail(inQuotes(path), ": expected a multiple of ", width,
           " bytes, but got ", bytes);
  }
  idCount = static_cast<int64_t>((bytes - dataBegin) / width);
  if (!idCount)
    fail(inQuotes(path), ": expected tokens, but it has none");
  checkIds();
}

/// A wrong id is found now, not an hour later.
void Tokens::checkIds() const {
  if (width == 1 && vocabulary > UINT8_MAX)
    return;
  std::vector<int32_t> part(1 << 14);
  for (int64_t first = 0; first < idCount;) {
    auto count = std::min<int64_t>(idCount - first, 1 << 14);
    read(first, std::span(part).first(static_cast<size_t>(count)));
    first += count;
  }
}

void Tokens::read(int64_t first, std::span<int32_t> out) const {
  char bytes[1 << 13];
  for (size_t done = 0; done < out.size();) {
    size_t count = std::min(out.size() - done, sizeof bytes / width);
    uint64_t at = static_cast<uint64_t>(first) + done;
    file->read(dataBegin + at * width, bytes, count * width);
    for (size_t i = 0; i < count; ++i) {
      int64_t id = loadId(bytes + i * width, width, isSigned);
      if (id < 0 || id >= vocabulary)
        fail(inQuotes(file->path()), ": expected token ids from 0 to ",
             vocabulary - 1, ", but element ", at + i, " is ", id);
      out[done + i] = static_cast<int32_t>(id);
    }
    done += count;
  }
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
  if (tokens.rows()) {
    if (tokens.columns() != sequence || tokens.rows() < batch)
      fail(inQuotes(path), ": expected at least ", batch, " rows of ", sequence,
           " tokens, the compiled batch and sequence, but got [", tokens.rows(),
           ", ", tokens.columns(), "]");
    sampleCount = tokens.rows();
    return;
  }
  auto count = tokens.count();
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
  auto from = [&](int64_t first, std::span<int32_t> to, int32_t absent) {
    int64_t count = std::clamp<int64_t>(end - first, 0, sequence);
    auto present = static_cast<size_t>(count);
    if (present)
      tokens.read(first, to.first(present));
    std::ranges::fill(to.subspan(present), absent);
  };
  from(start, row, 0);
  from(start + 1, targets, -1);
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
    if (tokens.rows()) {
      bool oneBatch = tokens.rows() == batch;
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
  if (tokens.rows())
    return 0;
  int64_t count = tokens.count() - trainingEnd;
  if (count < 2)
    return 0;
  int64_t windows = (count - 1 + sequence - 1) / sequence;
  return (windows + batch - 1) / batch;
}

void TrainingData::fillValidation(int64_t number, std::span<int32_t> out,
                                  std::span<int32_t> targets) const {
  auto width = static_cast<size_t>(sequence);
  auto end = tokens.count();
  for (int64_t b = 0; b < batch; ++b)
    fillStream(trainingEnd + (number * batch + b) * sequence, end,
               out.subspan(static_cast<size_t>(b) * width, width),
               targets.subspan(static_cast<size_t>(b) * width, width));
}

} // namespace tresse::runtime
