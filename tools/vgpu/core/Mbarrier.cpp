// Mbarrier.cpp - mbarrier instructions, mapa and getctarank.
#include "tools/vgpu/core/Mbarrier.h"

#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"

namespace vgpu {

namespace {
constexpr uint32_t maxCount = (1u << 20) - 1;
}

MbarrierState MbarrierState::unpack(uint64_t word) {
  MbarrierState state;
  state.pending = word & maxCount;
  state.expected = word >> 20 & maxCount;
  state.bytes = int32_t(uint32_t(word >> 40 & 0x1fffff) << 11) >> 11;
  state.phase = word >> 61 & 1;
  state.valid = word >> 62 == 2;
  return state;
}

uint64_t MbarrierState::pack() const {
  return uint64_t(pending & maxCount) | uint64_t(expected & maxCount) << 20 |
         uint64_t(uint32_t(bytes) & 0x1fffff) << 40 | uint64_t(phase) << 61 |
         uint64_t(2) << 62;
}

MbarrierState loadMbarrier(const LaneView &view) {
  uint64_t word;
  std::memcpy(&word, view.pointer, 8);
  return MbarrierState::unpack(word);
}

static void store(const LaneView &view, const MbarrierState &state) {
  uint64_t word = state.pack();
  std::memcpy(view.pointer, &word, 8);
}

bool findMbarrier(Warp &w, unsigned lane, Space space, uint64_t address,
                  LaneView &view, bool fresh) {
  if (!resolveOne(w, lane, space, address, 8, 8, AccessKind::Atomic, view))
    return false;
  if (view.space != Space::Shared) {
    report(w, ReportKind::InvalidOperand, int(lane), address,
           "an mbarrier in shared memory was expected");
    return false;
  }
  if (!fresh && !loadMbarrier(view).valid) {
    report(w, ReportKind::BarrierMisuse, int(lane), address,
           "the mbarrier has not been initialised");
    return false;
  }
  return true;
}

static void finishPhase(const LaneView &view, MbarrierState &state) {
  if (state.pending != 0 || state.bytes != 0)
    return;
  state.phase ^= 1;
  state.pending = state.expected;
  onMbarrierPhase(*view.block, view.offset);
}

void arriveOn(Warp &w, uint32_t pc, int lane, const LaneView &view,
              uint32_t count, int64_t bytes) {
  MbarrierState state = loadMbarrier(view);
  if (count > state.pending) {
    reportAt(w, pc, ReportKind::BarrierMisuse, lane, view.address,
             "the mbarrier expects " + std::to_string(state.expected) +
                 " arrivals a phase, of which " +
                 std::to_string(state.pending) + " are pending, but got " +
                 std::to_string(count) + " more");
    return;
  }
  int64_t total = state.bytes + bytes;
  if (total > 0xfffff || total < -0xfffff) {
    reportAt(w, pc, ReportKind::BarrierMisuse, lane, view.address,
             "the mbarrier's byte count expects at most 1048575, but got " +
                 std::to_string(total));
    return;
  }
  state.bytes = int32_t(total);
  state.pending -= count;
  ++view.block->cluster->events;
  finishPhase(view, state);
  store(view, state);
}

void completeBytes(Warp &w, uint32_t pc, int lane, const LaneView &view,
                   int64_t bytes) {
  arriveOn(w, pc, lane, view, 0, -bytes);
}

void addPending(Warp &w, const LaneView &view, uint32_t count) {
  MbarrierState state = loadMbarrier(view);
  if (state.pending + count > maxCount) {
    report(w, ReportKind::BarrierMisuse, -1, view.address,
           "the mbarrier has too many pending arrivals");
    return;
  }
  state.pending += count;
  store(view, state);
}

namespace {

/// aux bits of arrive.
enum : uint8_t { ExpectTx = 1, Drop = 2, OnlyTx = 4, CompleteTx = 8 };

void runInit(Warp &w, const Insn &i, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  const uint32_t *count = w.read<uint32_t>(i.b);
  forEachLane(mask, [&](unsigned l) {
    LaneView view;
    if (stopping(w) ||
        !findMbarrier(w, l, memSpace(i), addresses[l], view, true))
      return;
    if (count[l] == 0 || count[l] > maxCount) {
      report(w, ReportKind::BarrierMisuse, int(l), addresses[l],
             "mbarrier.init expects a count of 1 to 1048575, but got " +
                 std::to_string(count[l]));
      return;
    }
    MbarrierState state;
    state.pending = state.expected = count[l];
    store(view, state);
    if (w.worker->checkUninitialised)
      std::memset(&view.block->sharedInitialised[view.offset], 1, 8);
    onMbarrierInit(*view.block, view.offset);
  });
}

void runInvalidate(Warp &w, const Insn &i, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  forEachLane(mask, [&](unsigned l) {
    LaneView view;
    if (!stopping(w) && findMbarrier(w, l, memSpace(i), addresses[l], view))
      std::memset(view.pointer, 0, 8);
  });
}

/// d: state or noRef; b: count or noRef; c: bytes or noRef.
void runArrive(Warp &w, const Insn &i, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  ++w.worker->stats.barriers;
  forEachLane(mask, [&](unsigned l) {
    LaneView view;
    if (stopping(w) || !findMbarrier(w, l, memSpace(i), addresses[l], view))
      return;
    uint32_t count = i.aux & (OnlyTx | CompleteTx) ? 0 : 1;
    if (i.b != noRef)
      count = w.read<uint32_t>(i.b)[l];
    int64_t bytes = i.c == noRef ? 0 : w.read<uint32_t>(i.c)[l];
    if (i.aux & CompleteTx)
      bytes = -bytes;
    if (i.d != noRef)
      std::memcpy(&w.at<uint64_t>(i.d)[l], view.pointer, 8);
    if (i.aux & Drop) {
      MbarrierState state = loadMbarrier(view);
      if (state.expected > 0) {
        --state.expected;
        store(view, state);
      }
    }
    if (count)
      onMbarrierArrive(w, 1u << l, *view.block, view.offset);
    arriveOn(w, w.pc - 1, int(l), view, count, bytes);
  });
}

/// aux: 1 parity, 2 try. b: the state or the parity; d: the predicate.
void runWait(Warp &w, const Insn &i, uint32_t mask) {
  splitFragment(w, mask, w.pc);
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  uint32_t done = 0;
  LaneView views[32];
  bool good = true;
  forEachLane(mask, [&](unsigned l) {
    if (!good ||
        !(good = findMbarrier(w, l, memSpace(i), addresses[l], views[l])))
      return;
    uint32_t phase =
        i.aux & 1 ? w.read<uint32_t>(i.b)[l] & 1
                  : MbarrierState::unpack(w.read<uint64_t>(i.b)[l]).phase;
    if (loadMbarrier(views[l]).phase != phase)
      done |= 1u << l;
  });
  if (!good)
    return;
  Cluster &cluster = *w.block->cluster;
  if (done != mask) {
    bool early = w.worker->random && (w.worker->rng() & 3) == 0;
    if ((i.aux & 2) && !cluster.expireWaits && !early)
      return retryLater(w);
    w.yielded = w.yieldedTurn = true;
    w.reschedule();
    if (cluster.expireWaits)
      cluster.expiredPc = w.pc - 1, cluster.expiredWarp = &w;
  }
  writePredicate(w, i.d, mask, done);
  forEachLane(done, [&](unsigned l) {
    // Lanes mostly wait for the same one.
    onMbarrierAcquire(w, 1u << l, *views[l].block, views[l].offset);
  });
}

void runPendingCount(Warp &w, const Insn &i, uint32_t mask) {
  const uint64_t *a = w.read<uint64_t>(i.a);
  writeLanes<uint32_t>(w, i.d, mask,
                       [=](unsigned l) { return uint32_t(a[l] & maxCount); });
}

/// mapa: aux32 bit 0: generic address.
template <class T> void runMapa(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  const uint32_t *rank = w.read<uint32_t>(i.b);
  size_t blocks = w.block->cluster->blocks.size();
  forEachLane(mask, [&](unsigned l) {
    if (rank[l] >= blocks) {
      report(w, ReportKind::InvalidOperand, int(l), 0,
             "mapa expects a rank below " + std::to_string(blocks) +
                 ", but got " + std::to_string(rank[l]));
      return;
    }
    uint64_t low = uint64_t(a[l]) & ((1u << clusterRankShift) - 1);
    uint64_t mapped = low | uint64_t(rank[l] + 1) << clusterRankShift;
    if (i.aux32)
      mapped |= sharedWindow;
    w.at<T>(i.d)[l] = T(mapped);
  });
}

template <class T> void runGetRank(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  uint32_t own = w.block->rank;
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    uint32_t rank = uint32_t(a[l]) >> clusterRankShift;
    return rank == 0 ? own : rank - 1;
  });
}

