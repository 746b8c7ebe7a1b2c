// Scheduler.cpp - which warps, blocks and clusters run when.
//
// A worker runs one cluster until it ends, or until its time is over or all
// of its warps only poll memory; then it starts or continues another, so that
// blocks that wait for each other all make progress.
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"

#include <algorithm>
#include <thread>

namespace vgpu {

namespace {

constexpr uint32_t warpTurn = 4096;
constexpr uint64_t clusterTurn = 1 << 20;
/// Rounds without any news after which polling counts as being stuck.
constexpr uint64_t stuckRounds = 20000;

enum class Outcome : uint8_t { Finished, TurnOver, Polling, Stopped };

std::unique_ptr<Cluster> makeCluster(Worker &worker) {
  LaunchState &launch = *worker.launch;
  auto cluster = std::make_unique<Cluster>();
  cluster->launch = &launch;
  cluster->worker = &worker;
  uint64_t count = launch.cluster.count();
  for (uint64_t r = 0; r < count; ++r) {
    auto block = std::make_unique<Block>();
    block->cluster = cluster.get();
    block->rank = uint32_t(r);
    block->sharedBytes = launch.sharedBytes;
    block->sharedStorage.resize(launch.sharedBytes + 1024 + 128);
    auto at = reinterpret_cast<uintptr_t>(block->sharedStorage.data());
    block->shared = block->sharedStorage.data() + ((1024 - at % 1024) % 1024);
    if (block->sharedStorage.data() + block->sharedStorage.size() <
        block->shared + launch.sharedBytes) {
      block->sharedStorage.resize(launch.sharedBytes + 2048);
      at = reinterpret_cast<uintptr_t>(block->sharedStorage.data());
      block->shared = block->sharedStorage.data() + ((1024 - at % 1024) % 1024);
    }
    for (uint32_t i = 0; i < launch.warpsPerBlock; ++i)
      block->warps.push_back(std::make_unique<Warp>());
    cluster->blocks.push_back(std::move(block));
  }
  return cluster;
}

/// Sets up cluster number `linear` for running.
void startCluster(Worker &worker, Cluster &cluster, uint64_t linear) {
  const LaunchState &launch = *worker.launch;
  const Dim3 &size = launch.cluster, &grid = launch.config.grid;
  uint64_t acrossX = grid.x / size.x, acrossY = grid.y / size.y;
  cluster.linear = linear;
  cluster.index = {uint32_t(linear % acrossX),
                   uint32_t(linear / acrossX % acrossY),
                   uint32_t(linear / acrossX / acrossY)};
  cluster.operations.clear();
  cluster.events = cluster.idlePolls = cluster.idleMark = 0;
  cluster.clusterGeneration = 0;
  cluster.expireWaits = false;
  cluster.expiredRounds = cluster.expiredEvents = 0;
  cluster.liveBlocks = uint32_t(cluster.blocks.size());
  cluster.clusterArrivedLanes.assign(
      cluster.blocks.size() * launch.warpsPerBlock, 0);
  for (auto &block : cluster.blocks) {
    uint32_t r = block->rank;
    block->index = {cluster.index.x * size.x + r % size.x,
                    cluster.index.y * size.y + r / size.x % size.y,
                    cluster.index.z * size.z + r / size.x / size.y};
    block->linear =
        block->index.x +
        uint64_t(grid.x) * (block->index.y + uint64_t(grid.y) * block->index.z);
    block->liveWarps = launch.warpsPerBlock;
    block->liveThreads = uint32_t(launch.config.block.count());
    std::memset(block->shared, 0xcd, block->sharedBytes);
    if (worker.checkUninitialised)
      block->sharedInitialised.assign(block->sharedBytes, 0);
    for (BlockBarrier &barrier : block->barriers)
      barrier = BlockBarrier();
    for (uint32_t i = 0; i < launch.warpsPerBlock; ++i)
      startWarp(*block->warps[i], *block, worker, i);
    ++worker.stats.blocks;
    worker.stats.warps += launch.warpsPerBlock;
  }
  if (worker.checkRaces)
    startRaceClocks(cluster);
}

/// Counts down the delays of operations in flight (random schedules only).
void tickOperations(Cluster &cluster) {
  for (size_t k = 0; k < cluster.operations.size(); ++k) {
    AsyncOperation &op = cluster.operations[k];
    if (op.delay == 0) {
      completeOperation(cluster, op.id);
      return;
    }
    --op.delay;
  }
}

/// Reports that nothing in the cluster can go on.
void reportDeadlock(Cluster &cluster) {
  ReportKind kind = ReportKind::BarrierDeadlock;
  Warp *blame = nullptr;
  uint32_t pc = 0;
  std::string text = describeWaits(cluster, kind, blame, pc);
  if (blame)
    reportAt(*blame, pc, kind, -1, 0, std::move(text));
}

/// A try_wait returns false after some time: lets every waiting warp see that
/// once before the cluster counts as stuck.
bool expireSomeWait(Cluster &cluster) {
  if (cluster.events != cluster.expiredEvents) {
    cluster.expiredEvents = cluster.events;
    cluster.expiredRounds = 0;
  }
  if (cluster.expireWaits || ++cluster.expiredRounds > 64)
    return false;
  cluster.expireWaits = true;
  return true;
}

struct Round { // what one pass over a cluster's warps did
  uint64_t executed = 0;
  bool onlyPolled = true;
};

void runRound(Worker &worker, Round &round, std::vector<Warp *> &order) {
  LaunchState &launch = *worker.launch;
  if (worker.random)
    std::shuffle(order.begin(), order.end(), worker.rng);
  for (Warp *warp : order) {
    if (warp->done || !wakePolling(*warp))
      continue;
    uint32_t budget = warpTurn;
    if (worker.random)
      budget = 1 + uint32_t(worker.rng() % 512);
    uint32_t count = runWarp(*warp, budget);
    round.executed += count;
    if (count > 0 && !warp->yieldedTurn)
      round.onlyPolled = false;
    if (launch.stop.load(std::memory_order_relaxed))
      return;
  }
  launch.totalInstructions.fetch_add(round.executed, std::memory_order_relaxed);
}

Outcome runCluster(Worker &worker, Cluster &cluster) {
  LaunchState &launch = *worker.launch;
  std::vector<Warp *> order;
  for (auto &block : cluster.blocks)
    for (auto &warp : block->warps)
      order.push_back(warp.get());
  uint64_t total = 0;
  uint64_t turn =
      worker.random ? 1000 + worker.rng() % clusterTurn : clusterTurn;
  while (true) {
    Round round;
    uint64_t events = cluster.events;
    runRound(worker, round, order);
    if (launch.stop.load(std::memory_order_relaxed))
      return Outcome::Stopped;
    if (cluster.liveBlocks == 0) {
      while (completeOperation(cluster)) {
      }
      return launch.stop ? Outcome::Stopped : Outcome::Finished;
    }
    total += round.executed;
    if (worker.random)
      tickOperations(cluster);
    bool news = cluster.events != events;
    if (round.executed == 0 && !news) {
      if (completeOperation(cluster))
        continue;
      if (expireSomeWait(cluster))
        continue;
      reportDeadlock(cluster);
      return Outcome::Stopped;
    }
    cluster.expireWaits = false;
    if (launch.options.instructionLimit &&
        launch.totalInstructions.load(std::memory_order_relaxed) >
            launch.options.instructionLimit) {
      Warp *warp = order[0];
      for (Warp *w : order)
        if (!w->done)
          warp = w;
      reportAt(*warp, warp->pc, ReportKind::Hang, -1, 0,
               "the launch executed more than " +
                   std::to_string(launch.options.instructionLimit) +
                   " warp instructions");
      return Outcome::Stopped;
    }
    if (round.onlyPolled && !news) {
      if (++cluster.idlePolls > 64 && completeOperation(cluster)) {
        cluster.idlePolls = 0;
        continue;
      }
      if (cluster.idlePolls > 16 || launch.clusterCount > 1)
        return Outcome::Polling;
    } else {
      cluster.idlePolls = 0;
    }
    if (total > turn)
      return Outcome::TurnOver;
  }
}

void addLaunchCounts(Worker &worker) {
  const Program &program = *worker.launch->program;
  if (!worker.statistics)
    return;
  for (size_t pc = 0; pc < program.code.size(); ++pc) {
    unsigned cls = program.code[pc].cls;
    worker.stats.warpInstructions[cls] += worker.warpCounts[pc];
    worker.stats.threadInstructions[cls] += worker.laneCounts[pc];
    worker.stats.flops += worker.laneCounts[pc] * program.info[pc].flops;
  }
}

/// Takes the next cluster of the grid, or false when none is left.
bool takeCluster(Worker &worker) {
  LaunchState &launch = *worker.launch;
  uint64_t linear = launch.nextCluster.fetch_add(1);
  if (linear >= launch.clusterCount)
    return false;
  if (launch.permute)
    linear = launch.permutation(linear);
  std::unique_ptr<Cluster> cluster;
  if (!worker.pool.empty()) {
    cluster = std::move(worker.pool.back());
    worker.pool.pop_back();
  } else {
    cluster = makeCluster(worker);
  }
  startCluster(worker, *cluster, linear);
  worker.active.push_back(std::move(cluster));
  return true;
}

} // namespace

bool completeOperation(Cluster &cluster, uint64_t id) {
  for (auto at = cluster.operations.begin(); at != cluster.operations.end();
       ++at) {
    if (id != 0 && at->id != id)
      continue;
    AsyncOperation op = std::move(*at);
    cluster.operations.erase(at);
    op.perform();
    if (op.signal)
      op.signal();
    ++cluster.events;
    return true;
  }
  return false;
}

uint64_t LaunchState::permutation(uint64_t linear) const {
  // An odd multiplier modulo a power of two, walked until it falls inside.
  uint64_t size = std::bit_ceil(clusterCount), mask = size - 1;
  uint64_t factor = (options.scheduleSeed * 2862933555777941757ull) | 1;
  uint64_t at = linear;
  do
    at = (at * factor + options.scheduleSeed) & mask;
  while (at >= clusterCount);
  return at;
}

void runWorker(Worker &worker) {
  LaunchState &launch = *worker.launch;
  size_t next = 0;
  uint64_t stuck = 0, activity = 0;
  bool gridLeft = true;
  if (worker.active.empty())
    gridLeft = takeCluster(worker);
  while (!launch.stop.load(std::memory_order_relaxed)) {
    if (worker.active.empty()) {
      if (!gridLeft || !(gridLeft = takeCluster(worker)))
        break;
    }
    next = next % worker.active.size();
    Outcome outcome = runCluster(worker, *worker.active[next]);
    if (outcome == Outcome::Stopped)
      break;
    if (outcome != Outcome::Polling) {
      launch.activity.fetch_add(1, std::memory_order_relaxed);
      stuck = 0;
    }
    if (outcome == Outcome::Finished) {
      worker.pool.push_back(std::move(worker.active[next]));
      worker.active.erase(worker.active.begin() + ptrdiff_t(next));
      continue;
    }
    // Let another cluster become resident if the device has room for it.
    if (gridLeft && worker.active.size() < launch.residentPerWorker)
      if (!(gridLeft = takeCluster(worker)))
        gridLeft = false;
    next = (next + 1) % worker.active.size();
    if (outcome == Outcome::Polling) {
      uint64_t now = launch.activity.load(std::memory_order_relaxed);
      stuck = now == activity ? stuck + 1 : 0;
      activity = now;
      std::this_thread::yield();
      if (stuck > stuckRounds * worker.active.size()) {
        Cluster &cluster = *worker.active[next];
        ReportKind kind = ReportKind::Hang;
        Warp *blame = nullptr;
        uint32_t pc = 0;
        std::string text = describeWaits(cluster, kind, blame, pc);
        if (blame)
          reportAt(*blame, pc, ReportKind::Hang, -1, 0,
                   "every warp polls memory that nothing changes; " + text);
        break;
      }
    }
  }
  addLaunchCounts(worker);
}

} // namespace vgpu
