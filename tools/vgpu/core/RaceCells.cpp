// RaceCells.cpp - checks an access against the last ones of its cells.
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"
#include "tools/vgpu/core/RaceClocks.h"
#include "tools/vgpu/core/RaceShadow.h"

#include <algorithm>
#include <type_traits>

namespace vgpu {

namespace {

/// Who accesses, and what it knows.
struct Actor {
  Warp &warp;
  RaceClocks &clocks;
  WarpClocks &own;
  RaceShadow &shadow;
  uint32_t self; ///< the warp's agent
  uint32_t agent, clock, lanes, pc;
  bool async; ///< an agent of its own
  bool proxy; ///< through the async proxy
  bool strong;
  bool write, atomic;
};

/// True when an earlier access happens before the actor's.
bool ordered(const Actor &a, uint64_t cluster, uint32_t agent, uint32_t clock,
             uint32_t lanes, bool fenced) {
  if (cluster != a.clocks.linear) {
    auto known = a.own.knows.others.find(cluster);
    return known != a.own.knows.others.end() && agent < known->second->size() &&
           (*known->second)[agent].covers(clock, lanes);
  }
  if (agent == a.self) {
    if (fenced)
      return a.own.knows.fenced[agent].covers(clock, lanes);
    if (clock <= a.own.syncAll || (lanes & ~a.lanes) == 0)
      return true;
    // Lanes of one warp may meet through a lock in memory.
    if (a.own.knows.generic[agent].covers(clock, lanes))
      return true;
    if (!a.own.partial)
      return false;
    bool good = true;
    forEachLane(lanes & ~a.lanes, [&](unsigned b) {
      forEachLane(a.lanes,
                  [&](unsigned l) { good &= a.own.met[l][b] >= clock; });
    });
    return good;
  }
  // One agent's operations that wait for each other's signal share a clock.
  if (agent == a.agent && a.async)
    return clock < a.clock ? a.own.knows.generic[agent].covers(clock, allLanes)
                           : true;
  const ClockVector &known = fenced ? a.own.knows.fenced : a.own.knows.generic;
  return known[agent].covers(clock, lanes);
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

void reportRace(const Actor &a, uint64_t address, uint64_t cluster,
                uint32_t agent, uint32_t pc, bool wasWrite, bool missingFence) {
  ReportKind kind =
      missingFence ? ReportKind::MissingProxyFence : ReportKind::Race;
  std::string text = std::string(a.atomic  ? "atomic operation"
                                 : a.write ? "write"
                                           : "read") +
                     " at address " + std::to_string(address);
  if (a.async)
    text += " by " + actorName(a.clocks, a.clocks.linear, a.agent);
  if (missingFence)
    text += " through the async proxy follows a write by " +
            actorName(a.clocks, cluster, agent) +
            " without fence.proxy.async in between";
  else
    text += std::string(" is not ordered after the ") +
            (wasWrite ? "write" : "read") + " by " +
            actorName(a.clocks, cluster, agent);
  reportAt(a.warp, a.pc, kind, std::countr_zero(a.lanes), address, text, pc);
}

/// A write of the value that is already there does no harm: decided once it is
/// done. `earlier` is the Cell or CellRead that it conflicts with.
template <class Earlier>
void postponeWrite(const Actor &a, const uint8_t *pointer, uint64_t address,
                   const Earlier &earlier) {
  Warp::WriteConflict conflict;
  conflict.pointer = pointer;
  std::memcpy(conflict.old, pointer, 4);
  conflict.report = [a, address, cluster = earlier.cluster,
                     agent = earlier.agent, pc = earlier.pc] {
    bool wasWrite = std::is_same_v<Earlier, Cell>;
    reportRace(a, address, cluster, agent, pc, wasWrite, false);
  };
  if (a.warp.writeConflicts.size() < 64)
    a.warp.writeConflicts.push_back(std::move(conflict));
}

void checkWrite(const Actor &a, Cell &cell, uint8_t bytes,
                const uint8_t *pointer, uint64_t address) {
  if (cell.clock == 0 || !(cell.bytes & bytes))
    return;
  if (cell.strong && a.strong)
    return;
  if (!ordered(a, cell.cluster, cell.agent, cell.clock, cell.lanes, false)) {
    if (a.write && !a.async && !cell.async && !a.strong && !cell.strong)
      postponeWrite(a, pointer, address, cell);
    else
      reportRace(a, address, cell.cluster, cell.agent, cell.pc, true, false);
    return;
  }
  if (a.proxy && !cell.async && cell.cluster == a.clocks.linear &&
      !ordered(a, cell.cluster, cell.agent, cell.clock, cell.lanes, true))
    reportRace(a, address, cell.cluster, cell.agent, cell.pc, true, true);
}

/// Lanes of one warp that all read a word and then all write it: each lane's
/// write is ordered after its own read alone.
bool crossesLanes(const Actor &a, const CellRead &read) {
  if (a.async || read.agent != a.self || read.cluster != a.clocks.linear ||
      read.clock <= a.own.syncAll ||
      (std::has_single_bit(a.lanes) && read.lanes == a.lanes))
    return false;
  bool crosses = false;
  forEachLane(read.lanes, [&](unsigned b) {
    forEachLane(a.lanes & ~(1u << b), [&](unsigned l) {
      crosses |= !a.own.partial || a.own.met[l][b] < read.clock;
    });
  });
  return crosses;
}

void checkReads(const Actor &a, Cell &cell, uint8_t bytes,
                const uint8_t *pointer, uint64_t address) {
  auto one = [&](const CellRead &read) {
    if (read.clock == 0 || !(read.bytes & bytes) || (read.strong && a.strong))
      return;
    if (!ordered(a, read.cluster, read.agent, read.clock, read.lanes, false))
      reportRace(a, address, read.cluster, read.agent, read.pc, false, false);
    else if (a.write && crossesLanes(a, read))
      postponeWrite(a, pointer, address, read);
  };
  if (cell.many) {
    auto &list = a.shadow.lists[cell.read.agent];
    for (const CellRead &read : list)
      one(read);
    list.clear();
    a.shadow.freeLists.push_back(cell.read.agent);
    cell.many = false;
  } else {
    one(cell.read);
  }
  cell.read.clock = 0;
}

void mergeRead(CellRead &into, const Actor &a, uint8_t bytes) {
  if (into.clock != a.clock || into.bytes != bytes) {
    into.lanes = 0;
    into.bytes = into.clock == a.clock ? into.bytes | bytes : bytes;
  }
  into.clock = a.clock;
  into.lanes |= a.lanes;
  into.pc = a.pc;
  into.strong = a.strong;
}

void noteRead(const Actor &a, Cell &cell, uint8_t bytes) {
  CellRead fresh;
  fresh.cluster = a.clocks.linear;
  fresh.agent = a.agent;
  fresh.clock = a.clock;
  fresh.lanes = a.lanes;
  fresh.pc = a.pc;
  fresh.bytes = bytes;
  fresh.strong = a.strong;
  fresh.async = a.async;
  if (cell.many) {
    auto &list = a.shadow.lists[cell.read.agent];
    for (CellRead &read : list)
      if (read.agent == a.agent && read.cluster == a.clocks.linear)
        return mergeRead(read, a, bytes);
    list.push_back(fresh);
    return;
  }
  CellRead &read = cell.read;
  if (read.clock == 0) {
    read = fresh;
    return;
  }
  if (read.agent == a.agent && read.cluster == a.clocks.linear)
    return mergeRead(read, a, bytes);
  if (ordered(a, read.cluster, read.agent, read.clock, read.lanes, false)) {
    read = fresh;
    return;
  }
  uint32_t index;
  if (!a.shadow.freeLists.empty()) {
    index = a.shadow.freeLists.back();
    a.shadow.freeLists.pop_back();
  } else {
    index = uint32_t(a.shadow.lists.size());
    a.shadow.lists.emplace_back();
  }
  a.shadow.lists[index] = {read, fresh};
  read.agent = index;
  read.clock = 1;
  cell.many = true;
}

void touch(const Actor &a, Cell &cell, uint8_t bytes, const uint8_t *pointer,
           uint64_t address, bool shared) {
  // A shared cell of an earlier block in the same storage is empty.
  if (shared && cell.owner != a.clocks.linear) {
    if (cell.many)
      a.shadow.freeLists.push_back(cell.read.agent);
    cell = Cell();
    cell.owner = a.clocks.linear;
  }
  bool plainRead = !a.write && !a.atomic;
  // Most accesses repeat: the same agent, and nothing happened in between.
  checkWrite(a, cell, bytes, pointer, address);
  if (plainRead) {
    noteRead(a, cell, bytes);
    return;
  }
  checkReads(a, cell, bytes, pointer, address);
  bool sameInsn = cell.clock == a.clock && cell.agent == a.agent &&
                  cell.cluster == a.clocks.linear && cell.pc == a.pc;
  cell.cluster = a.clocks.linear;
  cell.agent = a.agent;
  cell.lanes = sameInsn ? cell.lanes | a.lanes : a.lanes;
  cell.bytes = sameInsn ? cell.bytes | bytes : bytes;
  cell.clock = a.clock;
  cell.pc = a.pc;
  cell.strong = a.strong;
  cell.async = a.proxy;
}

void touchBytes(const Actor &a, const LaneView &view, uint32_t bytes) {
  if (view.space == Space::Local || view.space == Space::Param)
    return;
  bool shared = view.space == Space::Shared;
  uint64_t begin =
      shared ? view.offset : reinterpret_cast<uint64_t>(view.pointer);
  for (uint64_t at = begin & ~uint64_t(3); at < begin + bytes; at += 4) {
    unsigned from = at < begin ? unsigned(begin - at) : 0;
    unsigned to = unsigned(std::min<uint64_t>(4, begin + bytes - at));
    auto mask = uint8_t(((1u << to) - 1) & ~((1u << from) - 1));
    const uint8_t *pointer =
        shared ? view.block->shared + at : reinterpret_cast<uint8_t *>(at);
    Cell &cell = shared ? view.block->cells[at / 4] : a.shadow.cell(at);
    touch(a, cell, mask, pointer, shared ? at + sharedBegin : at, shared);
  }
}

void noteRemote(const Actor &a, uint32_t owner) {
  for (RaceClocks::RemoteAccess &access : a.clocks.remote)
    if (access.owner == owner && access.agent == a.agent && access.pc == a.pc) {
      access.clock = a.clock;
      access.lanes = a.lanes;
      return;
    }
  a.clocks.remote.push_back({owner, a.agent, a.clock, a.lanes, a.pc, &a.warp});
}

} // namespace

void checkAccess(Warp &w, const Access &access) {
  RaceClocks &clocks = *w.block->cluster->race;
  WarpClocks &own = clocks.of(w);
  uint32_t self = clocks.warpAgent(w);
  Actor a{w,
          clocks,
          own,
          w.worker->launch->device->raceShadow(),
          self,
          self,
          own.clock,
          0,
          w.pc - 1,
          false,
          false,
          access.strong,
          access.kind == AccessKind::Write,
          access.kind == AccessKind::Atomic};
  uint32_t left = access.mask;
  while (left) {
    unsigned l = unsigned(std::countr_zero(left));
    const LaneView &view = access.lanes[l];
    // Lanes with one address count as one access of them all.
    a.lanes = 0;
    forEachLane(left, [&](unsigned k) {
      if (access.lanes[k].pointer == view.pointer)
        a.lanes |= 1u << k;
    });
    left &= ~a.lanes;
    left &= ~(1u << l);
    if (a.lanes == 0)
      a.lanes = 1u << l;
    touchBytes(a, view, access.bytes);
    if (view.space == Space::Shared && view.block != w.block)
      noteRemote(a, view.block->rank);
  }
}

void asyncAccess(Warp &w, uint32_t pc, AsyncAgent agent, const LaneView &view,
                 uint32_t bytes, AccessKind kind, bool asyncProxy) {
  if (!agent.clock)
    return;
  RaceClocks &clocks = *w.block->cluster->race;
  Actor a{w,
          clocks,
          clocks.of(w),
          w.worker->launch->device->raceShadow(),
          clocks.warpAgent(w),
          agent.agent,
          agent.clock,
          w.active ? w.active : 1u,
          pc,
          true,
          asyncProxy,
          kind == AccessKind::Atomic,
          kind == AccessKind::Write,
          kind == AccessKind::Atomic};
  touchBytes(a, view, bytes);
}

} // namespace vgpu
