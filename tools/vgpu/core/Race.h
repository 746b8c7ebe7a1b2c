// Race.h - happens-before between warps, and the last accesses of memory.
#pragma once

#include "tools/vgpu/core/Memory.h"

namespace vgpu {

/// Something that accesses memory on behalf of a thread and on its own time:
/// cp.async of a warp, its bulk stores, its wgmma, or the copies that signal
/// one mbarrier. `clock` names one of its operations; 0 when races are not
/// checked.
struct AsyncAgent {
  uint32_t agent = 0;
  uint32_t clock = 0;
};
enum class AgentKind : uint8_t { Copy, BulkStore, Wgmma, Mbarrier };

// Barriers: arrivals are noted, and joined when the barrier completes.
void onBarrierArrive(Warp &warp, uint32_t id, uint32_t mask);
void onBlockBarrier(Block &block, uint32_t id,
                    const std::vector<uint32_t> &lanes);
void onClusterArrive(Warp &warp, uint32_t mask, bool release);
void onClusterBarrier(Cluster &cluster);
void onClusterWait(Warp &warp, uint32_t mask, bool acquire);

// mbarriers: `offset` in the shared memory of `block`.
void onMbarrierArrive(Warp &warp, uint32_t mask, Block &block, uint32_t offset);
void onMbarrierPhase(Block &block, uint32_t offset);
void onMbarrierAcquire(Warp &warp, uint32_t mask, Block &block,
                       uint32_t offset);
void onMbarrierInit(Block &block, uint32_t offset);

// Asynchronous operations. `key` tells the agents of one kind apart.
AsyncAgent beginAsync(Warp &warp, uint32_t mask, AgentKind kind, Block &block,
                      uint32_t key);
/// Checks and notes bytes that the operation reads or writes. `asyncProxy`:
/// generic writes need a proxy fence before it.
void asyncAccess(Warp &warp, uint32_t pc, AsyncAgent agent,
                 const LaneView &view, uint32_t bytes, AccessKind kind,
                 bool asyncProxy);
/// Cells of 4 bytes of a block's shared memory, gathered line by line.
class SharedCells {
public:
  explicit SharedCells(Block &block) : block(block) {}
  /// Adds bytes in a row; `offset` and `bytes` are multiples of 4.
  void add(uint32_t offset, uint32_t bytes);

private:
  friend void asyncReads(Warp &, uint32_t, AsyncAgent, const SharedCells &);
  Block &block;
  std::vector<uint32_t> cells; ///< by line
  std::vector<uint32_t> lines; ///< that have some
};
/// Checks and notes that the operation reads them through the async proxy.
void asyncReads(Warp &warp, uint32_t pc, AsyncAgent agent,
                const SharedCells &cells);
/// The operation is done: the mbarrier's phase, or the lanes, know it.
void asyncToMbarrier(Block &block, uint32_t offset, AsyncAgent agent);
void asyncToLanes(Warp &warp, uint32_t mask, AsyncAgent agent);

/// The last thread of a block ends: accesses of other blocks to its shared
/// memory must have happened.
void onBlockEnd(Block &block);

/// Checks an access against the last ones and notes it.
void checkAccess(Warp &warp, const Access &access);

/// The same for an access of `bytes` bytes by every lane of `mask` to global
/// memory, or at offsets of the block's shared memory. Lanes not in the mask
/// have the address of the first one in it.
void checkLanes(Warp &warp, uint32_t mask, const uint64_t (&addresses)[32],
                uint32_t bytes, AccessKind kind, bool shared);

/// Starts clocks for a cluster whose blocks have been set up.
void startRaceClocks(Cluster &cluster);

} // namespace vgpu