bool decodeMapa(Builder &b, bool rank) {
  Insn insn;
  Space space = b.takeSpace();
  Type type = b.takeType();
  bool wide = typeBytes(type) == 8;
  insn.aux32 = space == Space::Generic;
  if (typeBytes(type) < 4)
    return false;
  if (rank) {
    insn.run = wide ? runGetRank<uint64_t> : runGetRank<uint32_t>;
    if (!b.expectOperands(2) || !b.destination(0, Type::B32, insn.d) ||
        !b.source(1, type, insn.a))
      return false;
  } else {
    insn.run = wide ? runMapa<uint64_t> : runMapa<uint32_t>;
    if (!b.expectOperands(3) || !b.destination(0, type, insn.d) ||
        !b.source(1, type, insn.a) || !b.source(2, Type::B32, insn.b))
      return false;
  }
  b.emit(insn, InstructionClass::Integer);
  return true;
}

bool mbarrierAddress(Builder &b, unsigned at, Space space, Insn &insn) {
  bool wide;
  if (!b.address(b.operand(at), space, insn.a, insn.imm, wide))
    return false;
  insn.aux32 = (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
  return true;
}

bool decodeArrive(Builder &b, uint8_t aux) {
  Insn insn;
  if (b.take("expect_tx"))
    aux |= ExpectTx;
  b.take("noComplete");
  b.takeOneOf({"release", "relaxed"});
  b.takeOneOf({"cta", "cluster"});
  Space space = b.takeSpace();
  b.takeType();
  insn.aux = aux;
  insn.run = runArrive;
  unsigned count = b.operandCount(), at = 0;
  if (count == 0)
    return false;
  if (b.operand(0).kind != Operand::Kind::Address) {
    if (b.operand(0).kind != Operand::Kind::Sink &&
        !b.destination(0, Type::B64, insn.d))
      return false;
    at = 1;
  }
  if (!mbarrierAddress(b, at, space, insn))
    return false;
  if (count > at + 1) {
    Ref &slot = aux & ExpectTx ? insn.c : insn.b;
    if (!b.source(at + 1, Type::B32, slot))
      return false;
  } else if (aux & ExpectTx) {
    return b.fail("expected a count of bytes");
  }
  b.emit(insn, InstructionClass::Barrier);
  return true;
}

/// mbarrier.expect_tx and mbarrier.complete_tx.
bool decodeTx(Builder &b, uint8_t aux) {
  Insn insn;
  b.take("relaxed");
  b.takeOneOf({"cta", "cluster"});
  Space space = b.takeSpace();
  b.takeType();
  insn.aux = aux;
  insn.run = runArrive;
  if (!b.expectOperands(2) || !mbarrierAddress(b, 0, space, insn) ||
      !b.source(1, Type::B32, insn.c))
    return false;
  b.emit(insn, InstructionClass::Barrier);
  return true;
}

bool decodeWait(Builder &b, bool attempt) {
  Insn insn;
  insn.aux = uint8_t((b.take("parity") ? 1 : 0) | (attempt ? 2 : 0));
  b.takeOneOf({"acquire", "relaxed"});
  b.takeOneOf({"cta", "cluster"});
  Space space = b.takeSpace();
  b.takeType();
  insn.run = runWait;
  if (!b.expectOperands(3, attempt ? 4 : 3) ||
      !b.destination(0, Type::Pred, insn.d) ||
      !mbarrierAddress(b, 1, space, insn) ||
      !b.source(2, insn.aux & 1 ? Type::B32 : Type::B64, insn.b))
    return false;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::Barrier);
  return true;
}

} // namespace

