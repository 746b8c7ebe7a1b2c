// Execution.h - running warps: the loop, fragments, frames.
#pragma once

#include "tools/vgpu/core/Warp.h"

namespace vgpu {

/// Runs a warp for up to `budget` instructions. Returns how many it executed;
/// an instruction that only found that it must wait does not count.
uint32_t runWarp(Warp &warp, uint32_t budget);

/// Makes a warp ready to start the kernel: registers, local memory, thread
/// numbers. Reuses the storage of an earlier block.
void startWarp(Warp &warp, Block &block, Worker &worker, uint32_t index);

/// A frame for `function` called from `site`, shared with lanes that made the
/// same call from the same frame.
Frame *enterFrame(Warp &warp, uint32_t function, uint32_t site,
                  uint32_t returnPc);
/// Frees frames that no fragment is in any more.
void collectFrames(Warp &warp);

/// Wakes fragments that poll. True when some fragment can run.
bool wakePolling(Warp &warp);

/// Checks around one instruction (Checks.cpp).
void beforeInstruction(Warp &warp, const Insn &insn, uint32_t pc,
                       uint32_t mask);
void afterInstruction(Warp &warp, const Insn &insn, uint32_t pc, uint32_t mask);

/// Performs every wgmma issued so far whose result is still open (Wgmma.cpp).
void settleWgmma(Warp &warp);

/// Race clocks of a warp-wide synchronisation of these lanes.
void onWarpSync(Warp &warp, uint32_t mask);

/// One line about where each unfinished warp of a cluster waits, for deadlock
/// reports; sets `kind`, the warp and the instruction to blame.
std::string describeWaits(Cluster &cluster, ReportKind &kind, Warp *&blame,
                          uint32_t &pc);

/// Runs all blocks of a launch on this worker until none is left.
void runWorker(Worker &worker);

} // namespace vgpu
