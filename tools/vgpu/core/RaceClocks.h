// RaceClocks.h - what each warp of a cluster knows of the others' progress.
#pragma once

#include "tools/vgpu/core/Warp.h"

#include <map>

namespace vgpu {

/// What is known of one agent: all its lanes up to `all`, and the lanes of
/// `lanes` up to `some`.
struct ClockEntry {
  uint32_t all = 0, lanes = 0, some = 0;

  bool covers(uint32_t clock, uint32_t ofLanes) const {
    return clock <= all || (clock <= some && (ofLanes & ~lanes) == 0);
  }
  /// The join may claim too much when both sides know different lanes: that
  /// can hide a race, never invent one.
  void join(const ClockEntry &other) {
    all = all > other.all ? all : other.all;
    if (other.some > all) {
      lanes = some > all ? lanes | other.lanes : other.lanes;
      some = some > other.some ? some : other.some;
    }
  }
};

using ClockVector = std::vector<ClockEntry>;
/// Clocks of other clusters, by number + 1.
using Others = std::map<uint64_t, std::shared_ptr<const ClockVector>>;

struct Knowledge {
  ClockVector generic; ///< of the own cluster's agents
  ClockVector fenced;  ///< with a proxy fence on the way
  Others others;
  void join(const Knowledge &from);
  /// Knows nothing any more; keeps its storage.
  void clear();
};

void join(ClockVector &to, const ClockVector &from);
void join(Others &to, const Others &from);

struct WarpClocks {
  uint32_t clock = 1;
  /// All lanes know all lanes up to this.
  uint32_t syncAll = 0;
  uint32_t arrivedClock = 0;
  /// met[a][b]: how far lane a knows lane b, once parts of the warp met.
  bool partial = false;
  uint32_t met[32][32] = {};
  Knowledge knows;
  /// Released by relaxed stores from here on.
  std::shared_ptr<Knowledge> fence;
  uint32_t fencedLanes = 0;
  /// Seen by relaxed loads, taken at the next fence.
  Knowledge pending;
  bool hasPending = false;

  /// A new block begins. `proxies`: the program has an async proxy.
  void start(uint32_t agents, bool proxies);
  ClockEntry selfEntry(uint32_t mask, uint32_t live) const;
  void takePending();
};

struct MbarrierClocks {
  Knowledge open, done;
};

/// A flag or lock in memory: what stores to it have released.
struct SyncVariable {
  uint64_t cluster = 0;
  std::shared_ptr<Knowledge> knowledge;
};

class RaceClocks {
public:
  static constexpr uint32_t mbarrierAgents = 32;

  void start(Cluster &cluster);
  WarpClocks &of(const Warp &warp) {
    return warps[warp.block->rank * warpsPerBlock + warp.index];
  }
  uint32_t warpAgent(const Warp &warp) const {
    return warp.block->rank * agentsPerBlock + warp.index;
  }

  uint64_t linear = 0; ///< the cluster's number + 1
  uint32_t warpsPerBlock = 0, agentsPerBlock = 0;
  std::vector<WarpClocks> warps;
  std::vector<uint32_t> agentClock;
  std::vector<Knowledge> barriers;
  Knowledge clusterBarrier, clusterDone;
  std::unordered_map<const uint8_t *, MbarrierClocks> mbarriers;
  /// The last access of each agent to shared memory of another block.
  struct RemoteAccess {
    uint32_t owner = 0, agent = 0, clock = 0, lanes = 0, pc = 0;
    Warp *warp = nullptr;
  };
  std::vector<RemoteAccess> remote;
};

} // namespace vgpu
