// Barriers.cpp - bar, barrier, barrier.cluster, bar.warp.sync and fences.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Polling.h"
#include "tools/vgpu/core/Race.h"

namespace vgpu {

namespace {

/// aux of bar instructions.
enum : uint8_t {
  BarArrive = 1, ///< does not wait
  BarReduce = 2, ///< 2 popc, 4 and, 6 or
  BarReduceMask = 6,
  BarAligned = 8,
  BarHasCount = 16,
};

/// Threads that a barrier without a count waits for: all that are alive.
bool barrierComplete(const Block &block, const BlockBarrier &barrier) {
  if (barrier.expected != 0)
    return barrier.arrived >= barrier.expected;
  for (const auto &warp : block.warps)
    if (!warp->done && (warp->live & ~barrier.arrivedLanes[warp->index]))
      return false;
  return true;
}

void releaseBarrier(Block &block, uint32_t id) {
  BlockBarrier &barrier = block.barriers[id];
  onBlockBarrier(block, id, barrier.arrivedLanes);
  const Program &program = *block.cluster->launch->program;
  for (const auto &warp : block.warps) {
    uint32_t waiting = barrier.waiting[warp->index];
    if (!waiting)
      continue;
    for (Fragment &f : warp->fragments) {
      if (f.state != Fragment::State::Barrier || f.wanted != id)
        continue;
      const Insn &insn = program.code[f.pc - 1];
      if (!(insn.aux & BarReduceMask))
        continue;
      uint8_t *slot = f.frame->registers + insn.d;
      if ((insn.aux & BarReduceMask) == 2) {
        forEachLane(f.mask, [&](unsigned l) {
          reinterpret_cast<uint32_t *>(slot)[l] = barrier.popc;
        });
      } else {
        bool value =
            (insn.aux & BarReduceMask) == 4 ? barrier.all : barrier.any;
        auto &out = *reinterpret_cast<uint32_t *>(slot);
        out = (out & ~f.mask) | (value ? f.mask : 0);
      }
    }
    wakeFromBarrier(*warp, id);
  }
  ++block.cluster->events;
  uint32_t generation = barrier.generation + 1;
  std::vector<uint32_t> waiting = std::move(barrier.waiting),
                        lanes = std::move(barrier.arrivedLanes),
                        pcs = std::move(barrier.pcs);
  barrier = BlockBarrier();
  barrier.generation = generation;
  barrier.waiting = std::move(waiting);
  barrier.arrivedLanes = std::move(lanes);
  barrier.pcs = std::move(pcs);
  std::fill(barrier.waiting.begin(), barrier.waiting.end(), 0);
  std::fill(barrier.arrivedLanes.begin(), barrier.arrivedLanes.end(), 0);
  std::fill(barrier.pcs.begin(), barrier.pcs.end(), 0);
}

void prepareBarrier(Block &block, BlockBarrier &barrier) {
  size_t warps = block.warps.size();
  if (barrier.waiting.size() == warps)
    return;
  barrier.waiting.assign(warps, 0);
  barrier.arrivedLanes.assign(warps, 0);
  barrier.pcs.assign(warps, 0);
}

/// The barrier's number and thread count as the running lanes give them.
bool barrierOperands(Warp &w, const Insn &i, uint32_t mask, uint32_t &id,
                     uint32_t &count) {
  unsigned lane = unsigned(std::countr_zero(mask));
  id = w.read<uint32_t>(i.a)[lane];
  count = i.aux & BarHasCount ? w.read<uint32_t>(i.b)[lane] : 0;
  if (id >= 16) {
    report(w, ReportKind::BarrierMisuse, int(lane), 0,
           "a barrier number of 0 to 15 was expected, but got " +
               std::to_string(id));
    return false;
  }
  if ((i.aux & BarHasCount) && (count == 0 || count % 32 != 0)) {
    report(w, ReportKind::BarrierMisuse, int(lane), 0,
           "barrier " + std::to_string(id) +
               " expects a thread count that is a multiple of 32, but got " +
               std::to_string(count));
    return false;
  }
  if ((i.aux & BarHasCount) && count > w.block->warps.size() * 32) {
    report(w, ReportKind::BarrierMisuse, int(lane), 0,
           "barrier " + std::to_string(id) + " expects at most the block's " +
               std::to_string(w.block->warps.size() * 32) +
               " threads, but got " + std::to_string(count));
    return false;
  }
  return true;
}

void runBarrier(Warp &w, const Insn &i, uint32_t mask) {
  splitFragment(w, mask, w.pc);
  uint32_t id, count;
  if (!barrierOperands(w, i, mask, id, count))
    return;
  Block &block = *w.block;
  BlockBarrier &barrier = block.barriers[id];
  prepareBarrier(block, barrier);
  if (barrier.used && barrier.expected != count) {
    report(w, ReportKind::BarrierMisuse, std::countr_zero(mask), 0,
           "barrier " + std::to_string(id) + " was opened for " +
               (barrier.expected ? std::to_string(barrier.expected)
                                 : std::string("all")) +
               " threads, but this warp expects " +
               (count ? std::to_string(count) : std::string("all")),
           barrier.firstPc);
    return;
  }
  if (!barrier.used) {
    barrier.used = true;
    barrier.expected = count;
    barrier.firstPc = w.pc - 1;
  }
  uint32_t &arrived = barrier.arrivedLanes[w.index];
  uint32_t &pc = barrier.pcs[w.index];
  if ((i.aux & BarAligned) && arrived != 0 && pc != w.pc) {
    report(w, ReportKind::BarrierMisuse, std::countr_zero(mask), 0,
           "all lanes of a warp must arrive at the same aligned barrier, but "
           "others arrived at line " +
               std::to_string(w.worker->launch->program->info[pc - 1].line),
           pc - 1);
    return;
  }
  if (arrived & mask) {
    report(w, ReportKind::BarrierMisuse, std::countr_zero(arrived & mask), 0,
           "barrier " + std::to_string(id) +
               ": this lane has arrived already and the barrier is still "
               "waiting for others");
    return;
  }
  pc = w.pc;
  arrived |= mask;
  barrier.arrived += uint32_t(std::popcount(mask));
  if ((w.live & ~arrived) == 0)
    barrier.arrived += 32 - uint32_t(std::popcount(w.live));
  if (i.aux & BarReduceMask) {
    uint32_t p = w.predicate(i.c);
    barrier.popc += uint32_t(std::popcount(p & mask));
    barrier.all &= (~p & mask) == 0;
    barrier.any |= (p & mask) != 0;
  }
  ++w.worker->stats.barriers;
  ++block.cluster->events;
  onBarrierArrive(w, id, mask);
  if (!(i.aux & BarArrive)) {
    barrier.waiting[w.index] |= mask;
    parkAtBarrier(w, id);
  }
  if (barrierComplete(block, barrier))
    releaseBarrier(block, id);
}

/// bar.warp.sync
void runWarpBarrier(Warp &w, const Insn &i, uint32_t mask) {
  uint32_t wanted = w.read<uint32_t>(i.a)[std::countr_zero(mask)];
  if (!(wanted >> std::countr_zero(mask) & 1)) {
    report(w, ReportKind::InvalidOperand, std::countr_zero(mask), 0,
           "the lane is not in its own member mask");
    return;
  }
  if (!gatherLanes(w, mask, wanted))
    return;
  onWarpSync(w, mask);
}

constexpr uint32_t clusterBarrier = 16;

bool clusterComplete(const Cluster &cluster) {
  for (const auto &block : cluster.blocks)
    for (const auto &warp : block->warps) {
      uint32_t at = uint32_t(block->rank * block->warps.size() + warp->index);
      if (!warp->done && (warp->live & ~cluster.clusterArrivedLanes[at]))
        return false;
    }
  return true;
}

void releaseCluster(Cluster &cluster) {
  onClusterBarrier(cluster);
  ++cluster.clusterGeneration;
  ++cluster.events;
  std::fill(cluster.clusterArrivedLanes.begin(),
            cluster.clusterArrivedLanes.end(), 0);
  for (const auto &block : cluster.blocks)
    for (const auto &warp : block->warps) {
      warp->clusterOpen = 0;
      wakeFromBarrier(*warp, clusterBarrier);
    }
}

/// aux: 1 release, 2 relaxed.
void runClusterArrive(Warp &w, const Insn &i, uint32_t mask) {
  splitFragment(w, mask, w.pc);
  Cluster &cluster = *w.block->cluster;
  uint32_t at = uint32_t(w.block->rank * w.block->warps.size() + w.index);
  uint32_t &arrived = cluster.clusterArrivedLanes[at];
  if ((arrived | w.clusterOpen) & mask) {
    report(w, ReportKind::BarrierMisuse,
           std::countr_zero((arrived | w.clusterOpen) & mask), 0,
           "barrier.cluster.arrive was executed twice without a wait");
    return;
  }
  arrived |= mask;
  w.clusterOpen |= mask;
  w.clusterArrivedPc = w.pc - 1;
  ++w.worker->stats.barriers;
  ++cluster.events;
  onClusterArrive(w, mask, i.aux != 2);
  w.clusterWaits |= mask;
  if (clusterComplete(cluster))
    releaseCluster(cluster);
}

void runClusterWait(Warp &w, const Insn &i, uint32_t mask) {
  splitFragment(w, mask, w.pc);
  if (mask & ~w.clusterWaits) {
    report(w, ReportKind::BarrierMisuse,
           std::countr_zero(mask & ~w.clusterWaits), 0,
           "barrier.cluster.wait expects an arrive before it");
    return;
  }
  if (mask & w.clusterOpen) {
    // Not yet complete: this instruction runs again when it is.
    --w.pc;
    ++w.retried;
    parkAtBarrier(w, clusterBarrier);
    return;
  }
  w.clusterWaits &= ~mask;
  onClusterWait(w, mask, i.aux == 1);
}

void runFence(Warp &w, const Insn &i, uint32_t mask) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  onFence(w, mask, i.aux);
}
void runProxyFence(Warp &w, const Insn &, uint32_t mask) {
  onProxyFence(w, mask);
}
bool decodeClusterBarrier(Builder &b) {
  Insn insn;
  int what = b.takeOneOf({"arrive", "wait"});
  int order = b.takeOneOf({"release", "relaxed", "acquire"});
  b.take("aligned");
  if (what < 0 || !b.atLeast(90))
    return false;
  insn.run = what == 0 ? runClusterArrive : runClusterWait;
  // Without a qualifier: arrive releases, wait acquires.
  insn.aux = what == 0 ? (order == 1 ? 2 : 1) : 1;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::Barrier);
  return true;
}

