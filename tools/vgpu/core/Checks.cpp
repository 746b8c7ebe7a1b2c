// Checks.cpp - undefined values, pending results and counts, per instruction.
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Race.h"

#include <algorithm>

namespace vgpu {

namespace {

/// Where an undefined value came from: the load, or the use itself for a
/// register that nothing has written.
void reportUndefined(Warp &w, uint32_t pc, uint32_t lanes, uint32_t origin,
                     const char *use) {
  int lane = std::countr_zero(lanes);
  if (origin == ~0u)
    reportAt(w, pc, ReportKind::Uninitialised, lane, 0,
             std::string("a register that nothing has written is used as ") +
                 use);
  else
    reportAt(w, origin, ReportKind::Uninitialised, lane, 0,
             std::string("this reads memory that nothing has written, and the "
                         "value is used as ") +
                 use,
             pc);
}

uint32_t undefinedIn(const Warp &w, Ref ref, uint32_t mask) {
  return ref & constantRef ? 0 : w.frame->undefined[ref >> 6] & mask;
}

bool isMemory(unsigned cls) {
  using C = InstructionClass;
  return cls >= unsigned(C::LoadGlobal) && cls <= unsigned(C::Atomic);
}

bool isStore(unsigned cls) {
  using C = InstructionClass;
  return cls == unsigned(C::StoreGlobal) || cls == unsigned(C::StoreShared) ||
         cls == unsigned(C::StoreLocal);
}

/// Undefined operands of a memory instruction: addresses are reported, data
/// goes to the shadow of memory.
void beforeMemory(Warp &w, const Insn &i, uint32_t pc, uint32_t mask) {
  if (i.a != noRef) {
    uint32_t bad = undefinedIn(w, i.a, mask);
    if (bad) {
      uint32_t origin = w.frame->origin[i.a >> 6];
      w.frame->undefined[i.a >> 6] &= ~bad;
      reportUndefined(w, pc, bad, origin, "an address");
    }
  }
  const Program &program = *w.worker->launch->program;
  unsigned count = i.aux32 & MemVector;
  if (isStore(i.cls)) {
    for (unsigned k = 0; k < count && k < 8; ++k)
      w.storeUndefined[k] = undefinedIn(w, program.ext[i.ext + k], mask);
  } else if (i.cls == unsigned(InstructionClass::Atomic)) {
    for (unsigned k = 0; k < count && k < 8; ++k) {
      Ref a = program.ext[i.ext + 3 + 3 * k];
      if (uint32_t bad = undefinedIn(w, a, mask)) {
        uint32_t origin = w.frame->origin[a >> 6];
        w.frame->undefined[a >> 6] &= ~bad;
        reportUndefined(w, pc, bad, origin, "the operand of an atomic");
      }
      w.storeUndefined[k] = 0;
    }
  }
}

void setUndefined(Warp &w, Ref ref, uint32_t mask, uint32_t lanes,
                  uint32_t origin) {
  uint32_t &slot = w.frame->undefined[ref >> 6];
  slot = (slot & ~mask) | (lanes & mask);
  if (lanes & mask)
    w.frame->origin[ref >> 6] = origin;
}

void afterMemory(Warp &w, const Insn &i, uint32_t mask) {
  const Program &program = *w.worker->launch->program;
  unsigned count = i.aux32 & MemVector;
  if (isStore(i.cls))
    return;
  bool atomic = i.cls == unsigned(InstructionClass::Atomic);
  for (unsigned k = 0; k < count && k < 8; ++k) {
    Ref d = program.ext[i.ext + (atomic ? 2 + 3 * k : k)];
    if (d != noRef && !(d & constantRef))
      setUndefined(w, d, mask, w.loadUndefined[k], w.loadOrigin);
    w.loadUndefined[k] = 0;
  }
}

void beforePlain(Warp &w, const Insn &i, uint32_t pc, uint32_t mask) {
  const Program &program = *w.worker->launch->program;
  const InsnInfo &info = program.info[pc];
  if (i.guard != noRef) {
    uint32_t bad = w.frame->undefined[i.guard >> 6] & w.active;
    if (bad) {
      uint32_t origin = w.frame->origin[i.guard >> 6];
      w.frame->undefined[i.guard >> 6] &= ~bad;
      reportUndefined(w, pc, bad, origin,
                      i.cls == unsigned(InstructionClass::Control)
                          ? "a branch condition"
                          : "the condition of an instruction");
    }
  }
  w.inputUndefined = 0;
  if (mask == 0)
    return;
  for (unsigned k = 0; k < info.reads; ++k) {
    Ref ref = program.regs[info.firstReg + k];
    uint32_t lanes = w.frame->undefined[ref >> 6] & mask;
    if (lanes) {
      w.inputUndefined |= lanes;
      w.inputOrigin = w.frame->origin[ref >> 6];
      if (w.inputOrigin == ~0u)
        w.inputOrigin = ~0u;
    }
  }
}

void checkPending(Warp &w, const Insn &i, uint32_t pc, uint32_t mask) {
  const Program &program = *w.worker->launch->program;
  const InsnInfo &info = program.info[pc];
  Frame &frame = *w.frame;
  uint32_t moved = 0;
  for (unsigned k = 0; k < unsigned(info.reads + info.writes); ++k) {
    Ref ref = program.regs[info.firstReg + k];
    uint32_t lanes = frame.pending[ref >> 6] & mask;
    if (!lanes)
      continue;
    if ((i.flags & FlagMove) && k < info.reads) {
      moved |= lanes;
      continue;
    }
    if (k >= info.reads && (i.flags & FlagMove))
      continue;
    frame.pending[ref >> 6] &= ~mask;
    reportAt(w, pc, ReportKind::UseBeforeWait, std::countr_zero(lanes), 0,
             k < info.reads
                 ? "a register is read that an unfinished wgmma still writes"
                 : "a register is written that an unfinished wgmma still uses");
  }
  if (!(i.flags & FlagMove))
    return;
  for (unsigned k = info.reads; k < unsigned(info.reads + info.writes); ++k) {
    uint32_t &slot = frame.pending[program.regs[info.firstReg + k] >> 6];
    slot = (slot & ~mask) | moved;
  }
}

} // namespace

void beforeInstruction(Warp &w, const Insn &i, uint32_t pc, uint32_t mask) {
  if (w.wgmmaPending && mask && !(i.flags & FlagWgmma)) {
    // A copy of an accumulator sees the result in any case.
    if (i.flags & FlagMove)
      settleWgmma(w);
    checkPending(w, i, pc, mask);
  }
  if (!w.worker->checkUninitialised)
    return;
  beforePlain(w, i, pc, mask);
  if (mask && isMemory(i.cls) && (i.flags & FlagOwnUndefined))
    beforeMemory(w, i, pc, mask);
}

void afterInstruction(Warp &w, const Insn &i, uint32_t pc, uint32_t mask) {
  Worker &worker = *w.worker;
  if (worker.statistics) {
    ++worker.warpCounts[pc];
    worker.laneCounts[pc] += uint64_t(std::popcount(mask));
  }
  if (!w.writeConflicts.empty()) {
    for (Warp::WriteConflict &conflict : w.writeConflicts)
      if (std::memcmp(conflict.pointer, conflict.old, 4) != 0)
        conflict.report();
    w.writeConflicts.clear();
  }
  const Program &program = *worker.launch->program;
  const InsnInfo &info = program.info[pc];
  if (worker.checkRaces && program.usesWgmma && !(i.flags & FlagWgmma) &&
      !w.frame->writtenAt.empty())
    for (unsigned k = info.reads; k < unsigned(info.reads + info.writes); ++k)
      w.frame->writtenAt[program.regs[info.firstReg + k] >> 6] = w.wgmmaClock;
  if (!worker.checkUninitialised || w.frame->undefined.empty())
    return;
  if (i.flags & FlagOwnUndefined) {
    if (i.flags & FlagMatrix)
      w.loadUndefined[0] = 0;
    else if (isMemory(i.cls))
      afterMemory(w, i, mask);
    else if (i.cls == unsigned(InstructionClass::Barrier)) {
      for (unsigned k = info.reads; k < unsigned(info.reads + info.writes); ++k)
        setUndefined(w, program.regs[info.firstReg + k], mask, 0, 0);
    } else if (i.cls == unsigned(InstructionClass::Integer)) { // selp
      uint32_t p = w.predicate(i.c);
      uint32_t lanes = (undefinedIn(w, i.a, mask) & p) |
                       (undefinedIn(w, i.b, mask) & ~p) |
                       undefinedIn(w, i.c, mask);
      setUndefined(w, i.d, mask, lanes, w.inputOrigin);
    }
    return;
  }
  // A call or return has changed the frame; its registers keep their state.
  if (i.cls == unsigned(InstructionClass::Control))
    return;
  for (unsigned k = info.reads; k < unsigned(info.reads + info.writes); ++k)
    setUndefined(w, program.regs[info.firstReg + k], mask, w.inputUndefined,
                 w.inputOrigin);
}

// Memory: what observe() does for every access.

namespace {

/// 32-byte sectors that the lanes of an access touch.
void countSectors(Worker &worker, const Access &access) {
  uint64_t sectors[32 * 2];
  unsigned count = 0, lanes = 0;
  forEachLane(access.mask, [&](unsigned l) {
    if (access.lanes[l].space != Space::Global)
      return;
    ++lanes;
    auto address = reinterpret_cast<uint64_t>(access.lanes[l].pointer);
    uint64_t first = address >> 5, last = (address + access.bytes - 1) >> 5;
    sectors[count++] = first;
    if (last != first)
      sectors[count++] = last;
  });
  if (lanes == 0)
    return;
  std::sort(sectors, sectors + count);
  uint64_t moved = uint64_t(std::unique(sectors, sectors + count) - sectors);
  uint64_t asked = (uint64_t(lanes) * access.bytes + 31) / 32;
  if (access.kind == AccessKind::Read) {
    worker.stats.globalLoadSectorsRequested += asked;
    worker.stats.globalLoadSectorsMoved += moved;
  } else {
    worker.stats.globalStoreSectorsRequested += asked;
    worker.stats.globalStoreSectorsMoved += moved;
  }
}

/// Passes that the lanes from `first` on need together: the most different
/// words that one of the 32 banks must give; 0 without a shared access.
unsigned passesOf(const Access &access, unsigned first, unsigned lanes) {
  uint32_t words[64];
  unsigned count = 0;
  for (unsigned l = first; l < first + lanes; ++l) {
    if (!(access.mask >> l & 1) || access.lanes[l].space != Space::Shared)
      continue;
    uint32_t offset = access.lanes[l].offset;
    for (uint32_t word = offset / 4; word <= (offset + access.bytes - 1) / 4;
         ++word)
      words[count++] = word;
  }
  std::sort(words, words + count);
  auto different = unsigned(std::unique(words, words + count) - words);
  unsigned ofBank[32] = {}, most = 0;
  for (unsigned k = 0; k < different; ++k)
    most = std::max(most, ++ofBank[words[k] % 32]);
  return most;
}

/// Passes of a shared access: 32 banks of 4 bytes; wide accesses go in groups
/// of lanes that together ask for 128 bytes.
void countBanks(Worker &worker, const Access &access) {
  unsigned lanes = 32;
  if (access.bytes > 4)
    lanes = std::max(1u, 128 / access.bytes);
  uint64_t conflicts = 0;
  bool any = false;
  for (unsigned first = 0; first < 32; first += lanes)
    if (unsigned passes = passesOf(access, first, lanes)) {
      conflicts += passes - 1;
      any = true;
    }
  worker.stats.sharedAccesses += any;
  worker.stats.sharedBankConflicts += conflicts;
}

/// The byte of the map of initialised bytes for byte `b` of a lane's access,
/// or null where memory always counts as initialised.
uint8_t *initialisedByte(Warp &w, const LaneView &view, unsigned lane,
                         unsigned b) {
  switch (view.space) {
  case Space::Shared:
    return &view.block->sharedInitialised[view.offset + b];
  case Space::Local: {
    uint32_t at = view.offset + b;
    return &w.localInitialised[size_t(at >> 2) * 128 + lane * 4 + (at & 3)];
  }
  case Space::Global: {
    const Device &device = *w.worker->launch->device;
    auto address = reinterpret_cast<uint64_t>(view.pointer);
    if (!device.tracksInitialised() || !device.inRange(address))
      return nullptr;
    return device.initialisedMap(address + b);
  }
  default:
    return nullptr;
  }
}

void checkInitialised(Warp &w, const Insn &i, const Access &access) {
  unsigned count = std::max(1u, i.aux32 & MemVector);
  unsigned size = access.bytes / count;
  uint32_t pc = w.pc - 1;
  for (unsigned k = 0; k < count && k < 8; ++k)
    w.loadUndefined[k] = 0;
  forEachLane(access.mask, [&](unsigned l) {
    const LaneView &view = access.lanes[l];
    for (unsigned k = 0; k < count && k < 8; ++k) {
      bool bad = false;
      for (unsigned b = 0; b < size; ++b) {
        uint8_t *known = initialisedByte(w, view, l, k * size + b);
        if (!known)
          continue;
        if (access.kind != AccessKind::Write)
          bad |= *known == 0;
        if (access.kind != AccessKind::Read)
          *known = w.storeUndefined[k] >> l & 1 ? 0 : 1;
      }
      if (bad) {
        w.loadUndefined[k] |= 1u << l;
        w.loadOrigin = pc;
      }
    }
  });
  if (access.kind == AccessKind::Read)
    return;
  // An undefined value in global memory can be seen from outside.
  for (unsigned k = 0; k < count && k < 8; ++k) {
    uint32_t bad = 0;
    forEachLane(w.storeUndefined[k] & access.mask, [&](unsigned l) {
      if (access.lanes[l].space == Space::Global)
        bad |= 1u << l;
    });
    if (bad) {
      const Program &program = *w.worker->launch->program;
      Ref ref = program.ext[i.ext + k];
      uint32_t origin = w.frame->origin[ref >> 6];
      w.frame->undefined[ref >> 6] &= ~bad;
      reportUndefined(w, pc, bad, origin, "a value stored in global memory");
    }
  }
  if (access.kind == AccessKind::Atomic && w.loadUndefined[0]) {
    reportUndefined(w, pc, w.loadUndefined[0], pc,
                    "the memory operand of an atomic");
    w.loadUndefined[0] = 0;
  }
}

/// Counts and undefined values of an access.
void observeValues(Warp &w, const Insn &i, const Access &access) {
  Worker &worker = *w.worker;
  if (worker.statistics) {
    if (i.cls != unsigned(InstructionClass::LoadParam))
      countSectors(worker, access);
    countBanks(worker, access);
  }
  if (worker.checkUninitialised && !w.frame->undefined.empty() &&
      isMemory(i.cls))
    checkInitialised(w, i, access);
}

} // namespace

void observe(Warp &w, const Insn &i, const Access &access) {
  observeValues(w, i, access);
  if (w.worker->checkRaces)
    checkAccess(w, access);
}

namespace {
/// An access to one space: `addresses` are offsets in the block's shared
/// memory, or in global memory.
void observeLanes(Warp &w, const Insn &i, uint32_t mask,
                  const uint64_t (&addresses)[32], unsigned bytes,
                  AccessKind kind, bool shared) {
  const Worker &worker = *w.worker;
  if (worker.statistics || worker.checkUninitialised) {
    Access access;
    access.mask = mask;
    access.bytes = bytes;
    access.kind = kind;
    forEachLane(mask, [&](unsigned l) {
      LaneView &view = access.lanes[l];
      view.address = addresses[l] + (shared ? sharedBegin : 0);
      view.pointer = shared ? w.block->shared + addresses[l]
                            : reinterpret_cast<uint8_t *>(addresses[l]);
      if (!shared)
        return;
      view.space = Space::Shared;
      view.block = w.block;
      view.offset = uint32_t(addresses[l]);
    });
    observeValues(w, i, access);
  }
  if (worker.checkRaces)
    checkLanes(w, mask, addresses, bytes, kind, shared);
}
} // namespace

void observeGlobal(Warp &w, const Insn &i, uint32_t mask,
                   const uint64_t (&addresses)[32], unsigned bytes,
                   AccessKind kind) {
  observeLanes(w, i, mask, addresses, bytes, kind, false);
}

void observeShared(Warp &w, const Insn &i, uint32_t mask,
                   const uint32_t (&offsets)[32], unsigned bytes,
                   AccessKind kind) {
  uint64_t addresses[32];
  for (unsigned l = 0; l < 32; ++l)
    addresses[l] = offsets[l];
  observeLanes(w, i, mask, addresses, bytes, kind, true);
}

} // namespace vgpu
