// Race.cpp - vector clocks of warps and of the agents that copy for them.
//
// Each warp is an agent; so are its cp.async copies, its bulk stores, its
// wgmma, and the copies that signal one mbarrier. A clock counts what an agent
// did between two synchronisations. What a warp knows of others is kept twice:
// as ordinary (generic-proxy) order, and as far as a proxy fence lies on the
// way, which is what async-proxy accesses need after generic writes.
#include "tools/vgpu/core/Race.h"

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Polling.h"
#include "tools/vgpu/core/RaceClocks.h"
#include "tools/vgpu/core/RaceShadow.h"

#include <algorithm>

namespace vgpu {

Cluster::Cluster() = default;
Cluster::~Cluster() = default;

void join(ClockVector &to, const ClockVector &from) {
  if (to.size() < from.size())
    to.resize(from.size());
  for (size_t i = 0; i < from.size(); ++i)
    to[i].join(from[i]);
}

void join(Others &to, const Others &from) {
  for (const auto &[cluster, clocks] : from) {
    auto &mine = to[cluster];
    if (mine == clocks)
      continue;
    if (!mine) {
      mine = clocks;
      continue;
    }
    auto both = std::make_shared<ClockVector>(*mine);
    join(*both, *clocks);
    mine = std::move(both);
  }
}

void Knowledge::join(const Knowledge &from) {
  vgpu::join(generic, from.generic);
  vgpu::join(fenced, from.fenced);
  vgpu::join(others, from.others);
}

void Knowledge::clear() {
  generic.clear();
  fenced.clear();
  others.clear();
}

void WarpClocks::start(uint32_t agents, bool proxies) {
  clock = 1;
  syncAll = arrivedClock = 0;
  if (partial)
    std::memset(met, 0, sizeof met);
  partial = false;
  knows.clear();
  knows.generic.resize(agents);
  knows.fenced.resize(proxies ? agents : 0);
  fence.reset();
  fencedLanes = 0;
  pending.clear();
  hasPending = false;
}

void RaceClocks::start(Cluster &cluster) {
  linear = cluster.linear + 1;
  warpsPerBlock = uint32_t(cluster.blocks[0]->warps.size());
  // Warps and their cp.async; the other agents only where they exist.
  bool proxies = cluster.launch->program->usesAsyncProxy;
  agentsPerBlock =
      proxies ? 4 * warpsPerBlock + mbarrierAgents : 2 * warpsPerBlock;
  uint32_t agents = agentsPerBlock * uint32_t(cluster.blocks.size());
  warps.resize(cluster.blocks.size() * warpsPerBlock);
  for (WarpClocks &w : warps)
    w.start(agents, proxies);
  agentClock.assign(agents, 0);
  barriers.clear();
  barriers.resize(cluster.blocks.size() * 16);
  clusterBarrier.clear();
  clusterDone.clear();
  mbarriers.clear();
  remote.clear();
  for (auto &block : cluster.blocks) {
    uint32_t lines = block->sharedBytes / raceLineBytes + 1;
    if (block->lineCount < lines) {
      block->lines = std::make_unique<RaceLine[]>(lines);
      block->lineCount = lines;
    }
  }
}

namespace {

RaceClocks *clocksOf(const Warp &w) {
  return w.worker->checkRaces ? w.block->cluster->race.get() : nullptr;
}

/// Adds what the lanes of `mask` hand on: all that the warp knows, and of the
/// warp itself what these lanes did or know of the others.
void publish(RaceClocks &clocks, const Warp &w, uint32_t mask, Knowledge &to) {
  const WarpClocks &own = clocks.of(w);
  to.join(own.knows);
  to.generic[clocks.warpAgent(w)].join(own.selfEntry(mask, w.live));
}

/// The lanes' later accesses are told from the earlier ones.
void tick(WarpClocks &own) { ++own.clock; }

} // namespace

ClockEntry WarpClocks::selfEntry(uint32_t mask, uint32_t live) const {
  ClockEntry entry;
  entry.all = syncAll;
  if ((live & ~mask) == 0) {
    entry.all = clock;
    return entry;
  }
  entry.lanes = mask;
  entry.some = clock;
  // Lanes that all of `mask` have met since.
  if (partial)
    for (unsigned b = 0; b < 32; ++b) {
      bool known = true;
      forEachLane(mask, [&](unsigned a) { known &= met[a][b] + 1 >= clock; });
      if (known)
        entry.lanes |= 1u << b;
    }
  return entry;
}

void startRaceClocks(Cluster &cluster) {
  if (!cluster.race)
    cluster.race = std::make_unique<RaceClocks>();
  cluster.race->start(cluster);
}

void onWarpSync(Warp &w, uint32_t mask) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  WarpClocks &own = clocks->of(w);
  if ((w.live & ~mask) == 0) {
    own.syncAll = own.clock;
  } else {
    own.partial = true;
    forEachLane(mask, [&](unsigned a) {
      forEachLane(mask, [&](unsigned b) { own.met[a][b] = own.clock; });
    });
  }
  // Each lane's proxy fences hold for those that it meets.
  tick(own);
}

