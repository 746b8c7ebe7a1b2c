// Copies.cpp - cp.async: copies that land when their group is waited for.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Mbarrier.h"
#include "tools/vgpu/core/Race.h"

namespace vgpu {

namespace {

void land(const Warp::Copy &copy) {
  std::memcpy(copy.target, copy.source, copy.bytes);
  std::memset(copy.target + copy.bytes, 0, copy.zeros);
}

/// Marks the target as initialised when the source is.
void noteInitialised(Warp &w, const LaneView &target, const LaneView *source,
                     unsigned bytes, unsigned zeros) {
  if (!w.worker->checkUninitialised)
    return;
  uint8_t *known = &target.block->sharedInitialised[target.offset];
  const Device &device = *w.worker->launch->device;
  std::memset(known, 1, bytes + zeros);
  if (source && device.tracksInitialised() && device.inRange(source->address))
    std::memcpy(known, device.initialisedMap(source->address), bytes);
}

/// a: target, b: source, c: source bytes (noRef: all); aux: bytes; imm: target
/// offset; aux32: MemWide for the target; ext: source offset low, high, source
/// wide, ignore predicate.
void runCopy(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  uint64_t targets[32];
  laneAddresses(w, i, mask, targets);
  int64_t offset = int64_t(uint64_t(ext[0]) | uint64_t(ext[1]) << 32);
  AsyncAgent agent = beginAsync(w, mask, AgentKind::Copy, *w.block, w.index);
  bool atOnce = w.worker->random && (w.worker->rng() & 1);
  forEachLane(mask, [&](unsigned l) {
    uint64_t from = uint64_t(offset) + (ext[2] ? w.read<uint64_t>(i.b)[l]
                                               : w.read<uint32_t>(i.b)[l]);
    uint32_t bytes = i.aux;
    if (i.c != noRef)
      bytes = w.read<uint32_t>(i.c)[l];
    if (ext[3] != noRef && (w.predicate(ext[3]) >> l & 1))
      bytes = 0;
    if (bytes > i.aux) {
      report(w, ReportKind::InvalidOperand, int(l), 0,
             "cp.async expects a source size of at most " +
                 std::to_string(i.aux) + ", but got " + std::to_string(bytes));
      return;
    }
    LaneView target, source;
    if (!resolveOne(w, l, Space::Shared, targets[l], i.aux, i.aux,
                    AccessKind::Write, target) ||
        (bytes &&
         !resolveOne(w, l, Space::Global, from, bytes,
                     bytes == i.aux ? i.aux : 1, AccessKind::Read, source)))
      return;
    noteInitialised(w, target, bytes ? &source : nullptr, bytes, i.aux - bytes);
    if (agent.clock) {
      uint32_t pc = w.pc - 1;
      asyncAccess(w, pc, agent, target, i.aux, AccessKind::Write, false);
      if (bytes)
        asyncAccess(w, pc, agent, source, bytes, AccessKind::Read, false);
    }
    w.worker->stats.asyncBytesLoaded += bytes;
    Warp::Copy copy{target.pointer, source.pointer, uint8_t(bytes),
                    uint8_t(i.aux - bytes), uint8_t(l)};
    if (atOnce) {
      land(copy);
      copy.bytes = copy.zeros = 0;
    }
    w.openCopies.push_back(copy);
  });
  w.openCopyClock = agent.clock;
  w.copyAgent = agent.agent;
}

void runCommit(Warp &w, const Insn &, uint32_t mask) {
  Warp::CopyGroup group;
  group.mask = mask;
  group.raceClock = w.openCopyClock;
  std::vector<Warp::Copy> rest;
  for (const Warp::Copy &copy : w.openCopies)
    (mask >> copy.lane & 1 ? group.copies : rest).push_back(copy);
  w.openCopies = std::move(rest);
  w.copyGroups.push_back(std::move(group));
}

/// imm: groups that may stay in flight.
void runWait(Warp &w, const Insn &i, uint32_t mask) {
  waitCopies(w, mask, uint64_t(i.imm), i.aux);
}

/// cp.async.mbarrier.arrive: aux 1: noinc.
void runArrive(Warp &w, const Insn &i, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  forEachLane(mask, [&](unsigned l) {
    LaneView view;
    if (stopping(w) || !findMbarrier(w, l, memSpace(i), addresses[l], view))
      return;
    if (!i.aux)
      addPending(w, view, 1);
    AsyncOperation op;
    Cluster &cluster = *w.block->cluster;
    op.id = cluster.nextOperation++;
    op.block = w.block;
    op.warp = &w;
    op.pc = w.pc - 1;
    op.lane = l;
    op.delay = w.worker->random ? uint32_t(w.worker->rng() % 32) : 0;
    AsyncAgent agent{w.copyAgent, w.openCopyClock};
    // The copies issued up to now; later ones are not waited for.
    auto copies = std::make_shared<std::vector<Warp::Copy>>();
    auto grab = [&](std::vector<Warp::Copy> &list) {
      for (Warp::Copy &copy : list)
        if (copy.lane == l)
          copies->push_back(copy);
      std::erase_if(list, [&](const Warp::Copy &c) { return c.lane == l; });
    };
    for (Warp::CopyGroup &group : w.copyGroups)
      grab(group.copies);
    grab(w.openCopies);
    op.perform = [copies] {
      for (const Warp::Copy &copy : *copies)
        land(copy);
    };
    op.signal = [&w, view, agent, pc = op.pc, l] {
      asyncToMbarrier(*view.block, view.offset, agent);
      arriveOn(w, pc, int(l), view, 1, 0);
    };
    cluster.operations.push_back(std::move(op));
  });
}

bool decodeCopy(Builder &b) {
  Insn insn;
  int cache = b.takeOneOf({"ca", "cg"});
  if (cache < 0 || !(b.take("shared") || b.take("shared::cta")) ||
      !b.take("global"))
    return false;
  bool policy = b.take("L2::cache_hint");
  b.takeOneOf({"L2::64B", "L2::128B", "L2::256B"});
  unsigned count = b.operandCount() - (policy ? 1 : 0);
  int64_t bytes, sourceOffset;
  bool wide, sourceWide;
  if (count < 3 || count > 4)
    return b.fail("cp.async expects 3 or 4 operands");
  if (!b.address(b.operand(0), Space::Shared, insn.a, insn.imm, wide) ||
      !b.address(b.operand(1), Space::Global, insn.b, sourceOffset,
                 sourceWide) ||
      !b.integer(b.operand(2), bytes))
    return false;
  if (!(bytes == 16 || (cache == 0 && (bytes == 4 || bytes == 8))))
    return b.fail("cp.async expects 16 bytes, or 4 or 8 with .ca, but got " +
                  std::to_string(bytes));
  Ref ignore = noRef;
  if (count == 4) {
    if (b.registerType(b.operand(3)) == Type::Pred) {
      if (!b.source(3, Type::Pred, ignore))
        return false;
    } else if (!b.source(3, Type::B32, insn.c)) {
      return false;
    }
  }
  insn.aux = uint8_t(bytes);
  insn.aux32 = wide ? MemWide : 0;
  insn.ext = b.addExt(uint32_t(uint64_t(sourceOffset)));
  b.addExt(uint32_t(uint64_t(sourceOffset) >> 32));
  b.addExt(sourceWide);
  b.addExt(ignore);
  insn.run = runCopy;
  b.emit(insn, InstructionClass::AsyncCopy);
  return true;
}

} // namespace

void waitCopies(Warp &w, uint32_t mask, uint64_t keep, bool open) {
  if (open) {
    for (Warp::Copy &copy : w.openCopies)
      if (mask >> copy.lane & 1)
        land(copy);
    std::erase_if(w.openCopies,
                  [&](const Warp::Copy &c) { return mask >> c.lane & 1; });
    if (w.openCopyClock)
      asyncToLanes(w, mask, {w.copyAgent, w.openCopyClock});
  }
  uint64_t newer[32] = {};
  for (size_t g = w.copyGroups.size(); g-- > 0;) {
    Warp::CopyGroup &group = w.copyGroups[g];
    uint32_t done = 0;
    forEachLane(group.mask & mask, [&](unsigned l) {
      if (newer[l]++ >= keep)
        done |= 1u << l;
    });
    if (!done)
      continue;
    for (const Warp::Copy &copy : group.copies)
      if (done >> copy.lane & 1)
        land(copy);
    std::erase_if(group.copies,
                  [&](const Warp::Copy &c) { return done >> c.lane & 1; });
    group.mask &= ~done;
    if (group.raceClock)
      asyncToLanes(w, done, {w.copyAgent, group.raceClock});
  }
  while (!w.copyGroups.empty() && w.copyGroups.front().mask == 0)
    w.copyGroups.pop_front();
}

bool decodeCopyInsn(Builder &b) {
  Insn insn;
  if (!b.take("async"))
    return false;
  if (b.take("commit_group")) {
    insn.run = runCommit;
    b.emit(insn, InstructionClass::AsyncCopy);
    return true;
  }
  if (b.take("wait_all")) {
    insn.run = runWait;
    insn.aux = 1;
    b.emit(insn, InstructionClass::AsyncCopy);
    return true;
  }
  if (b.take("wait_group")) {
    insn.run = runWait;
    if (!b.expectOperands(1) || !b.integer(b.operand(0), insn.imm))
      return false;
    if (insn.imm < 0)
      return b.fail("expected a count of groups of at least 0");
    b.emit(insn, InstructionClass::AsyncCopy);
    return true;
  }
  if (b.take("mbarrier")) {
    if (!b.take("arrive"))
      return false;
    insn.aux = b.take("noinc");
    Space space = b.takeSpace();
    b.takeType();
    bool wide;
    if (!b.expectOperands(1) ||
        !b.address(b.operand(0), space, insn.a, insn.imm, wide))
      return false;
    insn.aux32 = (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
    insn.run = runArrive;
    b.emit(insn, InstructionClass::AsyncCopy);
    return true;
  }
  return decodeCopy(b);
}

} // namespace vgpu
