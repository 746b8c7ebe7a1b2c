// RaceCells.cpp - checks an access against the last ones of its cells.
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"
#include "tools/vgpu/core/RaceOrder.h"
#include "tools/vgpu/core/RaceShadow.h"

#include <algorithm>

namespace vgpu {

namespace {

/// More records than this make a list look for those that can go.
constexpr uint32_t longList = 16;
/// Reads by other clusters that a line remembers: the first half of them, and
/// the last.
constexpr uint32_t mostForeign = 8;
/// A line forgets its oldest records beyond this.
constexpr uint32_t mostRecords = 128;

/// Where a line lies: its address in reports, and on the host.
struct Place {
  uint64_t address = 0;
  uint64_t host = 0;
};

/// Calls f(clash) for each group of equal bytes in `common` cells that both
/// touch, until it returns false.
template <class F>
void eachClash(const RaceRecord &earlier, const RaceRecord &fresh,
               uint32_t common, const Place &place, F f) {
  for (uint32_t left = common; left; left &= left - 1) {
    auto c = unsigned(std::countr_zero(left));
    Clash clash;
    clash.address = place.address + 4 * c;
    clash.pointer = reinterpret_cast<const uint8_t *>(place.host + 4 * c);
    for (unsigned b = 0; b < 4; ++b) {
      uint32_t before = earlier.lanesOf(c, b), now = fresh.lanesOf(c, b);
      if (!before || !now || (before == clash.before && now == clash.now))
        continue;
      clash.before = before;
      clash.now = now;
      if (!f(clash))
        return;
    }
  }
}

/// Two writes that do not wait for each other.
void clashWithWrite(const Actor &a, const RaceRecord &earlier,
                    const RaceRecord &fresh, uint32_t common,
                    const Place &place) {
  bool mayAgree =
      a.write && !a.async && !earlier.async && !a.strong && !earlier.strong;
  eachClash(earlier, fresh, common, place, [&](const Clash &clash) {
    if (lanesOrdered(a, earlier, clash.before, clash.now, false))
      return true;
    if (mayAgree)
      postponeWrite(a, earlier, clash, true);
    else
      reportRace(a, earlier, clash, true, false);
    return mayAgree;
  });
}

void checkWrites(const Actor &a, RaceLine &line, const RaceRecord &fresh,
                 const Place &place) {
  for (const RaceRecord &earlier : line.writes) {
    uint32_t common = earlier.cells & fresh.cells;
    if (!common || (earlier.strong && a.strong))
      continue;
    if (!allOrdered(a, earlier, fresh))
      clashWithWrite(a, earlier, fresh, common, place);
    if (!a.proxy || earlier.async || earlier.cluster != a.clocks.linear ||
        allFenced(a, earlier))
      continue;
    eachClash(earlier, fresh, common, place, [&](const Clash &clash) {
      bool good = !lanesOrdered(a, earlier, clash.before, clash.now, false) ||
                  lanesOrdered(a, earlier, clash.before, clash.now, true);
      if (!good)
        reportRace(a, earlier, clash, true, true);
      return good;
    });
  }
}

void checkReads(const Actor &a, RaceLine &line, const RaceRecord &fresh,
                const Place &place) {
  for (const RaceRecord &earlier : line.reads) {
    uint32_t common = earlier.cells & fresh.cells;
    if (!common || (earlier.strong && a.strong))
      continue;
    bool mayCross = a.write && !a.async && !fresh.single() &&
                    !earlier.blurred && earlier.agent == a.self &&
                    earlier.cluster == a.clocks.linear &&
                    earlier.clock > a.own.syncAll;
    if (!mayCross && allOrdered(a, earlier, fresh))
      continue;
    eachClash(earlier, fresh, common, place, [&](const Clash &clash) {
      bool good = lanesOrdered(a, earlier, clash.before, clash.now, false);
      if (!good)
        reportRace(a, earlier, clash, false, false);
      else if (mayCross && lanesCross(a, earlier, clash.before, clash.now))
        postponeWrite(a, earlier, clash, false);
      return good;
    });
  }
}

/// Common cells of which `fresh` touches a byte that `earlier` touches.
uint32_t commonCells(const RaceRecord &earlier, const RaceRecord &fresh) {
  uint32_t common = earlier.cells & fresh.cells;
  if (!common || earlier.full() || fresh.full())
    return common;
  uint32_t cells = 0;
  eachClash(earlier, fresh, common, {}, [&](const Clash &clash) {
    cells |= 1u << (clash.address / 4);
    return true;
  });
  return cells;
}

/// Of other clusters' reads some stand for all: the first ones, and the last.
void dropForeign(const Actor &a, RecordList &reads) {
  auto isForeign = [&](const RaceRecord &r) {
    return r.cluster != a.clocks.linear;
  };
  auto foreign = uint32_t(std::count_if(reads.begin(), reads.end(), isForeign));
  if (foreign <= mostForeign)
    return;
  uint32_t seen = 0;
  for (RaceRecord &r : reads) {
    if (!isForeign(r))
      continue;
    bool isKept = seen < mostForeign / 2 || seen + mostForeign / 2 >= foreign;
    ++seen;
    if (!isKept)
      r.cells = 0;
  }
  reads.dropEmpty();
}

/// Scattered reads: those of one origin become one record.
void blur(RecordList &reads) {
  for (RaceRecord &r : reads)
    for (RaceRecord *other = &r + 1; r.cells && other != reads.end(); ++other)
      if (other->cells && r.sameOrigin(*other) && r.mayBlur(*other)) {
        r.blurred = true;
        r.cells |= other->cells;
        r.lanes |= other->lanes;
        other->cells = 0;
      }
  reads.dropEmpty();
}

/// Keeps a list of reads short: what happens before `fresh` says no more than
/// it.
void shorten(const Actor &a, RecordList &reads, const RaceRecord &fresh) {
  for (RaceRecord &r : reads)
    if ((r.cells & fresh.cells) && fresh.covers(r) && allOrdered(a, r, fresh))
      r.cells &= ~fresh.cells;
  reads.dropEmpty();
  dropForeign(a, reads);
  if (reads.size() > longList)
    blur(reads);
  if (reads.size() > mostRecords)
    reads.erase(reads.begin());
}

/// Notes `fresh` in a list: it takes its cells from the records for which
/// gone(record) holds, and the place of one that has none left. `same` is the
/// record that it belongs to, if there is one.
template <class F>
void noteRecord(RecordList &list, RaceRecord *same, const RaceRecord &fresh,
                F gone) {
  bool empty = false;
  RaceRecord *place = same;
  if (same)
    same->cells |= fresh.cells;
  for (RaceRecord &r : list) {
    if (&r == same || !(r.cells & fresh.cells) || !fresh.covers(r) || !gone(r))
      continue;
    r.cells &= ~fresh.cells;
    if (r.cells == 0 && !place) {
      r = fresh;
      place = &r;
      // What follows must not take it for an older one.
      same = &r;
    }
    empty |= r.cells == 0;
  }
  if (empty)
    list.dropEmpty();
  if (!place)
    list.push(fresh);
}

void noteRead(const Actor &a, RecordList &reads, RaceRecord *same,
              const RaceRecord &fresh) {
  if (!same && reads.size() && reads.size() % longList == 0)
    shorten(a, reads, fresh);
  noteRecord(reads, same, fresh, [&](const RaceRecord &r) {
    return r.agent == fresh.agent && r.cluster == fresh.cluster &&
           allOrdered(a, r, fresh);
  });
}

void noteWrite(RaceLine &line, RaceRecord *same, const RaceRecord &fresh) {
  bool empty = false;
  for (RaceRecord &r : line.reads) {
    r.cells &= ~commonCells(r, fresh);
    empty |= r.cells == 0;
  }
  if (empty)
    line.reads.dropEmpty();
  if (!same && line.writes.size() >= mostRecords)
    line.writes.erase(line.writes.begin());
  noteRecord(line.writes, same, fresh, [](const RaceRecord &) { return true; });
}

bool readsCells(RecordList &reads, uint32_t cells) {
  uint32_t read = 0;
  for (const RaceRecord &r : reads)
    read |= r.cells;
  return read & cells;
}

void touch(const Actor &a, RaceLine &line, const RaceRecord &fresh,
           const Place &place) {
  bool plainRead = !a.write && !a.atomic;
  RecordList &list = plainRead ? line.reads : line.writes;
  RaceRecord *same = nullptr;
  for (RaceRecord &r : list)
    if (r.sameStamp(fresh)) {
      same = &r;
      break;
    }
  // Most accesses repeat: the same instruction, and no synchronisation or
  // write in between.
  if (same && !(fresh.cells & ~same->cells) &&
      (plainRead || !readsCells(line.reads, fresh.cells)))
    return;
  checkWrites(a, line, fresh, place);
  if (plainRead) {
    noteRead(a, list, same, fresh);
    return;
  }
  checkReads(a, line, fresh, place);
  noteWrite(line, same, fresh);
}

RaceRecord freshRecord(const Actor &a) {
  RaceRecord fresh;
  fresh.cluster = a.clocks.linear;
  fresh.agent = a.agent;
  fresh.clock = a.clock;
  fresh.pc = a.pc;
  fresh.strong = a.strong;
  fresh.async = a.write || a.atomic ? a.proxy : a.async;
  return fresh;
}

/// Bytes in a row that `lanes` touch together.
void touchBytes(const Actor &a, const LaneView &view, uint32_t bytes,
                uint32_t lanes) {
  if (view.space == Space::Local || view.space == Space::Param)
    return;
  bool shared = view.space == Space::Shared;
  RaceShadow &shadow = *a.warp.worker->shadow;
  RaceRecord fresh = freshRecord(a);
  fresh.lanes = lanes;
  // Lanes of a warp seldom meet in global memory; their scattered reads are
  // one record from the start.
  fresh.blurred = !shared && !a.async && !a.write && !a.atomic;
  uint64_t at = shared ? view.offset : reinterpret_cast<uint64_t>(view.pointer);
  uint64_t host = shared ? reinterpret_cast<uint64_t>(view.block->shared) : 0;
  for (uint64_t end = at + bytes; at < end;) {
    unsigned in = at % raceLineBytes, cell = in / 4;
    uint64_t left = end - at, count = 1;
    if (in % 4 || left < 4) {
      unsigned to = unsigned(std::min<uint64_t>(4, in % 4 + left));
      fresh.bytes = uint8_t(((1u << to) - 1) & ~((1u << in % 4) - 1));
      at += to - in % 4;
    } else {
      count = std::min<uint64_t>(left / 4, 32 - cell);
      fresh.bytes = 15;
      at += 4 * count;
    }
    fresh.cells = uint32_t(((uint64_t(1) << count) - 1) << cell);
    uint64_t base = (at - 1) & ~uint64_t(raceLineBytes - 1);
    RaceLine &line =
        shared ? view.block->lines[base / raceLineBytes] : shadow.line(base);
    if (shared)
      line.claim(a.clocks.linear);
    touch(a, line, fresh, {shared ? base + sharedBegin : base, host + base});
  }
}

void noteRemote(const Actor &a, uint32_t owner, uint32_t lanes) {
  for (RaceClocks::RemoteAccess &access : a.clocks.remote)
    if (access.owner == owner && access.agent == a.agent && access.pc == a.pc) {
      access.clock = a.clock;
      access.lanes = lanes;
      return;
    }
  a.clocks.remote.push_back({owner, a.agent, a.clock, lanes, a.pc, &a.warp});
}

Actor actorOf(Warp &w, AccessKind kind, bool strong) {
  RaceClocks &clocks = *w.block->cluster->race;
  WarpClocks &own = clocks.of(w);
  uint32_t self = clocks.warpAgent(w);
  return {w,
          clocks,
          own,
          self,
          self,
          own.clock,
          w.pc - 1,
          false,
          false,
          strong,
          kind == AccessKind::Write,
          kind == AccessKind::Atomic};
}

/// Lane by lane, at viewOf(lane), whose bytes begin at places[lane] on the
/// host; lanes with one place count as one access of them all.
template <class F>
void touchLanes(const Actor &a, uint32_t mask, uint32_t bytes,
                const uint64_t (&places)[32], F viewOf) {
  for (uint32_t left = mask; left;) {
    auto first = unsigned(std::countr_zero(left));
    uint64_t place = places[first];
    uint32_t lanes =
        left & maskOf([&](unsigned l) { return places[l] == place; });
    left &= ~lanes;
    LaneView view = viewOf(first);
    touchBytes(a, view, bytes, lanes);
    if (view.space == Space::Shared && view.block != a.warp.block)
      noteRemote(a, view.block->rank, lanes);
  }
}

/// Notes a scattered read of whole cells in the record that it belongs to, or
/// in a fresh one. False where a write has to be looked at, or the list is
/// long.
bool noteScattered(RaceLine &line, const RaceRecord &fresh) {
  if (line.writes.size())
    return false;
  // The last ones are the likeliest.
  for (RaceRecord *r = line.reads.end(); r != line.reads.begin();)
    if ((--r)->blurred && r->sameOrigin(fresh) && r->mayBlur(fresh)) {
      r->cells |= fresh.cells;
      return true;
    }
  if (line.reads.size() >= 2 * longList)
    return false;
  line.reads.push(fresh);
  return true;
}

/// Plain reads of global memory at places without a pattern, `view` by lane.
/// Nearly all of their time is waiting for lines, so all are asked for first.
template <class F>
void touchScattered(const Actor &a, uint32_t mask, uint32_t bytes,
                    const uint64_t (&places)[32], F viewOf) {
  RaceShadow &shadow = *a.warp.worker->shadow;
  RaceRecord fresh = freshRecord(a);
  fresh.bytes = 15;
  fresh.blurred = true;
  forEachLane(mask, [&](unsigned l) { shadow.prefetch(places[l]); });
  forEachLane(mask, [&](unsigned l) {
    RecordList &reads = shadow.line(places[l]).reads;
    __builtin_prefetch(reads.end());
  });
  forEachLane(mask, [&](unsigned l) {
    unsigned in = places[l] % raceLineBytes;
    fresh.cells = ((1u << bytes / 4) - 1) << in / 4;
    fresh.lanes = 1u << l;
    bool whole = in % 4 == 0 && bytes % 4 == 0 && in + bytes <= raceLineBytes;
    if (!whole || !noteScattered(shadow.line(places[l]), fresh))
      touchBytes(a, viewOf(l), bytes, 1u << l);
  });
}

/// All lanes at once; false when their addresses follow no pattern.
bool touchPattern(const Actor &a, uint32_t mask, uint32_t bytes,
                  const uint64_t (&addresses)[32], bool shared) {
  RaceShadow &shadow = *a.warp.worker->shadow;
  Pattern *pattern = shadow.patterns.find(a.pc, mask, bytes, addresses);
  // Lanes that overwrite each other are told apart.
  if (!pattern || (pattern->overlapping && a.write))
    return false;
  const std::vector<PatternPart> *parts =
      shadow.patterns.parts(*pattern, addresses[0]);
  if (!parts)
    return false;
  Block &block = *a.warp.block;
  auto host = reinterpret_cast<uint64_t>(block.shared);
  RaceRecord fresh = freshRecord(a);
  uint64_t first = addresses[0] & ~uint64_t(raceLineBytes - 1);
  for (const PatternPart &part : *parts) {
    uint64_t base = first + uint64_t(part.offset);
    fresh.footprint = part.footprint;
    fresh.cells = part.cells;
    fresh.lanes = part.lanes;
    fresh.bytes = part.bytes;
    if (shared) {
      RaceLine &line = block.lines[base / raceLineBytes];
      line.claim(a.clocks.linear);
      touch(a, line, fresh, {base + sharedBegin, host + base});
    } else {
      touch(a, shadow.line(base), fresh, {base, base});
    }
  }
  return true;
}

/// Lanes at `addresses`: offsets in the block's shared memory, or host
/// addresses of global memory.
template <class F>
void touchPlaces(const Actor &a, uint32_t mask, uint32_t bytes,
                 const uint64_t (&addresses)[32], bool shared, F viewOf) {
  if (touchPattern(a, mask, bytes, addresses, shared))
    return;
  if (shared || a.write || a.atomic || a.async)
    touchLanes(a, mask, bytes, addresses, viewOf);
  else
    touchScattered(a, mask, bytes, addresses, viewOf);
}

/// The lanes' places when all lie in global memory or all in the block's own
/// shared memory.
bool samePlace(const Warp &w, const Access &access, uint64_t (&addresses)[32],
               bool &shared) {
  auto first = unsigned(std::countr_zero(access.mask));
  shared = access.lanes[first].space == Space::Shared;
  bool good = true;
  forEachLane(access.mask, [&](unsigned l) {
    const LaneView &view = access.lanes[l];
    good &= shared ? view.space == Space::Shared && view.block == w.block
                   : view.space == Space::Global;
    addresses[l] =
        shared ? view.offset : reinterpret_cast<uint64_t>(view.pointer);
  });
  forEachLane(~access.mask,
              [&](unsigned l) { addresses[l] = addresses[first]; });
  return good;
}

} // namespace

void checkAccess(Warp &w, const Access &access) {
  Actor a = actorOf(w, access.kind, access.strong);
  uint64_t addresses[32];
  bool shared;
  if (!access.mask)
    return;
  if (samePlace(w, access, addresses, shared)) {
    touchPlaces(a, access.mask, access.bytes, addresses, shared,
                [&](unsigned l) { return access.lanes[l]; });
    return;
  }
  // Lanes of local memory have no place; they are passed over.
  forEachLane(access.mask, [&](unsigned l) {
    addresses[l] = reinterpret_cast<uint64_t>(access.lanes[l].pointer);
  });
  touchLanes(a, access.mask, access.bytes, addresses,
             [&](unsigned l) { return access.lanes[l]; });
}

void checkLanes(Warp &w, uint32_t mask, const uint64_t (&addresses)[32],
                uint32_t bytes, AccessKind kind, bool shared) {
  Actor a = actorOf(w, kind, false);
  auto base = shared ? reinterpret_cast<uint64_t>(w.block->shared) : 0;
  touchPlaces(a, mask, bytes, addresses, shared, [&](unsigned l) {
    LaneView view;
    view.space = shared ? Space::Shared : Space::Global;
    view.block = w.block;
    view.offset = uint32_t(addresses[l]);
    view.pointer = reinterpret_cast<uint8_t *>(base + addresses[l]);
    return view;
  });
}

namespace {
Actor asyncActor(Warp &w, uint32_t pc, AsyncAgent agent, AccessKind kind,
                 bool asyncProxy) {
  Actor a = actorOf(w, kind, kind == AccessKind::Atomic);
  a.agent = agent.agent;
  a.clock = agent.clock;
  a.pc = pc;
  a.async = true;
  a.proxy = asyncProxy;
  return a;
}
} // namespace

void asyncAccess(Warp &w, uint32_t pc, AsyncAgent agent, const LaneView &view,
                 uint32_t bytes, AccessKind kind, bool asyncProxy) {
  if (agent.clock)
    touchBytes(asyncActor(w, pc, agent, kind, asyncProxy), view, bytes,
               w.active ? w.active : 1u);
}

void SharedCells::add(uint32_t offset, uint32_t bytes) {
  cells.resize(block.sharedBytes / raceLineBytes + 1);
  for (uint32_t at = offset; at < offset + bytes; at += 4) {
    uint32_t &line = cells[at / raceLineBytes];
    if (!line)
      lines.push_back(at / raceLineBytes);
    line |= 1u << (at / 4 % 32);
  }
}

void asyncReads(Warp &w, uint32_t pc, AsyncAgent agent,
                const SharedCells &cells) {
  if (!agent.clock)
    return;
  Actor a = asyncActor(w, pc, agent, AccessKind::Read, true);
  RaceRecord fresh = freshRecord(a);
  fresh.lanes = w.active ? w.active : 1u;
  fresh.bytes = 15;
  for (uint32_t number : cells.lines) {
    RaceLine &line = cells.block.lines[number];
    line.claim(a.clocks.linear);
    fresh.cells = cells.cells[number];
    uint64_t base = uint64_t(number) * raceLineBytes;
    touch(a, line, fresh,
          {base + sharedBegin,
           reinterpret_cast<uint64_t>(cells.block.shared) + base});
  }
}

} // namespace vgpu