void onBarrierArrive(Warp &w, uint32_t id, uint32_t mask) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  publish(*clocks, w, mask, clocks->barriers[w.block->rank * 16 + id]);
  WarpClocks &own = clocks->of(w);
  own.arrivedClock = own.clock;
  tick(own);
}

void onBlockBarrier(Block &block, uint32_t id,
                    const std::vector<uint32_t> &lanes) {
  RaceClocks *clocks = block.cluster->race.get();
  if (!clocks || !block.cluster->worker->checkRaces)
    return;
  Knowledge &shared = clocks->barriers[block.rank * 16 + id];
  for (const auto &warp : block.warps) {
    uint32_t waiting = block.barriers[id].waiting[warp->index];
    if (!waiting)
      continue;
    WarpClocks &own = clocks->of(*warp);
    // A warp that waits as a whole has handed on all that it knows.
    if ((warp->live & ~waiting) == 0)
      own.knows = shared;
    else
      own.knows.join(shared);
    own.takePending();
    if ((warp->live & ~lanes[warp->index]) == 0)
      own.syncAll = std::max(own.syncAll, own.arrivedClock);
    tick(own);
  }
  shared.clear();
}

void onClusterArrive(Warp &w, uint32_t mask, bool release) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  WarpClocks &own = clocks->of(w);
  if (release)
    publish(*clocks, w, mask, clocks->clusterBarrier);
  else if (own.fence)
    clocks->clusterBarrier.join(*own.fence);
  own.arrivedClock = own.clock;
  tick(own);
}

void onClusterBarrier(Cluster &cluster) {
  if (!cluster.race || !cluster.worker->checkRaces)
    return;
  cluster.race->clusterDone = std::move(cluster.race->clusterBarrier);
  cluster.race->clusterBarrier = Knowledge();
}

void onClusterWait(Warp &w, uint32_t mask, bool acquire) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks || !acquire)
    return;
  WarpClocks &own = clocks->of(w);
  own.knows.join(clocks->clusterDone);
  own.takePending();
  if ((w.live & ~mask) == 0)
    own.syncAll = std::max(own.syncAll, own.arrivedClock);
  tick(own);
}

void onMbarrierInit(Block &block, uint32_t offset) {
  RaceClocks *clocks = block.cluster->race.get();
  if (clocks && block.cluster->worker->checkRaces)
    clocks->mbarriers.erase(block.shared + offset);
}

void onMbarrierArrive(Warp &w, uint32_t mask, Block &block, uint32_t offset) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  publish(*clocks, w, mask, clocks->mbarriers[block.shared + offset].open);
  tick(clocks->of(w));
}

void onMbarrierPhase(Block &block, uint32_t offset) {
  RaceClocks *clocks = block.cluster->race.get();
  if (!clocks || !block.cluster->worker->checkRaces)
    return;
  MbarrierClocks &at = clocks->mbarriers[block.shared + offset];
  at.done.join(at.open);
  at.open.clear();
}

void onMbarrierAcquire(Warp &w, uint32_t, Block &block, uint32_t offset) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  auto at = clocks->mbarriers.find(block.shared + offset);
  if (at != clocks->mbarriers.end())
    clocks->of(w).knows.join(at->second.done);
}

void onBlockEnd(Block &block) {
  RaceClocks *clocks = block.cluster->race.get();
  if (!clocks || !block.cluster->worker->checkRaces)
    return;
  for (const RaceClocks::RemoteAccess &access : clocks->remote) {
    if (access.owner != block.rank)
      continue;
    bool known = false;
    for (const auto &warp : block.warps)
      known |= clocks->of(*warp).knows.generic[access.agent].covers(
          access.clock, access.lanes);
    if (!known)
      reportAt(*access.warp, access.pc, ReportKind::Race,
               std::countr_zero(access.lanes), 0,
               "the block of the cluster that owns this shared memory may have "
               "ended: nothing orders its end after the access");
  }
}

