// RaceShadow.h - last accesses of global memory, by line of 128 bytes.
#pragma once

#include "tools/vgpu/core/RaceClocks.h"
#include "tools/vgpu/core/RaceLine.h"
#include "tools/vgpu/core/RacePattern.h"

#include <cstdint>
#include <memory>
#include <unordered_map>

namespace vgpu {

/// Lines of one launch; pages are made when first touched and kept for the
/// next launch.
class RaceShadow {
public:
  /// The line that holds `address`, emptied when this launch first sees it.
  RaceLine &line(uint64_t address) {
    RaceLine &at = place(address);
    at.claim(launch);
    return at;
  }
  /// Asks for the line that holds `address` ahead of its use.
  void prefetch(uint64_t address) {
    auto *at = reinterpret_cast<const char *>(&place(address));
    for (size_t offset = 0; offset < sizeof(RaceLine); offset += 64)
      __builtin_prefetch(at + offset);
  }
  /// Forgets everything: a launch of a program with `instructions`
  /// instructions begins.
  void start(size_t instructions) {
    ++launch;
    variables.clear();
    patterns.start(instructions);
  }
  /// Flags and locks, by host address.
  std::unordered_map<uint64_t, SyncVariable> variables;
  PatternCache patterns;

private:
  static constexpr unsigned pageShift = 16;
  static constexpr uint64_t pageBytes = 1 << pageShift;
  static constexpr unsigned cacheSize = 256;
  struct Page {
    RaceLine lines[pageBytes / raceLineBytes];
  };
  struct Cached {
    uint64_t number = 0;
    Page *page = nullptr;
  };
  RaceLine &place(uint64_t address) {
    uint64_t number = address >> pageShift;
    Cached &cached = cache[number % cacheSize];
    if (cached.number != number || !cached.page)
      cached = {number, page(number)};
    return cached.page->lines[address % pageBytes / raceLineBytes];
  }
  Page *page(uint64_t number) {
    std::unique_ptr<Page> &at = pages[number];
    if (!at)
      at = std::make_unique<Page>();
    return at.get();
  }
  uint64_t launch = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;
  Cached cache[cacheSize];
};

} // namespace vgpu
