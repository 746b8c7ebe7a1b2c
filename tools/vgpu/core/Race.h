// Race.h - happens-before between warps, and the last accesses of memory.
#pragma once

#include "tools/vgpu/core/Memory.h"

namespace vgpu {

class RaceClocks {};

// Barriers: arrivals are noted, and joined when the barrier completes.
void onBarrierArrive(Warp &warp, uint32_t id, uint32_t mask);
void onBlockBarrier(Block &block, uint32_t id,
                    const std::vector<uint32_t> &lanes);
void onClusterArrive(Warp &warp, uint32_t mask, bool release);
void onClusterBarrier(Cluster &cluster);
void onClusterWait(Warp &warp, uint32_t mask, bool acquire);

/// Checks an access against the last ones and notes it.
void checkAccess(Warp &warp, const Access &access);

/// Starts clocks for a cluster whose blocks have been set up.
void startRaceClocks(Cluster &cluster);

} // namespace vgpu