void onFence(Warp &w, uint32_t mask, unsigned) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  WarpClocks &own = clocks->of(w);
  own.takePending();
  own.fence = std::make_shared<Knowledge>();
  publish(*clocks, w, mask, *own.fence);
  // For readers in other clusters, this cluster's clocks as they are now.
  own.fence->others[clocks->linear] =
      std::make_shared<ClockVector>(own.fence->generic);
  own.fencedLanes = mask;
  tick(own);
}

void onProxyFence(Warp &w, uint32_t mask) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  WarpClocks &own = clocks->of(w);
  Knowledge known;
  publish(*clocks, w, mask, known);
  join(own.knows.fenced, known.generic);
  tick(own);
}

// Strong accesses: flags and locks in memory.

void beforeStrongStore(Warp &w, const Insn &i, uint32_t mask,
                       const Access &access) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks || !access.strong)
    return;
  WarpClocks &own = clocks->of(w);
  std::shared_ptr<Knowledge> release = own.fence;
  if (i.aux32 & MemRelease) {
    onFence(w, mask, 0);
    release = own.fence;
  }
  auto &variables = w.worker->shadow->variables;
  forEachLane(mask, [&](unsigned l) {
    uint64_t key = reinterpret_cast<uint64_t>(access.lanes[l].pointer);
    if (access.lanes[l].space == Space::Local)
      return;
    if (access.kind == AccessKind::Write)
      variables.erase(key);
    if (!release)
      return;
    SyncVariable &variable = variables[key];
    if (!variable.knowledge)
      variable.knowledge = std::make_shared<Knowledge>();
    else if (variable.knowledge.use_count() > 1)
      variable.knowledge = std::make_shared<Knowledge>(*variable.knowledge);
    if (variable.cluster != clocks->linear && variable.cluster != 0) {
      // Across clusters only the map of others counts.
      variable.knowledge->generic.clear();
      variable.knowledge->fenced.clear();
      join(variable.knowledge->others, release->others);
    } else {
      variable.knowledge->join(*release);
    }
    variable.cluster = clocks->linear;
  });
}

void afterStrongLoad(Warp &w, const Insn &i, uint32_t mask,
                     const Access &access) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return;
  WarpClocks &own = clocks->of(w);
  auto &variables = w.worker->shadow->variables;
  if (variables.empty())
    return;
  forEachLane(mask, [&](unsigned l) {
    auto at =
        variables.find(reinterpret_cast<uint64_t>(access.lanes[l].pointer));
    if (at == variables.end())
      return;
    Knowledge taken;
    taken.others = at->second.knowledge->others;
    if (at->second.cluster == clocks->linear)
      taken = *at->second.knowledge;
    own.pending.join(taken);
    own.hasPending = true;
  });
  if (i.aux32 & MemAcquire)
    own.takePending();
}

void WarpClocks::takePending() {
  if (!hasPending)
    return;
  knows.join(pending);
  pending = Knowledge();
  hasPending = false;
}

// Asynchronous agents.

AsyncAgent beginAsync(Warp &w, uint32_t, AgentKind kind, Block &block,
                      uint32_t key) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks)
    return {};
  uint32_t base = block.rank * clocks->agentsPerBlock;
  uint32_t n = clocks->warpsPerBlock, agent = base;
  switch (kind) {
  case AgentKind::Copy:
    agent += n + key;
    break;
  case AgentKind::BulkStore:
    agent += 2 * n + key;
    break;
  case AgentKind::Wgmma:
    agent += 3 * n + key;
    break;
  case AgentKind::Mbarrier:
    agent += 4 * n + key / 8 % RaceClocks::mbarrierAgents;
    break;
  }
  return {agent, ++clocks->agentClock[agent]};
}

void asyncToMbarrier(Block &block, uint32_t offset, AsyncAgent agent) {
  RaceClocks *clocks = block.cluster->race.get();
  if (!clocks || !agent.clock)
    return;
  Knowledge &open = clocks->mbarriers[block.shared + offset].open;
  if (open.generic.size() <= agent.agent)
    open.generic.resize(clocks->agentClock.size());
  ClockEntry &entry = open.generic[agent.agent];
  entry.all = std::max(entry.all, agent.clock);
}

void asyncToLanes(Warp &w, uint32_t, AsyncAgent agent) {
  RaceClocks *clocks = clocksOf(w);
  if (!clocks || !agent.clock)
    return;
  ClockEntry &entry = clocks->of(w).knows.generic[agent.agent];
  entry.all = std::max(entry.all, agent.clock);
}

} // namespace vgpu
