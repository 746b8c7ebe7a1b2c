// Race.cpp - vector clocks (placeholder while the core comes up).
#include "tools/vgpu/core/Race.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/Polling.h"
#include "tools/vgpu/core/RaceShadow.h"
namespace vgpu {
void onBarrierArrive(Warp &, uint32_t, uint32_t) {}
void onBlockBarrier(Block &, uint32_t, const std::vector<uint32_t> &) {}
void onClusterArrive(Warp &, uint32_t, bool) {}
void onClusterBarrier(Cluster &) {}
void onClusterWait(Warp &, uint32_t, bool) {}
void checkAccess(Warp &, const Access &) {}
void startRaceClocks(Cluster &) {}
void onWarpSync(Warp &, uint32_t) {}
void afterStrongLoad(Warp &, const Insn &, uint32_t, const Access &) {}
void beforeStrongStore(Warp &, const Insn &, uint32_t, const Access &) {}
void onFence(Warp &, uint32_t, unsigned) {}
void onProxyFence(Warp &, uint32_t) {}
}
