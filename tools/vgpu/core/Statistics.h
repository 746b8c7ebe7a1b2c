// Statistics.h - the exact costs of a kernel, counted without a clock.
#pragma once

#include <cstdint>

namespace vgpu {

/// Classes of instructions in the counts.
enum class InstructionClass : uint8_t {
  Integer,
  Float16,
  Float32,
  Float64,
  SpecialFunction,
  Conversion,
  Move,
  Control,
  Barrier,
  WarpExchange,
  LoadGlobal,
  StoreGlobal,
  LoadShared,
  StoreShared,
  LoadLocal,
  StoreLocal,
  LoadParam,
  Atomic,
  AsyncCopy,
  Mma,
  Wgmma,
  Other,
};
constexpr unsigned instructionClassCount =
    unsigned(InstructionClass::Other) + 1;
/// The class as a key of the JSON report: "integer", "load_global", ...
const char *instructionClassName(InstructionClass c);

/// Counters of one launch; merge() adds those of another.
struct KernelStatistics {
  uint64_t launches = 0;
  uint64_t blocks = 0;
  uint64_t warps = 0;
  /// Warp instructions that some lane executed, and executed lanes, per class.
  uint64_t warpInstructions[instructionClassCount] = {};
  uint64_t threadInstructions[instructionClassCount] = {};
  /// Branches after which a warp's lanes went two ways.
  uint64_t divergentBranches = 0;

  /// 32-byte sectors that global accesses name (requested = bytes asked for,
  /// rounded up to whole sectors) and that the memory system moves.
  uint64_t globalLoadSectorsRequested = 0;
  uint64_t globalLoadSectorsMoved = 0;
  uint64_t globalStoreSectorsRequested = 0;
  uint64_t globalStoreSectorsMoved = 0;
  /// Bytes moved by cp.async, bulk and tensor copies.
  uint64_t asyncBytesLoaded = 0;
  uint64_t asyncBytesStored = 0;
  /// Shared-memory warp accesses, and the passes they take beyond the fewest.
  uint64_t sharedAccesses = 0;
  uint64_t sharedBankConflicts = 0;
  /// Multiply-adds done by tensor cores.
  uint64_t tensorMultiplyAdds = 0;
  /// Warp arrivals at CTA, cluster and mbarrier barriers.
  uint64_t barriers = 0;
  /// Floating-point operations outside tensor cores: additions,
  /// multiplications, divisions, roots and special functions one each, an fma
  /// two; of packed instructions, for each half.
  uint64_t flops = 0;

  /// Blocks that fit on one multiprocessor and the fraction of its warps.
  uint32_t blocksPerMultiprocessor = 0;
  double occupancy = 0;
  /// The same fraction as the grid fills it, when every block takes the same
  /// time: over the multiprocessors that have blocks, the last, partly filled
  /// wave included.
  double achievedOccupancy = 0;

  uint64_t totalWarpInstructions() const;
  uint64_t totalThreadInstructions() const;
  void merge(const KernelStatistics &other);
};

} // namespace vgpu
