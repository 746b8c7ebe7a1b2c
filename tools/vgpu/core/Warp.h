// Warp.h - the state of warps, blocks, clusters and a launch while it runs.
#pragma once

#include "tools/vgpu/core/Launch.h"
#include "tools/vgpu/core/Program.h"
#include "tools/vgpu/core/RaceLine.h"

#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <unordered_map>
#include <vector>

namespace vgpu {

struct Block;
struct Cluster;
struct Worker;
struct LaunchState;
class RaceClocks;
class RaceShadow;

constexpr uint32_t allLanes = 0xffffffffu;

/// A function's activation: registers and a piece of local memory. Lanes that
/// call from the same place share one.
struct Frame {
  Frame *caller = nullptr;
  uint32_t function = 0;
  uint32_t returnPc = 0;  ///< in the caller
  uint32_t callSite = 0;  ///< Program::calls, for copying results back
  uint32_t localBase = 0; ///< bytes into the thread's local memory
  uint32_t depth = 0;
  uint32_t users = 0; ///< fragments in it or in its callees
  std::unique_ptr<uint8_t[]> storage;
  uint8_t *registers = nullptr;
  size_t registerBytes = 0;
  /// Lanes whose value is undefined, per 64-byte slot (checks only), and the
  /// instruction that it comes from.
  std::vector<uint32_t> undefined;
  std::vector<uint32_t> origin;
  /// Lanes that hold a wgmma result not yet waited for, per slot.
  std::vector<uint32_t> pending;
  /// When each slot was last written, in Warp::wgmmaClock (checks only).
  std::vector<uint32_t> writtenAt;
};

/// Lanes of a warp that are at the same place.
struct Fragment {
  enum class State : uint8_t {
    Ready,
    WarpSync, ///< waits for other lanes of a member mask at this instruction
    Barrier,  ///< waits at a block or cluster barrier
    Polling,  ///< failed to see a phase complete; tries again when woken
  };
  uint32_t pc = 0;
  uint32_t mask = 0;
  Frame *frame = nullptr;
  State state = State::Ready;
  /// WarpSync: lanes it waits for. Barrier: the barrier's number, 16 =
  /// cluster.
  uint32_t wanted = 0;
  uint64_t lastRun = 0;
};

/// One wgmma.mma_async of one warp, issued and not yet complete.
struct WgmmaOp {
  const Insn *insn = nullptr;
  Frame *frame = nullptr;
  uint32_t pc = 0;
  uint64_t descriptorA = 0, descriptorB = 0;
  uint64_t sequence = 0;         ///< the warp's count of products
  uint32_t agent = 0, clock = 0; ///< for race checks
  bool accumulate = true;
  bool performed = false;
  /// A from registers, as read when the instruction was issued.
  uint32_t a[4][32];
};

/// One warp. The running fragment's pc, active mask and frame are kept here.
struct Warp {
  uint8_t *bases[2] = {nullptr, nullptr};
  uint32_t pc = 0;
  uint32_t active = 0;
  /// The loop leaves the fast path when pc reaches this; 0 asks for it.
  uint32_t nextPc = 0;
  uint32_t live = 0;
  uint32_t carry = 0; ///< CC.CF of each lane
  Frame *frame = nullptr;
  Block *block = nullptr;
  Worker *worker = nullptr;
  uint32_t index = 0;    ///< in the block
  uint32_t existing = 0; ///< lanes that the block's size gives it
  uint32_t current = 0;  ///< running fragment
  bool blocked = false;  ///< no fragment can run until something happens
  bool done = false;
  bool yielded = false;     ///< the running fragment asks for others to run
  bool yieldedTurn = false; ///< this turn ended because it polls memory
  bool rotating = false;
  uint32_t retried = 0; ///< instructions of this turn that only waited
  /// barrier.cluster: lanes that arrived in this phase, lanes that must wait.
  uint32_t clusterOpen = 0, clusterWaits = 0, clusterArrivedPc = 0;
  std::vector<Fragment> fragments;
  std::vector<std::unique_ptr<Frame>> frames;
  alignas(64) uint32_t tid[3][32];
  /// Interleaved: word w of lane l at (w * 32 + l) * 4.
  std::vector<uint8_t> local;
  std::vector<uint8_t> localInitialised;
  uint64_t instructions = 0;
  uint64_t fragmentStart = 0;
  // Spinning on memory: the last strong load and how often it repeated.
  uint32_t pollPc = 0;
  uint64_t pollValue = 0;
  uint32_t pollRepeats = 0;
  bool fragmentPoll = false; ///< read a clock: may be waiting for time