bool decodeBlockBarrier(Builder &b, bool aligned) {
  Insn insn;
  int what = b.takeOneOf({"sync", "arrive", "red"});
  if (what < 0)
    return false;
  insn.run = runBarrier;
  insn.aux = aligned ? BarAligned : 0;
  insn.flags = FlagSync | FlagOwnUndefined;
  unsigned at = 0, count = b.operandCount();
  if (what == 2) {
    int op = b.takeOneOf({"popc", "and", "or"});
    Type type = b.takeType();
    if (op < 0 || count < 3)
      return false;
    insn.aux |= uint8_t(2 * (op + 1));
    if (!b.destination(at++, op == 0 ? type : Type::Pred, insn.d) ||
        !b.source(count - 1, Type::Pred, insn.c))
      return false;
    --count;
  } else if (what == 1) {
    insn.aux |= BarArrive;
  }
  if (count <= at || count > at + 2)
    return b.fail("expected a barrier number and at most one thread count");
  if (!b.source(at, Type::B32, insn.a))
    return false;
  if (count == at + 2) {
    insn.aux |= BarHasCount;
    if (!b.source(at + 1, Type::B32, insn.b))
      return false;
  } else if (what == 1) {
    return b.fail("bar.arrive expects a thread count");
  }
  b.emit(insn, InstructionClass::Barrier);
  return true;
}

