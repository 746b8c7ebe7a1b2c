// Liveness.h - which steps of a plan touch which buffers.
#ifndef TRESSE_PASSES_SCHEDULE_LIVENESS_H
#define TRESSE_PASSES_SCHEDULE_LIVENESS_H

#include "dialects/plan/Plan.h"
#include "llvm/ADT/MapVector.h"

namespace tresse {

/// One tensor that a step touches.
struct TensorAccess {
  plan::ViewOp tensor;
  /// enum tresse_access.
  uint32_t access;

  bool reads() const { return access & TRESSE_READ; }
  bool writes() const { return access & TRESSE_WRITE; }
};

/// Every tensor that `step` touches: its operands, the tensors behind its
/// tensor maps, the row counts of both and the tile count.
llvm::SmallVector<TensorAccess> accessesOf(plan::StepInterface step);

/// First and last step that need a buffer, numbered over all steps of the plan.
struct LiveRange {
  uint32_t first, last;
};

/// The live ranges of the buffers that entries touch, in the order of the
/// first touch. An input is live from the first step of its entry, an output to
/// the last one. Persistent buffers are listed too.
llvm::MapVector<plan::BufferOp, LiveRange> computeLiveness(plan::ModelOp model);

/// Largest sum over the steps of the sizes of the arena buffers live there,
/// in bytes, each size rounded up to `alignment`.
uint64_t
peakLiveBytes(const llvm::MapVector<plan::BufferOp, LiveRange> &liveness,
              uint64_t alignment);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_LIVENESS_H
