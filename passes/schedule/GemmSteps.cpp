// GemmSteps.cpp - contractions as matrix products.
//
// The loops of a contraction d = a b are told apart by the tensors they index:
//
//            a   b   d
//   batch    x   x   x     one product each
//   row      x       x
//   column       x   x
//   inner    x   x         summed over
//   group        x         the rows' own matrix       (or x in d instead: the
//                          product of the group's rows)
#include "passes/schedule/GemmSteps.h"

using namespace mlir;

namespace tresse {

namespace {
enum class LoopRole { Batch, Row, Column, Inner, Group };

/// A contraction as a product d = a b.
struct Product {
  lm::Indexing indexing;
  /// One per loop.
  SmallVector<LoopRole> roles;
  /// The number of the operand with the groups' running totals.
  std::optional<unsigned> ends;

  /// None where `op` is no contraction, or one that is no matrix product.
  static std::optional<Product> of(Operation *op);

  ArrayRef<unsigned> loopsOfA() const { return indexing.ofOperand(0); }
  ArrayRef<unsigned> loopsOfB() const { return indexing.ofOperand(1); }
  ArrayRef<unsigned> loopsOfD() const { return indexing.ofResult(0); }
  /// The role of a tensor's last dimension.
  LoopRole lastRole(ArrayRef<unsigned> loops) const {
    return roles[loops.back()];
  }
  bool isGroupOf(ArrayRef<unsigned> loops) const {
    return llvm::any_of(
        loops, [&](unsigned loop) { return roles[loop] == LoopRole::Group; });
  }

private:
  std::optional<LoopRole> roleOf(unsigned loop) const;
  bool isMatrixProduct() const;
};
} // namespace

std::optional<LoopRole> Product::roleOf(unsigned loop) const {
  bool inA = llvm::is_contained(loopsOfA(), loop);
  bool inB = llvm::is_contained(loopsOfB(), loop);
  bool inD = llvm::is_contained(loopsOfD(), loop);
  bool isParallel = indexing.getLoop(loop).isParallel();
  if (ends && llvm::is_contained(indexing.ofOperand(*ends), loop)) {
    if (!inA && inB != inD)
      return LoopRole::Group;
    return std::nullopt;
  }
  if (inD != isParallel)
    return std::nullopt;
  if (inA && inB)
    return inD ? LoopRole::Batch : LoopRole::Inner;
  if (inD && inA != inB)
    return inA ? LoopRole::Row : LoopRole::Column;
  return std::nullopt;
}

/// The matrices end in rows, columns or inner sums, and several loops of one
/// role stand in the same order everywhere.
bool Product::isMatrixProduct() const {
  ArrayRef<unsigned> tensors[] = {loopsOfA(), loopsOfB(), loopsOfD()};
  for (ArrayRef<unsigned> loops : tensors)
    if (loops.empty() || lastRole(loops) == LoopRole::Batch ||
        lastRole(loops) == LoopRole::Group)
      return false;
  for (LoopRole role :
       {LoopRole::Batch, LoopRole::Row, LoopRole::Column, LoopRole::Inner}) {
    std::optional<SmallVector<unsigned>> order;
    for (ArrayRef<unsigned> loops : tensors) {
      SmallVector<unsigned> mine(llvm::make_filter_range(
          loops, [&](unsigned loop) { return roles[loop] == role; }));
      if (mine.empty())
        continue;
      if (order && *order != mine)
        return false;
      order = mine;
    }
  }
  if (lastRole(loopsOfD()) != LoopRole::Column)
    return false;
  if (!ends)
    return true;
  // Groups are runs of rows: of a, or of both operands of a sum.
  LoopRole last = isGroupOf(loopsOfD()) ? LoopRole::Row : LoopRole::Inner;
  return lastRole(tensors[0]) == last &&
         (last == LoopRole::Inner || lastRole(tensors[1]) == LoopRole::Column);
}

std::optional<Product> Product::of(Operation *op) {
  auto contraction = dyn_cast<lm::ContractionOpInterface>(op);
  if (!contraction)
    return std::nullopt;
  Product product{lm::Indexing::of(op), {}};
  if (Value ends = contraction.getGroupEnds())
    for (OpOperand &operand : op->getOpOperands())
      if (operand.get() == ends)
        product.ends = operand.getOperandNumber();
  for (unsigned loop = 0; loop < product.indexing.getLoops().size(); ++loop) {
    auto role = product.roleOf(loop);
    if (!role)
      return std::nullopt;
    product.roles.push_back(*role);
  }
  return product.isMatrixProduct() ? std::optional(product) : std::nullopt;
}

bool isGemm(Operation *op) { return Product::of(op).has_value(); }

std::optional<Layout> gemmLayout(Operation *op, unsigned index,
                                 const Layout &layout) {
  Product product = *Product::of(op);
  if (index == product.ends)
    return layout;
  ArrayRef<unsigned> loops = product.indexing.ofTensor(index);
  LoopRole last = product.lastRole(loops);
  // A stack of matrices, [batch or group, other, last].
  Layout sorted{{}, {}, layout.offset, layout.dtype};
  SmallVector<int64_t> sizes;
  auto take = [&](auto isMine) {
    int64_t count = 1;
    for (auto [dim, loop] : llvm::enumerate(loops)) {
      if (!isMine(product.roles[loop]))
        continue;
      sorted.sizes.push_back(layout.sizes[dim]);
      sorted.strides.push_back(layout.strides[dim]);
      count *= layout.sizes[dim];
    }
    sizes.push_back(count);
  };
  auto isStack = [](LoopRole role) {
    return role == LoopRole::Batch || role == LoopRole::Group;
  };
  take(isStack);
  if (sorted.sizes.empty())
    sizes.clear();
  take([&](LoopRole role) { return !isStack(role) && role != last; });
  take([&](LoopRole role) { return role == last; });
  std::optional<Layout> matrices = sorted.reshape(sizes);
  if (matrices && matrices->sizes.back() > 1 && matrices->strides.back() != 1)
    return std::nullopt;
  return matrices;
}

void addGemm(PlanBuilder &builder, Operation *op, StringRef name,
             ArrayRef<Place> operands, const Place &result) {
  Product product = *Product::of(op);
  Cost cost = estimateCost(op);
  // Every row meets every element of its matrix once.
  cost.flops = 2;
  for (auto [loop, role] :
       llvm::zip_equal(product.indexing.getLoops(), product.roles))
    if (role != LoopRole::Group)
      cost.flops *= loop.extent;
  bool transposeA = product.lastRole(product.loopsOfA()) == LoopRole::Row;
  bool transposeB = product.lastRole(product.loopsOfB()) == LoopRole::Inner;
  auto sum = dyn_cast<lm::AccumulateOpInterface>(op);
  bool accumulate = sum && sum.getAccumulatorValue();
  const Place &a = operands[0], &b = operands[1];
  if (product.ends)
    return builder.groupedGemm(
        op->getLoc(), name, a, b, transposeB, result, operands[*product.ends],
        product.isGroupOf(product.loopsOfD()), accumulate, cost);
  builder.gemm(op->getLoc(), name, a, transposeA, b, transposeB, result,
               accumulate, cost);
}

} // namespace tresse