bool decodeFence(Builder &b) {
  Insn insn;
  insn.run = runFence;
  bool proxy = b.take("proxy");
  if (proxy) {
    // async, async.global, async.shared::cta, alias, tensormap::generic
    int kind =
        b.takeOneOf({"async", "alias", "tensormap::generic", "async::generic"});
    b.takeSpace();
    b.takeOneOf({"release", "acquire"});
    b.takeOneOf({"cta", "cluster", "gpu", "sys"});
    b.takeOneOf(
        {"sync_restrict::shared::cta", "sync_restrict::shared::cluster"});
    insn.run = kind == 0 || kind == 3 ? runProxyFence : runFence;
    insn.aux = 2;
    if (kind < 0)
      return false;
    b.emit(insn, InstructionClass::Barrier);
    return true;
  }
  b.takeOneOf({"mbarrier_init", "sc", "acq_rel", "acquire", "release"});
  b.takeOneOf({"release", "acquire"});
  b.takeOneOf({"sync_restrict::shared::cta", "sync_restrict::shared::cluster"});
  int scope = b.takeOneOf({"cta", "cluster", "gpu", "sys", "gl"});
  insn.aux = uint8_t(scope < 0 ? 2 : std::min(scope, 2));
  b.emit(insn, InstructionClass::Barrier);
  return true;
}

} // namespace

void recheckBarriers(Block &block) {
  for (uint32_t id = 0; id < 16; ++id)
    if (block.barriers[id].used && block.barriers[id].expected == 0 &&
        barrierComplete(block, block.barriers[id]))
      releaseBarrier(block, id);
  Cluster &cluster = *block.cluster;
  bool anyArrived = false;
  for (uint32_t lanes : cluster.clusterArrivedLanes)
    anyArrived |= lanes != 0;
  if (anyArrived && clusterComplete(cluster))
    releaseCluster(cluster);
}

bool decodeBarrierInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "fence" || name == "membar")
    return decodeFence(b);
  if (name == "bar" && b.take("warp")) {
    Insn insn;
    if (!b.take("sync") || !b.expectOperands(1) ||
        !b.source(0, Type::B32, insn.a))
      return false;
    insn.run = runWarpBarrier;
    insn.flags = FlagSync | FlagWarpBarrier;
    b.emit(insn, InstructionClass::Barrier);
    return true;
  }
  if (b.take("cluster"))
    return decodeClusterBarrier(b);
  b.take("cta");
  bool aligned = b.take("aligned") || name == "bar";
  return decodeBlockBarrier(b, aligned);
}

} // namespace vgpu
