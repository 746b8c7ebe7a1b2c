// Mbarrier.h - the 64-bit barrier objects in shared memory.
#pragma once

#include "tools/vgpu/core/Memory.h"

namespace vgpu {

/// An mbarrier's word, taken apart. Opaque to programs:
///
///   63..62  61     60..40          39..20    19..0
///   0b10    phase  bytes expected  expected  pending arrivals
struct MbarrierState {
  uint32_t pending = 0;
  uint32_t expected = 0;
  int32_t bytes = 0; ///< transactions announced and not yet complete
  uint32_t phase = 0;
  bool valid = false;

  static MbarrierState unpack(uint64_t word);
  uint64_t pack() const;
};

/// Finds the mbarrier at an address for a lane and checks that it has been
/// initialised (unless `fresh`).
bool findMbarrier(Warp &warp, unsigned lane, Space space, uint64_t address,
                  LaneView &view, bool fresh = false);
MbarrierState loadMbarrier(const LaneView &view);
/// Arrives `count` times after adding `bytes` to what is expected; completes
/// the phase when nothing is left. `lane` is named in reports.
void arriveOn(Warp &warp, uint32_t pc, int lane, const LaneView &view,
              uint32_t count, int64_t bytes);
/// Takes `bytes` off what is expected.
void completeBytes(Warp &warp, uint32_t pc, int lane, const LaneView &view,
                   int64_t bytes);
/// One more arrival is pending in this phase.
void addPending(Warp &warp, const LaneView &view, uint32_t count);

/// Completes the cp.async groups of lanes but the newest `keep` (Copies.cpp).
void waitCopies(Warp &warp, uint32_t mask, uint64_t keep, bool open);

} // namespace vgpu