bool decodeMbarrierInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "mapa" || name == "getctarank")
    return decodeMapa(b, name == "getctarank");
  Insn insn;
  int what = b.takeOneOf({"init", "inval", "arrive", "arrive_drop", "test_wait",
                          "try_wait", "pending_count"});
  switch (what) {
  case 0:
  case 1: {
    Space space = b.takeSpace();
    b.takeType();
    insn.run = what == 0 ? runInit : runInvalidate;
    if (!b.expectOperands(what == 0 ? 2 : 1) ||
        !mbarrierAddress(b, 0, space, insn) ||
        (what == 0 && !b.source(1, Type::B32, insn.b)))
      return false;
    b.emit(insn, InstructionClass::Barrier);
    return true;
  }
  case 2:
    return decodeArrive(b, 0);
  case 3:
    return decodeArrive(b, Drop);
  case 4:
  case 5:
    return decodeWait(b, what == 5);
  case 6:
    b.takeType();
    insn.run = runPendingCount;
    if (!b.expectOperands(2) || !b.destination(0, Type::B32, insn.d) ||
        !b.source(1, Type::B64, insn.a))
      return false;
    b.emit(insn, InstructionClass::Barrier);
    return true;
  default:
    break;
  }
  if (b.take("expect_tx"))
    return decodeTx(b, OnlyTx | ExpectTx);
  if (b.take("complete_tx"))
    return decodeTx(b, CompleteTx);
  return false;
}

} // namespace vgpu
