//===- Targets.cpp - the parsers of hostile input, fed with bytes ---------===//
#include "test/fuzz/runtime/Targets.h"

#include "runtime/core/data/Tokens.h"
#include "runtime/core/generate/TextOutput.h"
#include "runtime/core/model/Session.h"
#include "runtime/core/plan_bytes.h"
#include "runtime/core/train/Hyper.h"
#include "runtime/core/weights/Safetensors.h"
#include "runtime/core/weights/WeightSource.h"

#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

using namespace tresse::runtime;

namespace tresse::test {

namespace {

std::string_view textOf(const uint8_t *bytes, size_t size) {
  return {reinterpret_cast<const char *>(bytes), size};
}

/// Runs `body`; a Failure is an answer like any other.
template <typename Body> void answer(Body body) {
  try {
    body();
  } catch (const Failure &) {
  }
}

/// A file without a name in any directory, for parsers that map files.
class MemoryFile {
public:
  MemoryFile(const uint8_t *bytes, size_t size)
      : descriptor(::memfd_create("fuzz", 0)) {
    while (size) {
      ssize_t put = ::write(descriptor, bytes, size);
      if (put <= 0)
        break;
      bytes += put, size -= static_cast<size_t>(put);
    }
  }
  ~MemoryFile() { ::close(descriptor); }
  std::string path() const {
    return "/proc/self/fd/" + std::to_string(descriptor);
  }

private:
  int descriptor;
};

void safetensors(const uint8_t *bytes, size_t size) {
  MemoryFile memory(bytes, size);
  answer([&] {
    Safetensors file(memory.path());
    std::vector<char> room(4096);
    for (const FileTensor &tensor : file.tensors())
      if (uint64_t width = elementBytes(tensor.dtype))
        file.read(tensor, 0,
                  std::min<uint64_t>((tensor.end - tensor.begin) / width,
                                     room.size() / width),
                  room.data());
  });
}

void shardIndex(const uint8_t *bytes, size_t size) {
  answer([&] { parseShardIndex("index", textOf(bytes, size)); });
}

/// Reads a token file, then some of its tokens.
void tokens(const char *format, const uint8_t *bytes, size_t size) {
  MemoryFile memory(bytes, size);
  answer([&] {
    Tokens read(memory.path(), format, 256);
    std::vector<int32_t> ids(
        static_cast<size_t>(std::min<int64_t>(read.count(), 100)));
    read.read(read.count() - static_cast<int64_t>(ids.size()), ids);
  });
}

void npy(const uint8_t *bytes, size_t size) { tokens("npy", bytes, size); }

void generationConfig(const uint8_t *bytes, size_t size) {
  answer([&] { parseGenerationConfig("config", textOf(bytes, size)); });
}

void jsonRequest(const uint8_t *bytes, size_t size) {
  answer([&] { parseJsonRequest("line", textOf(bytes, size), {}); });
}

void trainerState(const uint8_t *bytes, size_t size) {
  answer([&] {
    TrainState state = parseTrainState("state", textOf(bytes, size));
    std::string again = trainStateJson(state);
    if (trainStateJson(parseTrainState("again", again)) != again)
      __builtin_trap(); // what was read is not what is written
  });
}

/// The checksum is set right, so that the checks behind it are reached.
void plan(const uint8_t *bytes, size_t size) {
  std::vector<uint64_t> words((size + 7) / 8);
  if (size)
    std::memcpy(words.data(), bytes, size);
  auto *header = reinterpret_cast<tresse_plan *>(words.data());
  if (size >= sizeof *header && header->byte_size <= size &&
      header->byte_size >= sizeof *header)
    header->checksum = tresse_plan_checksum(header, header->byte_size);
  answer([&] {
    Plan read(words.data(), size);
    const uint64_t most = 1 << 22;
    if (read.program().arena_size > most ||
        read.program().persistent_size > most)
      return;
    tresse_model model{words.data(), nullptr, nullptr, nullptr};
    Session session(model, 1); // without kernels: nothing of it is run
  });
}

const FuzzTarget targets[] = {
    {"safetensors", safetensors},
    {"shard-index", shardIndex},
    {"npy", npy},
    {"generation-config", generationConfig},
    {"json-request", jsonRequest},
    {"trainer-state", trainerState},
    {"plan", plan},
};

} // namespace

std::span<const FuzzTarget> fuzzTargets() { return targets; }

} // namespace tresse::test
