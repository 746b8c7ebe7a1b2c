// Overwrite.cpp - which results may lie where an operand lies.
#include "dialects/lm/Overwrite.h"

#include "dialects/lm/LM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

#include "dialects/lm/Overwrite.cpp.inc"

namespace tresse::lm {

/// True for ops that compute each element of their result from the elements at
/// the same position.
static bool isElementwise(Operation *op) {
  return OpTrait::hasElementwiseMappableTraits(op) &&
         isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
             op->getDialect());
}

bool mayOverwrite(OpResult result, Value operand) {
  auto written = dyn_cast<RankedTensorType>(result.getType());
  auto read = dyn_cast<RankedTensorType>(operand.getType());
  if (!written || !read || !written.hasStaticShape() ||
      !read.hasStaticShape() ||
      written.getElementType() != read.getElementType() ||
      written.getNumElements() != read.getNumElements())
    return false;
  Operation *op = result.getOwner();
  auto overwriting = dyn_cast<OverwriteOpInterface>(op);
  if (!overwriting)
    return isElementwise(op);
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &use) {
    return use.get() != operand ||
           overwriting.mayOverwrite(result.getResultNumber(),
                                    use.getOperandNumber());
  });
}

namespace {

/// A result and the operand that it may overwrite.
struct Pair {
  unsigned result, operand;
};

/// An op that allows these pairs and no others.
template <typename Op, Pair... pairs>
struct Allows : OverwriteOpInterface::ExternalModel<Allows<Op, pairs...>, Op> {
  bool mayOverwrite(Operation *, unsigned result, unsigned operand) const {
    return ((pairs.result == result && pairs.operand == operand) || ...);
  }
};

/// True when the op reads of the operand only the row that it computes.
bool readsOneRow(OpOperand &use) {
  if (auto rowwise = dyn_cast<RowwiseOpInterface>(use.getOwner()))
    return rowwise.isRowOperand(use.getOperandNumber());
  return isElementwise(use.getOwner());
}

/// The ops of a region run one after the other on every block of rows: the ops
/// before the one that makes the value have read what it overwrites.
struct FusionOverwrites
    : OverwriteOpInterface::ExternalModel<FusionOverwrites, FusionOp> {
  bool mayOverwrite(Operation *op, unsigned result, unsigned operand) const {
    Block &block = cast<FusionOp>(op).getBody().front();
    Operation *end = block.getTerminator();
    Value yielded = end->getOperand(result);
    Operation *writer = yielded.getDefiningOp();
    if (!writer || llvm::count(end->getOperands(), yielded) != 1)
      return false;
    BlockArgument argument = block.getArgument(operand);
    for (OpOperand &use : argument.getUses()) {
      Operation *user = use.getOwner();
      if (user == end || !readsOneRow(use))
        return false;
      if (user != writer && !user->isBeforeInBlock(writer))
        return false;
    }
    return !llvm::is_contained(writer->getOperands(), argument) ||
           lm::mayOverwrite(cast<OpResult>(yielded), argument);
  }
};

} // namespace

void registerOverwrites(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, LMDialect *) {
    FusionOp::attachInterface<FusionOverwrites>(*context);
    RmsNormOp::attachInterface<Allows<RmsNormOp, Pair{0, 0}>>(*context);
    // Over the input or the gradient.
    RmsNormGradInputOp::attachInterface<
        Allows<RmsNormGradInputOp, Pair{0, 0}, Pair{0, 2}>>(*context);
    RopeOp::attachInterface<Allows<RopeOp, Pair{0, 0}>>(*context);
    // The scores over the logits; the gradient over the scores or theirs.
    RouteOp::attachInterface<Allows<RouteOp, Pair{2, 0}>>(*context);
    RouteGradOp::attachInterface<Allows<RouteGradOp, Pair{0, 0}, Pair{0, 3}>>(
        *context);
    SwigluGradOp::attachInterface<Allows<SwigluGradOp, Pair{0, 0}>>(*context);
    // dx over the input, dmix and dz over mix.
    MhcPreGradOp::attachInterface<
        Allows<MhcPreGradOp, Pair{0, 0}, Pair{1, 1}, Pair{2, 1}>>(*context);
    MhcPostOp::attachInterface<Allows<MhcPostOp, Pair{0, 0}>>(*context);
    // Every gradient over its operand, dx also over that of the result.
    MhcPostGradOp::attachInterface<Allows<MhcPostGradOp, Pair{0, 0}, Pair{0, 4},
                                          Pair{1, 1}, Pair{2, 2}, Pair{3, 3}>>(
        *context);
    MhcHeadGradOp::attachInterface<
        Allows<MhcHeadGradOp, Pair{0, 0}, Pair{1, 1}, Pair{2, 1}>>(*context);
    SinkhornOp::attachInterface<Allows<SinkhornOp, Pair{0, 0}>>(*context);
    SinkhornGradOp::attachInterface<
        Allows<SinkhornGradOp, Pair{0, 0}, Pair{0, 1}>>(*context);
    CrossEntropyGradOp::attachInterface<Allows<CrossEntropyGradOp, Pair{0, 0}>>(
        *context);
  });
}

} // namespace tresse::lm
