// RaceOrder.h - does an earlier access happen before this one?
#pragma once

#include "tools/vgpu/core/RaceClocks.h"
#include "tools/vgpu/core/RaceLine.h"

namespace vgpu {

/// Who accesses, and what it knows.
struct Actor {
  Warp &warp;
  RaceClocks &clocks;
  WarpClocks &own;
  uint32_t self; ///< the warp's agent
  uint32_t agent, clock, pc;
  bool async; ///< an agent of its own
  bool proxy; ///< through the async proxy
  bool strong;
  bool write, atomic;
};

/// A byte's cell, and the lanes that touch it, earlier and now.
struct Clash {
  uint64_t address = 0; ///< of the cell, as reports name it
  const uint8_t *pointer = nullptr;
  uint32_t before = 0, now = 0;
};

/// True when every lane of `earlier` happens before every lane of `fresh`,
/// as far as that can be told without looking at single lanes.
bool allOrdered(const Actor &actor, const RaceRecord &earlier,
                const RaceRecord &fresh);
/// The same with a proxy fence on the way.
bool allFenced(const Actor &actor, const RaceRecord &earlier);
/// True when the lanes `before` of `earlier` happen before the lanes `now`.
bool lanesOrdered(const Actor &actor, const RaceRecord &earlier,
                  uint32_t before, uint32_t now, bool fenced);

/// True when lanes of the actor's warp that all read a word now all write it
/// and have not met since: each one's write is ordered after its own read
/// alone.
bool lanesCross(const Actor &actor, const RaceRecord &earlier, uint32_t before,
                uint32_t now);

/// Reports that the access is not ordered after `earlier`, or has no proxy
/// fence after it.
void reportRace(const Actor &actor, const RaceRecord &earlier,
                const Clash &clash, bool wasWrite, bool missingFence);
/// A write of the value that is already there does no harm: reported once it
/// is done, if it changed the cell.
void postponeWrite(const Actor &actor, const RaceRecord &earlier,
                   const Clash &clash, bool wasWrite);

} // namespace vgpu
