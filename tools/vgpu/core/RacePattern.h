// RacePattern.h - how the lanes of an access lie to each other.
//
// The same instruction mostly touches memory in the same pattern at another
// place. What a pattern touches is worked out once for each position within a
// line of 128 bytes and then only looked up.
#pragma once

#include "tools/vgpu/core/RaceLine.h"

#include <unordered_map>
#include <vector>

namespace vgpu {

/// What a pattern touches of one line.
struct PatternPart {
  int64_t offset = 0; ///< of the line, from the line of lane 0's address
  const Footprint *footprint = nullptr;
  uint32_t cells = 0;
  uint32_t lanes = 0; ///< without a footprint
  uint8_t bytes = 0;  ///< without a footprint
};

/// Addresses relative to lane 0's, for accesses of `bytes` bytes by `mask`.
/// Lanes not in the mask have the address of the first one in it.
struct Pattern {
  uint32_t mask = 0, bytes = 0;
  /// Lanes at different addresses touch the same byte.
  bool overlapping = false;
  uint64_t relative[32];
  std::unique_ptr<std::vector<PatternPart>> phases[raceLineBytes];
};

/// The patterns seen so far.
class PatternCache {
public:
  /// The pattern of an access by the instruction at `pc`; null when the
  /// instruction's addresses follow none, or too many.
  Pattern *find(uint32_t pc, uint32_t mask, uint32_t bytes,
                const uint64_t (&addresses)[32]);
  /// The lines that it touches when lane 0's address is `first`; null when
  /// too many have been worked out already.
  const std::vector<PatternPart> *parts(Pattern &pattern, uint64_t first);
  /// A launch of a program with `instructions` instructions begins.
  void start(size_t instructions);

private:
  struct Recent {
    Pattern *last[2] = {nullptr, nullptr};
    uint32_t misses = 0, builds = 0;
  };
  const Footprint *intern(const Footprint &footprint);
  Pattern *lookUp(Recent &recent, uint32_t mask, uint32_t bytes,
                  const uint64_t (&addresses)[32]);

  std::vector<Recent> recent; ///< by instruction
  std::unordered_multimap<uint64_t, std::unique_ptr<Pattern>> patterns;
  std::unordered_multimap<uint64_t, std::unique_ptr<Footprint>> footprints;
  size_t partCount = 0;
};

} // namespace vgpu
