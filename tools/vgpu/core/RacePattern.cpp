// RacePattern.cpp - finds the pattern of an access and what it touches.
#include "tools/vgpu/core/RacePattern.h"

#include "tools/vgpu/core/LaneOps.h"

#include <cstring>
#include <map>

namespace vgpu {

namespace {

constexpr size_t mostPatterns = 4096;
constexpr size_t mostParts = 1 << 16;
/// An instruction that never repeats a pattern is asked rarely.
constexpr uint32_t patience = 32, retry = 64;
/// And it may not fill the cache for the others.
constexpr uint32_t mostBuilds = 128;

bool matches(const Pattern &pattern, uint32_t mask, uint32_t bytes,
             const uint64_t (&addresses)[32]) {
  uint64_t bad = uint64_t(pattern.mask ^ mask) | (pattern.bytes ^ bytes);
  uint64_t first = addresses[0];
  for (unsigned l = 0; l < 32; ++l)
    bad |= pattern.relative[l] ^ (addresses[l] - first);
  return bad == 0;
}

uint64_t hashOf(uint32_t mask, uint32_t bytes,
                const uint64_t (&addresses)[32]) {
  uint64_t hash = mask * 0x9e3779b97f4a7c15ull + bytes;
  for (unsigned l = 1; l < 32; ++l)
    hash += (addresses[l] - addresses[0]) * (0x9e3779b97f4a7c15ull + 2 * l);
  return hash;
}

/// True when lanes at different addresses share a byte.
bool overlaps(const Pattern &pattern) {
  bool found = false;
  forEachLane(pattern.mask, [&](unsigned l) {
    forEachLane(pattern.mask & ~((2u << l) - 1), [&](unsigned k) {
      uint64_t apart = pattern.relative[k] - pattern.relative[l];
      if (int64_t(apart) < 0)
        apart = 0 - apart;
      found |= apart != 0 && apart < pattern.bytes;
    });
  });
  return found;
}

/// Fills in lanes and bytes when one value serves all cells.
bool uniform(const Footprint &footprint, PatternPart &part) {
  part.lanes = 0;
  part.bytes = 0;
  bool first = true;
  bool good = true;
  forEachLane(part.cells, [&](unsigned c) {
    uint8_t bytes = 0;
    for (unsigned b = 0; b < 4; ++b) {
      uint32_t lanes = footprint.byteLanes[4 * c + b];
      if (!lanes)
        continue;
      bytes |= uint8_t(1 << b);
      good &= part.lanes == 0 || part.lanes == lanes;
      part.lanes = lanes;
    }
    good &= first || bytes == part.bytes;
    part.bytes = bytes;
    first = false;
  });
  return good;
}

} // namespace

void PatternCache::start(size_t instructions) {
  // Records of earlier launches, which name footprints, are never read.
  if (patterns.size() > mostPatterns / 4 || partCount > mostParts / 4) {
    patterns.clear();
    footprints.clear();
    partCount = 0;
  }
  recent.assign(instructions, {});
}

Pattern *PatternCache::find(uint32_t pc, uint32_t mask, uint32_t bytes,
                            const uint64_t (&addresses)[32]) {
  Recent &at = recent[pc];
  for (Pattern *&pattern : at.last)
    if (pattern && matches(*pattern, mask, bytes, addresses)) {
      std::swap(pattern, at.last[0]);
      at.misses = 0;
      return at.last[0];
    }
  if (at.misses > patience && ++at.misses % retry != 0)
    return nullptr;
  return lookUp(at, mask, bytes, addresses);
}

Pattern *PatternCache::lookUp(Recent &at, uint32_t mask, uint32_t bytes,
                              const uint64_t (&addresses)[32]) {
  uint64_t hash = hashOf(mask, bytes, addresses);
  auto [begin, end] = patterns.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (matches(*it->second, mask, bytes, addresses)) {
      at.last[1] = at.last[0];
      at.misses = 0;
      return at.last[0] = it->second.get();
    }
  ++at.misses;
  if (patterns.size() >= mostPatterns || at.builds >= mostBuilds)
    return nullptr;
  ++at.builds;
  auto fresh = std::make_unique<Pattern>();
  fresh->mask = mask;
  fresh->bytes = bytes;
  for (unsigned l = 0; l < 32; ++l)
    fresh->relative[l] = addresses[l] - addresses[0];
  fresh->overlapping = overlaps(*fresh);
  at.last[1] = at.last[0];
  at.last[0] = fresh.get();
  patterns.emplace(hash, std::move(fresh));
  return at.last[0];
}

const Footprint *PatternCache::intern(const Footprint &footprint) {
  uint64_t hash = footprint.full;
  for (uint32_t lanes : footprint.byteLanes)
    hash = (hash ^ lanes) * 0x100000001b3ull;
  auto [begin, end] = footprints.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (std::memcmp(it->second->byteLanes, footprint.byteLanes,
                    sizeof footprint.byteLanes) == 0)
      return it->second.get();
  return footprints.emplace(hash, std::make_unique<Footprint>(footprint))
      ->second.get();
}

const std::vector<PatternPart> *PatternCache::parts(Pattern &pattern,
                                                    uint64_t first) {
  unsigned phase = first % raceLineBytes;
  if (pattern.phases[phase])
    return pattern.phases[phase].get();
  if (partCount >= mostParts)
    return nullptr;
  std::map<int64_t, Footprint> lines;
  forEachLane(pattern.mask, [&](unsigned l) {
    for (unsigned b = 0; b < pattern.bytes; ++b) {
      int64_t at = int64_t(pattern.relative[l]) + phase + b;
      unsigned inLine = unsigned(at & (raceLineBytes - 1));
      lines[at - inLine].byteLanes[inLine] |= 1u << l;
    }
  });
  auto list = std::make_unique<std::vector<PatternPart>>();
  for (auto &[offset, footprint] : lines) {
    PatternPart part;
    part.offset = offset;
    for (unsigned c = 0; c < 32; ++c) {
      unsigned touched = 0;
      for (unsigned b = 0; b < 4; ++b)
        touched += footprint.byteLanes[4 * c + b] != 0;
      if (touched)
        part.cells |= 1u << c;
      footprint.full &= touched == 0 || touched == 4;
      for (unsigned b = 0; b < 4; ++b)
        footprint.single &= std::popcount(footprint.byteLanes[4 * c + b]) < 2;
    }
    if (!uniform(footprint, part))
      part.footprint = intern(footprint);
    list->push_back(part);
  }
  partCount += list->size();
  pattern.phases[phase] = std::move(list);
  return pattern.phases[phase].get();
}

} // namespace vgpu
