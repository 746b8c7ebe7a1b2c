// Indexing.h - the loops of an op, and how they index its tensors.
#ifndef TRESSE_DIALECTS_LM_INDEXING_H
#define TRESSE_DIALECTS_LM_INDEXING_H

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Operation.h"

namespace tresse::lm {

/// What an op's `IndexedOpInterface` says, read: its loops, and of every
/// dimension of its tensors the loop that indexes it. Tensors are numbered
/// operands first, then results.
///
///   lm.linear  R.. in, out in -> R.. out   on [2, 5, 64], [48, 64]
///
///   loops    0 R.. 2   1 R.. 5   2 in 64 (reduction)   3 out 48
///   tensors  [0, 1, 2]   [3, 2]   [0, 1, 3]
class Indexing {
public:
  struct Loop {
    /// As the op's definition calls it; every loop of `R..` is called so.
    llvm::StringRef name;
    /// How many steps it has, dynamic where no tensor says.
    int64_t extent;
    mlir::utils::IteratorType type;

    bool isParallel() const {
      return type == mlir::utils::IteratorType::parallel;
    }
  };

  /// The indexing of a verified op that has the interface.
  static Indexing of(mlir::Operation *op);

  llvm::ArrayRef<Loop> getLoops() const { return loops; }
  const Loop &getLoop(unsigned loop) const { return loops[loop]; }

  /// The loop of every dimension of a tensor.
  llvm::ArrayRef<unsigned> ofTensor(unsigned tensor) const {
    return tensors[tensor];
  }
  llvm::ArrayRef<unsigned> ofOperand(unsigned operand) const {
    return tensors[operand];
  }
  llvm::ArrayRef<unsigned> ofResult(unsigned result) const {
    return tensors[operandCount + result];
  }

  /// One type per loop, as tiling asks for them.
  llvm::SmallVector<mlir::utils::IteratorType> getIteratorTypes() const;
  /// One map per tensor, from the loops to its dimensions: each result of a
  /// map is one loop.
  llvm::SmallVector<mlir::AffineMap>
  getIndexingMaps(mlir::MLIRContext *context) const;

  /// How many parallel loops come first in every result and in every operand
  /// that they index: the rows of the op. 0 where there are none.
  int64_t rowRank() const;
  /// Whether the first loops of the operand are the rows.
  bool isRowOperand(unsigned operand) const;

private:
  friend class IndexingReader;

  llvm::SmallVector<Loop> loops;
  llvm::SmallVector<llvm::SmallVector<unsigned, 4>> tensors;
  unsigned operandCount = 0;
};

/// Emits an error where the tensors of `op` do not fit its indexing text: a
/// rank that the text does not have, or two extents of one loop.
llvm::LogicalResult verifyIndexing(mlir::Operation *op);

} // namespace tresse::lm

#endif // TRESSE_DIALECTS_LM_INDEXING_H
