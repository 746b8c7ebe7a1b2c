// GemmSteps.cpp - contractions of the lm dialect as matrix products.
//
//   linear                   x[R,in] w[out,in]        d = x wT
//   linear_grad_input        dy[R,out] w[out,in]      d = dy w
//   linear_grad_weight       dy[R,out] x[R,in]        d = dyT x (+ d)
//   head_linear              x[R,H,in] w[H,out,in]    d[h] = x[:,h] w[h]T
//   grouped_linear           as linear, rows of group e with w[e]
//   grouped_linear_grad_*    as linear_grad_*
#include "passes/schedule/GemmSteps.h"

using namespace mlir;

namespace tresse {

bool isGemm(Operation *op) {
  return isa<lm::LinearOp, lm::LinearGradInputOp, lm::LinearGradWeightOp,
             lm::GroupedLinearOp, lm::GroupedLinearGradInputOp,
             lm::GroupedLinearGradWeightOp, lm::HeadLinearOp>(op);
}

/// [R.., H, C] as [H, R, C]: one matrix per head.
static std::optional<Layout> headLayout(const Layout &layout) {
  size_t rank = layout.sizes.size();
  int64_t heads = layout.sizes[rank - 2], channels = layout.sizes[rank - 1];
  if (channels > 1 && layout.strides[rank - 1] != 1)
    return std::nullopt;
  auto flat = layout.reshape(
      {heads && channels ? layout.elementCount() / (heads * channels) : 0,
       heads, channels});
  if (!flat)
    return std::nullopt;
  std::swap(flat->sizes[0], flat->sizes[1]);
  std::swap(flat->strides[0], flat->strides[1]);
  return flat;
}

/// [R.., C] as [R, C] with channels next to each other.
static std::optional<Layout> rowsLayout(const Layout &layout) {
  if (layout.sizes.back() > 1 && layout.strides.back() != 1)
    return std::nullopt;
  int64_t channels = layout.sizes.back();
  return layout.reshape(
      {channels ? layout.elementCount() / channels : 0, channels});
}

std::optional<Layout> gemmLayout(Operation *op, unsigned index,
                                 const Layout &layout) {
  if (layout.sizes.empty() || layout.dtype.isInteger())
    return layout; // ends
  bool isResult = index >= op->getNumOperands();
  if (isa<lm::HeadLinearOp>(op) && (index == 0 || isResult))
    return headLayout(layout);
  // Stacks of matrices keep their three dimensions.
  if (layout.sizes.size() == 3 &&
      ((isa<lm::HeadLinearOp>(op) && index == 1) ||
       (isa<lm::GroupedLinearOp, lm::GroupedLinearGradInputOp>(op) &&
        index == 1) ||
       (isa<lm::GroupedLinearGradWeightOp>(op) && index != 0 && index != 1))) {
    if (layout.sizes[2] > 1 && layout.strides[2] != 1)
      return std::nullopt;
    return layout;
  }
  return rowsLayout(layout);
}

void addGemm(PlanBuilder &builder, Operation *op, StringRef name,
             ArrayRef<Place> operands, const Place &result) {
  Cost cost = estimateCost(op);
  const Place &a = operands[0], &b = operands[1];
  bool isWeight =
      isa<lm::LinearGradWeightOp, lm::GroupedLinearGradWeightOp>(op);
  // Every row of a meets every element of a weight once.
  int64_t weight =
      isWeight ? result.layout.elementCount() : b.layout.elementCount();
  int64_t groups = isa<lm::GroupedLinearOp, lm::GroupedLinearGradInputOp,
                       lm::GroupedLinearGradWeightOp>(op)
                       ? operands[2].layout.sizes.front()
                       : 1;
  int64_t rows = a.layout.sizes[a.layout.sizes.size() - 2];
  cost.flops = 2 * rows * (weight / std::max<int64_t>(groups, 1));

  if (isa<lm::GroupedLinearOp, lm::GroupedLinearGradInputOp>(op))
    return builder.groupedGemm(op->getLoc(), name, a, b,
                               isa<lm::GroupedLinearOp>(op), result,
                               operands[2], /*varyingK=*/false,
                               /*accumulate=*/false, cost);
  if (isa<lm::GroupedLinearGradWeightOp>(op))
    return builder.groupedGemm(op->getLoc(), name, a, b, /*transposeB=*/false,
                               result, operands[2], /*varyingK=*/true,
                               op->getNumOperands() == 4, cost);
  if (isa<lm::LinearGradWeightOp>(op))
    return builder.gemm(op->getLoc(), name, a, /*transposeA=*/true, b,
                        /*transposeB=*/false, result, op->getNumOperands() == 3,
                        cost);
  bool storedOutIn = isa<lm::LinearOp>(op);
  if (auto heads = dyn_cast<lm::HeadLinearOp>(op))
    storedOutIn = !heads.getTransposed();
  builder.gemm(op->getLoc(), name, a, /*transposeA=*/false, b, storedOutIn,
               result, /*accumulate=*/false, cost);
}

} // namespace tresse
