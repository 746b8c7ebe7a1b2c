// RaceOrder.cpp - order between accesses by vector clocks, and its reports.
#include "tools/vgpu/core/RaceOrder.h"

#include "tools/vgpu/core/LaneOps.h"

namespace vgpu {

namespace {

/// What the actor knows of an agent of another cluster; null: nothing.
const ClockEntry *foreignEntry(const Actor &a, const RaceRecord &earlier) {
  const Others &others = a.own.knows.others;
  if (others.empty())
    return nullptr;
  auto known = others.find(earlier.cluster);
  if (known == others.end() || earlier.agent >= known->second->size())
    return nullptr;
  return &(*known->second)[earlier.agent];
}

/// Lanes of one warp that met pairwise at barriers of a part of the warp.
bool lanesMet(const WarpClocks &own, uint32_t clock, uint32_t before,
              uint32_t now) {
  if (!own.partial)
    return false;
  bool good = true;
  forEachLane(before & ~now, [&](unsigned b) {
    forEachLane(now, [&](unsigned l) { good &= own.met[l][b] >= clock; });
  });
  return good;
}

std::string actorName(const RaceClocks &clocks, uint64_t cluster,
                      uint32_t agent) {
  std::string out;
  uint32_t in = agent % clocks.agentsPerBlock, n = clocks.warpsPerBlock;
  if (in < n)
    out = "warp " + std::to_string(in);
  else if (in < 2 * n)
    out = "cp.async of warp " + std::to_string(in - n);
  else if (in < 3 * n)
    out = "the bulk copy of warp " + std::to_string(in - 2 * n);
  else if (in < 4 * n)
    out = "wgmma of warp " + std::to_string(in - 3 * n);
  else
    out = "a bulk copy into shared memory";
  if (cluster != clocks.linear)
    out += " of another block";
  else if (agent / clocks.agentsPerBlock)
    out += " of block " + std::to_string(agent / clocks.agentsPerBlock) +
           " of the cluster";
  return out;
}

} // namespace

bool allOrdered(const Actor &a, const RaceRecord &earlier,
                const RaceRecord &fresh) {
  if (earlier.cluster != a.clocks.linear) {
    const ClockEntry *known = foreignEntry(a, earlier);
    return known && earlier.clock <= known->all;
  }
  const ClockVector &generic = a.own.knows.generic;
  if (earlier.agent == a.self) {
    if (earlier.clock <= a.own.syncAll || earlier.blurred)
      return true;
    if (earlier.footprint
            ? earlier.footprint == fresh.footprint
            : !fresh.footprint && (earlier.lanes & ~fresh.lanes) == 0)
      return true;
  } else if (a.async && earlier.agent == a.agent && earlier.clock >= a.clock) {
    // One agent's operations that wait for each other's signal share a clock.
    return true;
  }
  return earlier.clock <= generic[earlier.agent].all;
}

bool allFenced(const Actor &a, const RaceRecord &earlier) {
  return earlier.clock <= a.own.knows.fenced[earlier.agent].all;
}

bool lanesOrdered(const Actor &a, const RaceRecord &earlier, uint32_t before,
                  uint32_t now, bool fenced) {
  uint32_t agent = earlier.agent, clock = earlier.clock;
  // A blurred record counts as known when any of its lanes is: that may hide
  // a race, and never invents one.
  if (earlier.blurred)
    before = 0;
  if (earlier.cluster != a.clocks.linear) {
    const ClockEntry *known = foreignEntry(a, earlier);
    return known && known->covers(clock, before);
  }
  if (fenced)
    return a.own.knows.fenced[agent].covers(clock, before);
  const ClockEntry &known = a.own.knows.generic[agent];
  if (agent == a.self)
    // Lanes of one warp may also meet through a lock in memory.
    return clock <= a.own.syncAll || (before & ~now) == 0 ||
           known.covers(clock, before) || lanesMet(a.own, clock, before, now);
  if (a.async && agent == a.agent)
    return clock >= a.clock || known.covers(clock, allLanes);
  return known.covers(clock, before);
}

bool lanesCross(const Actor &a, const RaceRecord &earlier, uint32_t before,
                uint32_t now) {
  if (std::has_single_bit(now) && before == now)
    return false;
  bool crosses = false;
  forEachLane(before, [&](unsigned b) {
    forEachLane(now & ~(1u << b), [&](unsigned l) {
      crosses |= !a.own.partial || a.own.met[l][b] < earlier.clock;
    });
  });
  return crosses;
}

void reportRace(const Actor &a, const RaceRecord &earlier, const Clash &clash,
                bool wasWrite, bool missingFence) {
  ReportKind kind =
      missingFence ? ReportKind::MissingProxyFence : ReportKind::Race;
  std::string text = std::string(a.atomic  ? "atomic operation"
                                 : a.write ? "write"
                                           : "read") +
                     " at address " + std::to_string(clash.address);
  if (a.async)
    text += " by " + actorName(a.clocks, a.clocks.linear, a.agent);
  std::string other = actorName(a.clocks, earlier.cluster, earlier.agent);
  if (missingFence)
    text += " through the async proxy follows a write by " + other +
            " without fence.proxy.async in between";
  else
    text += std::string(" is not ordered after the ") +
            (wasWrite ? "write" : "read") + " by " + other;
  reportAt(a.warp, a.pc, kind, std::countr_zero(clash.now), clash.address, text,
           earlier.pc);
}

void postponeWrite(const Actor &a, const RaceRecord &earlier,
                   const Clash &clash, bool wasWrite) {
  if (a.warp.writeConflicts.size() >= 64)
    return;
  Warp::WriteConflict conflict;
  conflict.pointer = clash.pointer;
  std::memcpy(conflict.old, clash.pointer, 4);
  conflict.report = [a, earlier, clash, wasWrite] {
    reportRace(a, earlier, clash, wasWrite, false);
  };
  a.warp.writeConflicts.push_back(std::move(conflict));
}

} // namespace vgpu
