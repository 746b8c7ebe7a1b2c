// RowGroup.h - row-wise ops that could be one kernel.
#ifndef TRESSE_PASSES_FUSION_ROWGROUP_H
#define TRESSE_PASSES_FUSION_ROWGROUP_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SetVector.h"

#include <optional>
#include <string>

namespace tresse {

/// True for an arith or math op with one result that maps over the elements of
/// tensors of one shape.
bool isElementwise(mlir::Operation *op);

/// What a group of ops exchanges with the rest, and what stays inside.
struct RowBoundary {
  /// Values read, in the order of their first use.
  llvm::SetVector<mlir::Value> inputs;
  /// Results that others read, in the order of their ops.
  llvm::SmallVector<mlir::Value> outputs;
  /// Bytes of all results that only the group reads.
  int64_t insideBytes = 0;
  /// Bytes that need not be written to nor read from memory.
  int64_t savedBytes = 0;
};

/// Ops over the same rows, next to each other in their block.
///
///   rms_norm     [B, S, C]            rows [B, S]
///   mhc_post     [B, S, n, C] ...     rows [B, S]
///   elementwise  any shape            rows of the ops that it joins
class RowGroup {
public:
  /// The group of `op` alone; none where `op` cannot be part of a region:
  /// not row-wise, updating an operand, or writing a global.
  static std::optional<RowGroup> of(mlir::Operation *op);

  llvm::ArrayRef<mlir::Operation *> getOps() const { return ops; }
  /// How many rows there are; 0 while there are only elementwise ops.
  int64_t rowCount() const;
  /// Why this group, which makes values that `consumer` reads, and `consumer`
  /// cannot be over the same rows; empty when they can.
  std::string whyRowsDiffer(const RowGroup &consumer) const;
  /// Takes over the ops of `consumer`.
  void append(const RowGroup &consumer);

private:
  llvm::SmallVector<mlir::Operation *> ops;
  /// The leading dimensions that count rows; none for elementwise ops, whose
  /// whole shape is `shape`.
  std::optional<llvm::SmallVector<int64_t>> rows;
  llvm::SmallVector<int64_t> shape;
  /// The running totals that bound the rows in use, or null.
  mlir::Value ends;
};

/// What `ops` read, and what of theirs others read.
RowBoundary boundaryOf(llvm::ArrayRef<mlir::Operation *> ops);

/// True when a region has its own copy of the constant behind `operand`.
bool isOwnConstant(mlir::OpOperand &operand);

} // namespace tresse

#endif // TRESSE_PASSES_FUSION_ROWGROUP_H
