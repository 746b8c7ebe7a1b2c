// Statistics.cpp - names and sums of counters.
#include "tools/vgpu/core/Statistics.h"

namespace vgpu {

const char *instructionClassName(InstructionClass c) {
  static const char *const names[instructionClassCount] = {
      "integer",     "float16",      "float32",     "float64",
      "special",     "conversion",   "move",        "control",
      "barrier",     "exchange",     "load_global", "store_global",
      "load_shared", "store_shared", "load_local",  "store_local",
      "load_param",  "atomic",       "async_copy",  "mma",
      "wgmma",       "other",
  };
  return names[unsigned(c)];
}

uint64_t KernelStatistics::totalWarpInstructions() const {
  uint64_t total = 0;
  for (uint64_t n : warpInstructions)
    total += n;
  return total;
}

uint64_t KernelStatistics::totalThreadInstructions() const {
  uint64_t total = 0;
  for (uint64_t n : threadInstructions)
    total += n;
  return total;
}

void KernelStatistics::merge(const KernelStatistics &other) {
  launches += other.launches;
  blocks += other.blocks;
  warps += other.warps;
  for (unsigned i = 0; i < instructionClassCount; ++i) {
    warpInstructions[i] += other.warpInstructions[i];
    threadInstructions[i] += other.threadInstructions[i];
  }
  divergentBranches += other.divergentBranches;
  globalLoadSectorsRequested += other.globalLoadSectorsRequested;
  globalLoadSectorsMoved += other.globalLoadSectorsMoved;
  globalStoreSectorsRequested += other.globalStoreSectorsRequested;
  globalStoreSectorsMoved += other.globalStoreSectorsMoved;
  asyncBytesLoaded += other.asyncBytesLoaded;
  asyncBytesStored += other.asyncBytesStored;
  sharedAccesses += other.sharedAccesses;
  sharedBankConflicts += other.sharedBankConflicts;
  tensorMultiplyAdds += other.tensorMultiplyAdds;
  barriers += other.barriers;
  flops += other.flops;
  if (other.blocksPerMultiprocessor) {
    blocksPerMultiprocessor = other.blocksPerMultiprocessor;
    occupancy = other.occupancy;
    achievedOccupancy = other.achievedOccupancy;
  }
}

} // namespace vgpu
