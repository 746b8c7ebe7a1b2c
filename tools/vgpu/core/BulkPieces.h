// BulkPieces.h - a bulk copy taken apart into runs of bytes.
#pragma once

#include "tools/vgpu/core/BulkCopy.h"

namespace vgpu {

/// A run of bytes that lie together on both sides. A null global side is
/// filled instead of read, and skipped when written.
struct BulkPiece {
  uint8_t *global = nullptr;
  uint32_t shared = 0; ///< offset in the shared memory of its block
  uint32_t bytes = 0;
};

/// A copy made ready to be performed.
struct BulkPieces {
  Warp *warp = nullptr;
  uint32_t pc = 0;
  unsigned lane = 0;
  std::vector<BulkPiece> pieces;
  std::vector<Block *> targets; ///< blocks that receive a load
  Block *source = nullptr;      ///< block that a store reads
  uint32_t sourceOffset = 0;    ///< shared to shared
  uint32_t total = 0;
  BulkReduction reduction = BulkReduction::None;
  Type type = Type::B8;
  uint8_t fill[8] = {};
  unsigned element = 1;
};

/// Checks the copy's addresses, tensor map, sizes and masks and finds its
/// pieces. Reports what is not allowed and returns false.
bool prepareBulk(Warp &warp, const BulkCopy &copy, BulkPieces &pieces);

} // namespace vgpu
