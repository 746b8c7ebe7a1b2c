// FuseRows.cpp - row-wise ops become regions that are one kernel each.
//
// Groups grow along values: an op joins the groups that make its row operands,
// first operand first. The ops of a group stand next to each other in the
// block, so that "no other op lies on a path between them" is a comparison of
// places: everything a group reads is made before everything that reads it.
#include "passes/fusion/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "passes/fusion/RowGroup.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_FUSEROWSPASS
#include "passes/fusion/Passes.h.inc"

namespace {

class RowFuser {
public:
  RowFuser(Block &block, int64_t maxTensors, int64_t maxRowBytes)
      : block(block), maxTensors(maxTensors), maxRowBytes(maxRowBytes) {}

  void run();

private:
  void join(Operation *op);
  std::string tryMerge(RowGroup &producer, RowGroup &consumer);
  std::string whyTooLarge(ArrayRef<Operation *> ops, int64_t rowCount) const;
  bool moveTogether(const RowGroup &producer, const RowGroup &consumer);
  void outline(const RowGroup &group);

  Block &block;
  int64_t maxTensors, maxRowBytes;
  /// The group of every op, shared by its members.
  DenseMap<Operation *, std::shared_ptr<RowGroup>> groups;
};

remark::RemarkOpts remarkName() {
  return remark::RemarkOpts::name("FuseRows").category(kFusionRemarks);
}

void RowFuser::run() {
  SmallVector<Operation *> candidates;
  for (Operation &op : block)
    if (auto group = RowGroup::of(&op)) {
      groups[&op] = std::make_shared<RowGroup>(std::move(*group));
      candidates.push_back(&op);
    }
  for (Operation *op : candidates)
    join(op);
  for (Operation *op : candidates) {
    auto found = groups.find(op);
    if (found == groups.end())
      continue; // outlined with another op
    std::shared_ptr<RowGroup> group = found->second;
    if (group->getOps().size() > 1)
      outline(*group);
    for (Operation *member : group->getOps())
      groups.erase(member);
  }
}

/// Joins `op` with the groups that make its operands.
void RowFuser::join(Operation *op) {
  for (Value operand : op->getOperands()) {
    auto producer = groups.find(operand.getDefiningOp());
    std::shared_ptr<RowGroup> consumer = groups[op];
    if (!operand.getDefiningOp() || producer == groups.end() ||
        producer->second == consumer)
      continue;
    std::shared_ptr<RowGroup> target = producer->second;
    std::string reason = tryMerge(*target, *consumer);
    if (!reason.empty()) {
      remark::missed(op->getLoc(), remarkName())
          << remark::metric("Reason", reason);
      continue;
    }
    for (Operation *member : consumer->getOps())
      groups[member] = target;
  }
}

/// Appends `consumer` to `producer`, or says why not.
std::string RowFuser::tryMerge(RowGroup &producer, RowGroup &consumer) {
  if (std::string reason = producer.whyRowsDiffer(consumer); !reason.empty())
    return reason;
  SmallVector<Operation *> ops(producer.getOps());
  llvm::append_range(ops, consumer.getOps());
  int64_t rowCount = std::max(producer.rowCount(), consumer.rowCount());
  if (std::string reason = whyTooLarge(ops, rowCount); !reason.empty())
    return reason;
  if (!moveTogether(producer, consumer))
    return "another op lies on a path between the ops";
  producer.append(consumer);
  return "";
}

std::string RowFuser::whyTooLarge(ArrayRef<Operation *> ops,
                                  int64_t rowCount) const {
  RowBoundary boundary = boundaryOf(ops);
  int64_t tensors = boundary.inputs.size() + boundary.outputs.size();
  if (tensors > maxTensors)
    return llvm::formatv("a region has at most {0} operands and results, but "
                         "this one would have {1}",
                         maxTensors, tensors);
  // Without row-wise ops nothing is kept between the elements.
  int64_t bytes = rowCount ? boundary.insideBytes / rowCount : 0;
  if (bytes > maxRowBytes)
    return llvm::formatv("a row inside a region takes at most {0} bytes, but "
                         "here it would take {1}",
                         maxRowBytes, bytes);
  return "";
}

/// Moves the ops of both groups next to each other, behind everything they
/// read and before everything that reads them; false when there is no such
/// place.
bool RowFuser::moveTogether(const RowGroup &producer,
                            const RowGroup &consumer) {
  SmallVector<Operation *> ops(producer.getOps());
  llvm::append_range(ops, consumer.getOps());
  DenseSet<Operation *> inside(ops.begin(), ops.end());
  Operation *lastDefinition = nullptr, *firstUse = nullptr;
  for (Operation *op : ops) {
    for (OpOperand &operand : op->getOpOperands()) {
      Operation *definition = operand.get().getDefiningOp();
      if (!definition || inside.contains(definition) || isOwnConstant(operand))
        continue;
      if (auto found = groups.find(definition); found != groups.end())
        definition = found->second->getOps().back();
      if (!lastDefinition || lastDefinition->isBeforeInBlock(definition))
        lastDefinition = definition;
    }
    for (Operation *user : op->getUsers()) {
      if (inside.contains(user))
        continue;
      // A region is where its first op is.
      if (auto found = groups.find(user); found != groups.end())
        user = found->second->getOps().front();
      if (!firstUse || user->isBeforeInBlock(firstUse))
        firstUse = user;
    }
  }
  if (lastDefinition && firstUse && !lastDefinition->isBeforeInBlock(firstUse))
    return false;
  Operation *last = consumer.getOps().back();
  if (firstUse && firstUse->isBeforeInBlock(last)) {
    for (Operation *op : ops)
      op->moveBefore(firstUse);
    return true;
  }
  for (Operation *op : producer.getOps())
    op->moveBefore(consumer.getOps().front());
  return true;
}

/// ops  ->  results = lm.fusion(inputs) { ops; yield results }
void RowFuser::outline(const RowGroup &group) {
  ArrayRef<Operation *> ops = group.getOps();
  RowBoundary boundary = boundaryOf(ops);
  SmallVector<Location> locations;
  for (Operation *op : ops)
    locations.push_back(op->getLoc());
  Location loc = FusedLoc::get(block.getParentOp()->getContext(), locations);
  remark::passed(ops.front()->getLoc(), remarkName())
      << remark::metric("ops", ops.size())
      << remark::metric("bytes-saved", boundary.savedBytes);

  OpBuilder builder(ops.front());
  ArrayRef<Value> inputs = boundary.inputs.getArrayRef();
  auto fusion = lm::FusionOp::create(
      builder, loc, ValueRange(boundary.outputs).getTypes(), inputs);
  Block *body = builder.createBlock(&fusion.getBody());
  IRMapping arguments;
  for (Value input : inputs)
    arguments.map(input, body->addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToEnd(body);
  for (Operation *op : ops) {
    op->moveBefore(body, body->end());
    builder.setInsertionPoint(op);
    for (OpOperand &operand : op->getOpOperands()) {
      if (isOwnConstant(operand) && !arguments.contains(operand.get()))
        builder.clone(*operand.get().getDefiningOp(), arguments);
      operand.set(arguments.lookupOrDefault(operand.get()));
    }
  }
  builder.setInsertionPointToEnd(body);
  auto yield = lm::YieldOp::create(builder, loc, boundary.outputs);
  for (auto [inner, outer] :
       llvm::zip_equal(yield.getValues(), fusion.getOutputs()))
    Value(inner).replaceUsesWithIf(outer, [&](OpOperand &use) {
      return use.getOwner()->getBlock() != body;
    });
}

struct FuseRowsPass : impl::FuseRowsPassBase<FuseRowsPass> {
  using FuseRowsPassBase::FuseRowsPassBase;

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.getBody().hasOneBlock())
        RowFuser(function.getBody().front(), maxTensors, maxRowBytes).run();
  }
};

} // namespace
} // namespace tresse
