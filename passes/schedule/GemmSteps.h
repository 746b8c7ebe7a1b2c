// GemmSteps.h - contractions of the lm dialect as matrix products.
#ifndef TRESSE_PASSES_SCHEDULE_GEMMSTEPS_H
#define TRESSE_PASSES_SCHEDULE_GEMMSTEPS_H

#include "passes/schedule/PlanBuilder.h"

namespace tresse {

/// True for ops that `addGemm` knows: linear, head_linear, grouped_linear and
/// their gradients.
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