  // cp.async: uncommitted copies and committed groups (Copies.cpp).
  struct Copy {
    uint8_t *target = nullptr;
    const uint8_t *source = nullptr;
    uint8_t bytes = 0, zeros = 0;
    uint8_t lane = 0;
  };
  std::vector<Copy> openCopies;
  uint32_t openCopyClock = 0, copyAgent = 0, bulkAgent = 0;
  /// Per lane, committed groups are counted together: all lanes of a warp that
  /// commit do so in one instruction.
  struct CopyGroup {
    uint32_t mask = 0;
    std::vector<Copy> copies;
    uint32_t raceClock = 0;
  };
  std::deque<CopyGroup> copyGroups;

  // Bulk groups of each lane (TensorCopies.cpp).
  struct BulkGroup {
    uint32_t lane = 0;
    bool committed = false;
    bool readDone = false;
    std::vector<uint64_t> operations; ///< ids in the cluster's queue
    uint32_t raceClock = 0;
  };
  std::deque<BulkGroup> bulkGroups;

  // wgmma (Wgmma.cpp).
  std::vector<std::unique_ptr<WgmmaOp>> wgmmaOpen;
  std::deque<std::vector<std::unique_ptr<WgmmaOp>>> wgmmaGroups;
  uint32_t wgmmaPending = 0; ///< operations issued and not waited for
  uint32_t wgmmaClock = 1, wgmmaFence = 0;
  uint64_t wgmmaIssued = 0;

  /// Checks only: undefined lanes of each element that a load gave or a store
  /// takes.
  uint32_t loadUndefined[8] = {}, storeUndefined[8] = {};
  uint32_t loadOrigin = ~0u;
  uint32_t inputUndefined = 0, inputOrigin = ~0u;

  /// Unordered writes of this instruction, reported unless the value is the
  /// one that was there.
  struct WriteConflict {
    const uint8_t *pointer = nullptr;
    uint8_t old[4];
    std::function<void()> report;
  };
  std::vector<WriteConflict> writeConflicts;

