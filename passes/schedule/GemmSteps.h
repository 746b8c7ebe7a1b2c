// GemmSteps.h - contractions as matrix products.
#ifndef TRESSE_PASSES_SCHEDULE_GEMMSTEPS_H
#define TRESSE_PASSES_SCHEDULE_GEMMSTEPS_H

#include "passes/schedule/PlanBuilder.h"

namespace tresse {

/// True for contractions (lm::ContractionOpInterface) whose indexing is that of
/// a matrix product, a batch of them or a grouped one.
bool isGemm(mlir::Operation *op);

/// The layout that operand or result `index` (operands first) of a gemm needs
/// lies in: the matrix, or batch of matrices, of `layout`; none when its
/// strides forbid it, so that the caller copies the tensor first.
std::optional<Layout> gemmLayout(mlir::Operation *op, unsigned index,
                                 const Layout &layout);

/// Adds the step that computes `op` from operands and to a result whose layouts
/// `gemmLayout` gave.
void addGemm(PlanBuilder &builder, mlir::Operation *op, llvm::StringRef name,
             llvm::ArrayRef<Place> operands, const Place &result);

} // namespace tresse

#endif // TRESSE_PASSES_SCHEDULE_GEMMSTEPS_H
