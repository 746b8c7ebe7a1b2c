// RowGroup.cpp - row-wise ops that could be one kernel.
#include "passes/fusion/RowGroup.h"

#include "dialects/lm/LM.h"
#include "dialects/plan/Plan.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace tresse {

static ArrayRef<int64_t> shapeOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static int64_t bytesOf(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return type.getNumElements() * plan::bytesOfElement(type.getElementType());
}

static bool startsWith(ArrayRef<int64_t> shape, ArrayRef<int64_t> rows) {
  return shape.size() >= rows.size() && shape.take_front(rows.size()) == rows;
}

bool isElementwise(Operation *op) {
  auto isTensor = [](Type type) { return isa<RankedTensorType>(type); };
  return isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
             op->getDialect()) &&
         OpTrait::hasElementwiseMappableTraits(op) &&
         op->getNumResults() == 1 && op->getNumOperands() > 0 &&
         isTensor(op->getResult(0).getType()) &&
         llvm::all_of(op->getOperandTypes(), isTensor);
}

/// True when a global takes the value over: its producer writes the global.
static bool isStored(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    bool isReshape = isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user);
    return isa<lm::StoreOp>(user) ||
           (isReshape && isStored(user->getResult(0)));
  });
}

/// The leading dimensions that count rows in all row operands and results.
static std::optional<SmallVector<int64_t>>
rowsOf(lm::RowwiseOpInterface rowwise) {
  int64_t rank = rowwise.getRowRank();
  std::optional<SmallVector<int64_t>> rows;
  auto agrees = [&](Value value) {
    if (rank < 1 || static_cast<int64_t>(shapeOf(value).size()) < rank)
      return false;
    if (!rows)
      rows.emplace(shapeOf(value).take_front(rank));
    return startsWith(shapeOf(value), *rows);
  };
  for (OpOperand &operand : rowwise->getOpOperands())
    if (rowwise.isRowOperand(operand.getOperandNumber()) &&
        !agrees(operand.get()))
      return std::nullopt;
  if (!llvm::all_of(rowwise->getResults(), agrees))
    return std::nullopt;
  return rows;
}

/// The running totals whose last element says how many rows are in use, or
/// null: the only integers that every row reads whole.
static Value endsOf(lm::RowwiseOpInterface rowwise) {
  for (OpOperand &operand : rowwise->getOpOperands())
    if (!rowwise.isRowOperand(operand.getOperandNumber()) &&
        getElementTypeOrSelf(operand.get().getType()).isInteger())
      return operand.get();
  return {};
}

std::optional<RowGroup> RowGroup::of(Operation *op) {
  if (isa<lm::TiedOperandInterface>(op) ||
      llvm::any_of(op->getResults(), isStored))
    return std::nullopt;
  RowGroup group;
  group.ops.push_back(op);
  if (auto rowwise = dyn_cast<lm::RowwiseOpInterface>(op)) {
    group.rows = rowsOf(rowwise);
    group.ends = endsOf(rowwise);
    return group.rows ? std::optional(group) : std::nullopt;
  }
  // A sum of one number per layer is no row, and would be another kernel for
  // every number of layers.
  if (!isElementwise(op) ||
      ShapedType::getNumElements(shapeOf(op->getResult(0))) == 1)
    return std::nullopt;
  llvm::append_range(group.shape, shapeOf(op->getResult(0)));
  return group;
}

int64_t RowGroup::rowCount() const {
  return rows ? ShapedType::getNumElements(*rows) : 0;
}

static std::string describe(ArrayRef<int64_t> sizes) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleave(sizes, stream, "x");
  return text;
}

/// True when `value` is a part of a larger tensor: its rows may have gaps.
static bool mayHaveGaps(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<lm::SplitOp, tensor::ExtractSliceOp>(op))
      return true;
    if (!isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, lm::BarrierOp,
             lm::StopGradientOp>(op))
      return false;
    value = op->getOperand(0);
  }
  return false;
}

/// True when an elementwise op of `ops` would run through a row with gaps: more
/// than one dimension of a part of a larger tensor.
static bool readsGaps(ArrayRef<Operation *> ops, size_t rowRank) {
  return llvm::any_of(ops, [&](Operation *op) {
    return !isa<lm::RowwiseOpInterface>(op) &&
           shapeOf(op->getResult(0)).size() > rowRank + 1 &&
           llvm::any_of(op->getOperands(), mayHaveGaps);
  });
}

std::string RowGroup::whyRowsDiffer(const RowGroup &consumer) const {
  if (ends != consumer.ends)
    return "only one of the ops knows which rows are in use";
  for (Operation *op : consumer.ops) {
    auto rowwise = dyn_cast<lm::RowwiseOpInterface>(op);
    for (OpOperand &operand : op->getOpOperands())
      if (rowwise && !rowwise.isRowOperand(operand.getOperandNumber()) &&
          llvm::is_contained(ops, operand.get().getDefiningOp()))
        return "every row reads all of the value";
  }
  // Elementwise ops alone keep one shape; else they take the others' rows.
  ArrayRef<int64_t> mine = rows ? *rows : shape;
  ArrayRef<int64_t> theirs = consumer.rows ? *consumer.rows : consumer.shape;
  bool isSame = rows && !consumer.rows   ? startsWith(theirs, mine)
                : !rows && consumer.rows ? startsWith(mine, theirs)
                                         : mine == theirs;
  if (!isSame)
    return "the rows are " + describe(mine) + " here and " + describe(theirs) +
           " there";
  size_t rank = std::min(mine.size(), theirs.size());
  if ((rows || consumer.rows) &&
      (readsGaps(ops, rank) || readsGaps(consumer.ops, rank)))
    return "a row of an elementwise op would have gaps";
  return "";
}

void RowGroup::append(const RowGroup &consumer) {
  llvm::append_range(ops, consumer.ops);
  if (!rows)
    rows = consumer.rows;
}

bool isOwnConstant(OpOperand &operand) {
  auto constant = operand.get().getDefiningOp<arith::ConstantOp>();
  return constant && isa<SplatElementsAttr>(constant.getValue()) &&
         isElementwise(operand.getOwner());
}

RowBoundary boundaryOf(ArrayRef<Operation *> ops) {
  DenseSet<Operation *> inside(ops.begin(), ops.end());
  RowBoundary boundary;
  for (Operation *op : ops) {
    for (OpOperand &operand : op->getOpOperands())
      if (!inside.contains(operand.get().getDefiningOp()) &&
          !isOwnConstant(operand))
        boundary.inputs.insert(operand.get());
    for (Value result : op->getResults()) {
      DenseSet<Operation *> readers;
      bool isOutput = result.use_empty();
      for (Operation *user : result.getUsers())
        if (inside.contains(user))
          readers.insert(user);
        else
          isOutput = true;
      boundary.savedBytes += bytesOf(result) * readers.size();
      if (isOutput) {
        boundary.outputs.push_back(result);
        continue;
      }
      boundary.insideBytes += bytesOf(result);
      boundary.savedBytes += bytesOf(result);
    }
  }
  return boundary;
}

} // namespace tresse