  template <class T> T *at(Ref ref) const {
    return reinterpret_cast<T *>(bases[ref >> 31] + (ref & ~constantRef));
  }
  template <class T> const T *read(Ref ref) const { return at<const T>(ref); }
  uint32_t &predicate(Ref ref) const { return *at<uint32_t>(ref); }
  /// Asks the loop to choose again which lanes run.
  void reschedule() { nextPc = 0; }
  const Insn &insnAt(uint32_t pc) const;
};

/// Hardware barrier of a block: `bar`.
struct BlockBarrier {
  uint32_t arrived = 0;  ///< threads that arrived (and wait or went on)
  uint32_t expected = 0; ///< 0: every thread of the block
  uint32_t generation = 0;
  uint32_t popc = 0;
  bool all = true, any = false;
  bool used = false;
  /// Lanes of each warp that wait, and where.
  std::vector<uint32_t> waiting;
  std::vector<uint32_t> pcs;
  std::vector<uint32_t> arrivedLanes;
  uint32_t firstPc = 0;
};

struct Block {
  Cluster *cluster = nullptr;
  Dim3 index{0, 0, 0};
  uint64_t linear = 0;
  uint32_t rank = 0; ///< in its cluster
  uint32_t liveWarps = 0;
  uint32_t liveThreads = 0;
  uint8_t *shared = nullptr; ///< begins at address sharedBegin
  uint32_t sharedBytes = 0;
  std::vector<uint8_t> sharedStorage;
  std::vector<uint8_t> sharedInitialised;
  /// Last accesses of shared memory (race checks).
  std::unique_ptr<RaceLine[]> lines;
  uint32_t lineCount = 0;
  std::vector<std::unique_ptr<Warp>> warps;
  BlockBarrier barriers[16];
};

/// A copy or reduction in flight, started by a bulk or tensor instruction.
struct AsyncOperation {
  uint64_t id = 0;
  Block *block = nullptr; ///< the issuing block
  Warp *warp = nullptr;
  uint32_t pc = 0;
  uint32_t lane = 0;
  uint32_t delay = 0;
  bool groupTracked = false;
  std::function<void()> perform;
  /// Signals the mbarrier; after perform.
  std::function<void()> signal;
};

/// Blocks that run together; one block where there are no clusters.
struct Cluster {
  LaunchState *launch = nullptr;
  Worker *worker = nullptr;
  uint64_t linear = 0;
  Dim3 index{0, 0, 0};
  std::vector<std::unique_ptr<Block>> blocks;
  uint32_t liveBlocks = 0;
  std::deque<AsyncOperation> operations;
  uint64_t nextOperation = 1;
  /// Changes of barriers and mbarriers; tells waiting from being stuck.
  uint64_t events = 0;
  uint64_t idlePolls = 0;
  uint64_t idleMark = 0;
  /// Waits for phases give up in this round, as the hardware's do in time.
  bool expireWaits = false;
  uint64_t expiredRounds = 0, expiredEvents = 0;
  uint32_t expiredPc = 0;
  Warp *expiredWarp = nullptr;
  // barrier.cluster
  uint32_t clusterArrived = 0;
  uint32_t clusterGeneration = 0;
  /// Per warp (block-major): lanes arrived in this generation.
  std::vector<uint32_t> clusterArrivedLanes;
  std::unique_ptr<RaceClocks> race;
  Cluster();
  ~Cluster();
};

/// What all workers of a launch share.
struct LaunchState {
  Device *device = nullptr;
  const Kernel *kernel = nullptr;
  const Program *program = nullptr;
  LaunchConfig config;
  Dim3 cluster;
  ExecutionOptions options;
  uint32_t sharedBytes = 0;
  uint32_t dynamicOffset = 0;
  uint32_t warpsPerBlock = 0;
  uint64_t clusterCount = 0;
  uint64_t residentPerWorker = 1;
  uint32_t gridId = 0;
  /// Zeroed device memory of a cooperative launch: where its blocks meet.
  uint64_t gridWorkspace = 0;
  std::vector<uint8_t> parameters;
  std::atomic<uint64_t> nextCluster{0};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> totalInstructions{0};
  std::atomic<uint64_t> activity{0};
  bool permute = false;
  /// The order of clusters in a random schedule.
  uint64_t permutation(uint64_t linear) const;
  std::mutex reportMutex;
  LaunchStatus fatal = LaunchStatus::Ok;
  std::vector<Report> reports;
  std::vector<uint64_t> reportKeys;
  std::mutex printMutex;
};

/// One host thread's part of a launch.
struct Worker {
  LaunchState *launch = nullptr;
  const Insn *code = nullptr;
  unsigned index = 0;
  uint64_t ticks = 1000000; ///< what %clock and %globaltimer show
  bool checkUninitialised = false;
  bool checkRaces = false;
  RaceShadow *shadow = nullptr; ///< when races are checked
  bool statistics = false;
  bool instrumented = false; ///< any check or statistics that sees accesses
  bool fast = false;         ///< tensor cores in f32
  bool random = false;
  std::mt19937_64 rng;
  /// The allocation that the last global access hit.
  uint64_t cacheBegin = 0, cacheEnd = 0; // empty: nothing passes
  bool cacheReadOnly = false;
  uint64_t cacheVersion = 0;
  std::vector<std::unique_ptr<Cluster>> active;
  std::vector<std::unique_ptr<Cluster>> pool;
  // Statistics.
  KernelStatistics stats;
  std::vector<uint64_t> warpCounts, laneCounts; ///< per instruction
  /// Decoded operands of wgmma, by warpgroup and number of the product.
  std::vector<float> wgmmaCache;
  std::vector<std::array<uint64_t, 3>> wgmmaKeys;
  /// Allocations that global accesses hit lately, beside the last one.
  static constexpr unsigned recentCount = 8;
  uint64_t recentBegin[recentCount] = {}, recentEnd[recentCount] = {};
  unsigned recentNext = 0;
};

inline const Insn &Warp::insnAt(uint32_t at) const { return worker->code[at]; }

// Execution.cpp
void runReturn(Warp &, const Insn &, uint32_t mask);
void runNotPredicate(Warp &, const Insn &, uint32_t mask);

/// Files a report about the instruction before warp.pc (or at `pc`) and, for
/// kinds that a device cannot go on after, stops the launch. `lane` is -1 for
/// the whole warp.
void report(Warp &warp, ReportKind kind, int lane, uint64_t address,
            std::string text, uint32_t relatedPc = ~0u);
void reportAt(Warp &warp, uint32_t pc, ReportKind kind, int lane,
              uint64_t address, std::string text, uint32_t relatedPc = ~0u);
/// True when the launch is being stopped.
inline bool stopping(const Warp &warp) {
  return warp.worker->launch->stop.load(std::memory_order_relaxed);
}

/// Makes the lanes of the running fragment not in `mask` a fragment of their
/// own at `pc`.
void splitFragment(Warp &warp, uint32_t mask, uint32_t otherPc);
/// For instructions that need all lanes of `wanted`: true when the running
/// lanes cover those that are alive; else the fragment is parked at this
/// instruction. `mask` are the lanes that execute.
bool gatherLanes(Warp &warp, uint32_t mask, uint32_t wanted);
/// Parks the running fragment at a barrier; it goes on behind the
/// instruction when released.
void parkAtBarrier(Warp &warp, uint32_t barrier);
/// Wakes the fragments of a warp that wait at `barrier`.
void wakeFromBarrier(Warp &warp, uint32_t barrier);
/// The running fragment tries its instruction again later.
void retryLater(Warp &warp);
/// A lane set ends its thread.
void exitLanes(Warp &warp, uint32_t mask);
/// Completes the oldest operation in flight, or the one with this id.
bool completeOperation(Cluster &cluster, uint64_t id = 0);
/// After lanes have ended: barriers may now be complete.
void recheckBarriers(Block &block);
} // namespace vgpu
