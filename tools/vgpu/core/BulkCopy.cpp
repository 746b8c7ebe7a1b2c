// BulkCopy.cpp - what bulk and tensor copies do, now and when they land.
#include "tools/vgpu/core/BulkPieces.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"

namespace vgpu {

namespace {

void performLoad(BulkPieces &p) {
  for (Block *block : p.targets) {
    for (const BulkPiece &piece : p.pieces) {
      uint8_t *to = block->shared + piece.shared;
      if (piece.global)
        std::memcpy(to, piece.global, piece.bytes);
      else
        for (uint32_t k = 0; k < piece.bytes; ++k)
          to[k] = p.fill[k % p.element];
    }
  }
}

/// Copies a run of bytes, or adds it to what is there.
void combine(const BulkPieces &p, uint8_t *to, const uint8_t *from,
             uint32_t bytes) {
  if (p.reduction == BulkReduction::None) {
    std::memmove(to, from, bytes);
    return;
  }
  unsigned size = typeBytes(p.type);
  for (uint32_t k = 0; k + size <= bytes; k += size)
    reduceElement(p.reduction, p.type, to + k, from + k);
}

void performStore(BulkPieces &p) {
  const Device &device = *p.warp->worker->launch->device;
  for (const BulkPiece &piece : p.pieces) {
    if (!piece.global)
      continue;
    const uint8_t *from = p.source->shared + piece.shared;
    combine(p, piece.global, from, piece.bytes);
    auto address = reinterpret_cast<uint64_t>(piece.global);
    if (p.warp->worker->checkUninitialised && device.tracksInitialised() &&
        device.inRange(address))
      std::memcpy(device.initialisedMap(address),
                  &p.source->sharedInitialised[piece.shared], piece.bytes);
  }
}

void performShared(BulkPieces &p) {
  for (const BulkPiece &piece : p.pieces) {
    const uint8_t *from = p.source->shared + p.sourceOffset;
    uint8_t *to = p.targets[0]->shared + piece.shared;
    combine(p, to, from, piece.bytes);
  }
}

/// Shadows: the bytes that a load writes count as initialised.
void noteLoad(Warp &w, const BulkPieces &p) {
  if (!w.worker->checkUninitialised)
    return;
  for (Block *block : p.targets)
    for (const BulkPiece &piece : p.pieces)
      std::memset(&block->sharedInitialised[piece.shared], 1, piece.bytes);
}

void noteAccesses(Warp &w, const BulkPieces &p, AsyncAgent agent,
                  BulkShape shape) {
  if (!agent.clock)
    return;
  auto sharedView = [&](Block *block, uint32_t offset) {
    LaneView view;
    view.space = Space::Shared;
    view.block = block;
    view.offset = offset;
    view.pointer = block->shared + offset;
    view.address = offset + sharedBegin;
    return view;
  };
  auto globalView = [](uint8_t *pointer) {
    LaneView view;
    view.pointer = pointer;
    view.address = reinterpret_cast<uint64_t>(pointer);
    return view;
  };
  for (const BulkPiece &piece : p.pieces) {
    if (shape == BulkShape::SharedToGlobal) {
      if (!piece.global)
        continue;
      asyncAccess(w, p.pc, agent, sharedView(p.source, piece.shared),
                  piece.bytes, AccessKind::Read, true);
      asyncAccess(w, p.pc, agent, globalView(piece.global), piece.bytes,
                  p.reduction == BulkReduction::None ? AccessKind::Write
                                                     : AccessKind::Atomic,
                  true);
      continue;
    }
    for (Block *block : p.targets)
      asyncAccess(w, p.pc, agent, sharedView(block, piece.shared), piece.bytes,
                  AccessKind::Write, true);
    if (shape == BulkShape::SharedToShared)
      asyncAccess(w, p.pc, agent, sharedView(p.source, p.sourceOffset),
                  piece.bytes, AccessKind::Read, true);
    else if (piece.global)
      asyncAccess(w, p.pc, agent, globalView(piece.global), piece.bytes,
                  AccessKind::Read, true);
  }
}

/// The open bulk group of a lane.
Warp::BulkGroup &openGroup(Warp &w, unsigned lane) {
  for (Warp::BulkGroup &group : w.bulkGroups)
    if (group.lane == lane && !group.committed)
      return group;
  w.bulkGroups.emplace_back();
  w.bulkGroups.back().lane = lane;
  return w.bulkGroups.back();
}

} // namespace

void issueBulk(Warp &w, const BulkCopy &copy) {
  auto p = std::make_shared<BulkPieces>();
  bool store = copy.shape == BulkShape::SharedToGlobal;
  bool good = prepareBulk(w, copy, *p);
  LaneView barrier;
  if (!good || (!store && !findMbarrier(w, copy.lane,
                                        copy.barrier >> 56 ? Space::Generic
                                                           : Space::Shared,
                                        copy.barrier, barrier)))
    return;
  Cluster &cluster = *w.block->cluster;
  AsyncAgent agent = store ? beginAsync(w, 1u << copy.lane,
                                        AgentKind::BulkStore, *w.block, w.index)
                           : beginAsync(w, 1u << copy.lane, AgentKind::Mbarrier,
                                        *barrier.block, barrier.offset);
  noteAccesses(w, *p, agent, copy.shape);
  AsyncOperation op;
  op.id = cluster.nextOperation++;
  op.block = w.block;
  op.warp = &w;
  op.pc = p->pc;
  op.lane = copy.lane;
  op.delay = w.worker->random ? uint32_t(w.worker->rng() % 64) : 0;
  if (store) {
    w.worker->stats.asyncBytesStored += p->total;
    op.perform = [p] { performStore(*p); };
    Warp::BulkGroup &group = openGroup(w, copy.lane);
    group.operations.push_back(op.id);
    group.raceClock = agent.clock;
    w.bulkAgent = agent.agent;
    cluster.operations.push_back(std::move(op));
    return;
  }
  noteLoad(w, *p);
  w.worker->stats.asyncBytesLoaded += p->total;
  if (copy.shape == BulkShape::SharedToShared)
    op.perform = [p] { performShared(*p); };
  else
    op.perform = [p] { performLoad(*p); };
  bool multicast = copy.multicast;
  op.signal = [p, barrier, agent, multicast] {
    Warp &warp = *p->warp;
    for (Block *block : p->targets) {
      LaneView view = barrier;
      if (multicast) {
        view.block = block;
        view.pointer = block->shared + view.offset;
        if (!loadMbarrier(view).valid) {
          reportAt(warp, p->pc, ReportKind::BarrierMisuse, int(p->lane),
                   view.address,
                   "the mbarrier of block " + std::to_string(block->rank) +
                       " of the cluster has not been initialised");
          return;
        }
      }
      asyncToMbarrier(*view.block, view.offset, agent);
      completeBytes(warp, p->pc, int(p->lane), view, p->total);
    }
  };
  cluster.operations.push_back(std::move(op));
}

void waitBulk(Warp &w, uint32_t mask, uint64_t keep) {
  uint64_t newer[32] = {};
  for (size_t g = w.bulkGroups.size(); g-- > 0;) {
    Warp::BulkGroup &group = w.bulkGroups[g];
    if (!(mask >> group.lane & 1) || !group.committed)
      continue;
    if (newer[group.lane]++ < keep)
      continue;
    for (uint64_t id : group.operations)
      completeOperation(*w.block->cluster, id);
    if (group.raceClock)
      asyncToLanes(w, 1u << group.lane, {w.bulkAgent, group.raceClock});
    group.operations.clear();
    group.readDone = true;
  }
  std::erase_if(w.bulkGroups,
                [](const Warp::BulkGroup &group) { return group.readDone; });
}

} // namespace vgpu
