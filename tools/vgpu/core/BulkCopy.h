// BulkCopy.h - bulk and tensor copies between global and shared memory.
#pragma once

#include "tools/vgpu/core/Mbarrier.h"
#include "tools/vgpu/core/Syntax.h"

namespace vgpu {

enum class BulkShape : uint8_t {
  GlobalToShared,
  SharedToShared,
  SharedToGlobal
};
enum class BulkReduction : uint8_t {
  None,
  Add,
  Min,
  Max,
  Inc,
  Dec,
  And,
  Or,
  Xor,
};

/// One copy as a lane asks for it. With a rank, the global side is a tensor
/// map's address.
struct BulkCopy {
  BulkShape shape = BulkShape::GlobalToShared;
  BulkReduction reduction = BulkReduction::None;
  Type type = Type::None; ///< of a reduction without a tensor map
  unsigned lane = 0;
  unsigned rank = 0;
  uint64_t target = 0, source = 0, barrier = 0;
  uint32_t bytes = 0;
  uint32_t ctaMask = 0;
  bool multicast = false;
  int32_t coordinates[5] = {};
};

/// Checks the copy, puts it in the cluster's queue and, for stores, into the
/// lane's open bulk group.
void issueBulk(Warp &warp, const BulkCopy &copy);
/// Completes the lanes' committed groups but the newest `keep`.
void waitBulk(Warp &warp, uint32_t mask, uint64_t keep);

/// old combined with value, both `type`, in place at `target`.
void reduceElement(BulkReduction op, Type type, uint8_t *target,
                   const uint8_t *value);

} // namespace vgpu
