// ScheduleEntry.cpp - one flat entry becomes the steps of a plan.
//
// Every tensor value has a place: a layout in a buffer. Views share the buffer
// of what they view, tied results that of their operand, and a value that is
// stored to a global is computed into the global's buffer. A write to a buffer
// that others may still read is refused, or, in the arena, gets a copy.
#include "passes/schedule/ScheduleEntry.h"

#include "dialects/lm/Overwrite.h"
#include "passes/schedule/GemmSteps.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace tresse {
namespace {

/// True for ops that compute each element of their result from the elements at
/// the same position, so that they may write over an operand.
bool isElementwise(Operation *op) {
  return op->hasTrait<OpTrait::Elementwise>() &&
         isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
             op->getDialect());
}

/// The constant that fills the whole result of `op`, or null.
TypedAttr splatOf(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue()))
      if (dense.isSplat())
        return dense.getSplatValue<TypedAttr>();
  if (auto splat = dyn_cast<tensor::SplatOp>(op)) {
    TypedAttr value;
    if (matchPattern(splat.getInput(), m_Constant(&value)))
      return value;
  }
  return {};
}

uint64_t bitsOf(TypedAttr value) {
  if (auto number = dyn_cast<FloatAttr>(value))
    return number.getValue().bitcastToAPInt().getZExtValue();
  return cast<IntegerAttr>(value).getValue().getZExtValue();
}

uint64_t bitsOf(double value, Type type) {
  return bitsOf(FloatAttr::get(type, value));
}

/// True for contractions over groups of rows.
bool isGrouped(Operation *op) {
  return isa<lm::GroupedLinearOp, lm::GroupedLinearGradInputOp,
             lm::GroupedLinearGradWeightOp>(op);
}

int64_t bytesOf(const Layout &layout) {
  return layout.elementCount() * plan::bytesOfElement(layout.dtype);
}

class EntryScheduler {
public:
  EntryScheduler(PlanBuilder &plan, func::FuncOp entry, Products library,
                 bool mayOverwrite)
      : plan(plan), entry(entry), library(library), mayOverwrite(mayOverwrite),
        block(entry.getBody().front()) {}

  LogicalResult run();

private:
  struct State {
    /// Position of the op after which nobody reads what the buffer holds.
    int64_t lastUse = -1;
    /// The op that wrote over the buffer last, for messages.
    Operation *writer = nullptr;
    unsigned version = 0;
  };

  int64_t lastUseOf(Value value);
  LogicalResult forwardStore(lm::StoreOp store);
  Value traceToRoot(Value value);
  void setPlace(Value value, const Place &place, unsigned version);
  FailureOr<Place> placeOf(Value value, Operation *user);
  LogicalResult overwrite(unsigned buffer, Operation *op, bool mayReadItself);
  Place newPlace(RankedTensorType type, StringRef name);
  FailureOr<Place> resultPlace(OpResult result);
  const Place *findDying(OpResult result);
  FailureOr<Place> tiedPlace(OpResult result, OpOperand &operand);
  Place contiguous(const Place &place, Operation *op);
  void widenNarrower(MutableArrayRef<Place> operands, Operation *op);

  LogicalResult schedule(Operation &op);
  LogicalResult scheduleView(Operation *op);
  LogicalResult scheduleFill(Operation *op, uint64_t bits);
  LogicalResult scheduleLaunch(Operation *op);
  LogicalResult scheduleGemm(Operation *op);
  LogicalResult scheduleStore(lm::StoreOp store);
  LogicalResult scheduleReturn(func::ReturnOp op);

  PlanBuilder &plan;
  func::FuncOp entry;
  Products library;
  bool mayOverwrite;
  Block &block;
  DenseMap<Operation *, int64_t> positions;
  DenseMap<Value, Place> places;
  DenseMap<Value, unsigned> versions;
  DenseMap<unsigned, State> states;
  /// Values that are computed into the buffer of a global.
  DenseMap<Value, unsigned> forwarded;
  /// Stores that need a copy.
  DenseSet<Operation *> copyingStores;
  /// Buffers that the entry's caller writes.
  DenseSet<unsigned> inputs;
};

int64_t EntryScheduler::lastUseOf(Value value) {
  int64_t last = -1;
  for (Operation *user : value.getUsers())
    if (Operation *ancestor = block.findAncestorOpInBlock(*user))
      // A store is where the value already lies, not a read.
      if (!isa<lm::StoreOp>(ancestor) || copyingStores.contains(ancestor))
        last = std::max(last, positions.lookup(ancestor));
  return last;
}

void EntryScheduler::setPlace(Value value, const Place &place,
                              unsigned version) {
  places[value] = place;
  versions[value] = version;
  State &state = states[place.buffer];
  if (version == state.version)
    state.lastUse = std::max(state.lastUse, lastUseOf(value));
}

FailureOr<Place> EntryScheduler::placeOf(Value value, Operation *user) {
  auto found = places.find(value);
  if (found == places.end())
    return user->emitOpError("expects operands that lie in memory, but got ")
           << value.getType();
  const State &state = states[found->second.buffer];
  if (versions[value] != state.version) {
    auto error = user->emitOpError("reads '")
                 << plan.bufferName(found->second.buffer)
                 << "' after it was overwritten; it is not copied";
    if (state.writer)
      error.attachNote(state.writer->getLoc()) << "overwritten here";
    return failure();
  }
  return found->second;
}

/// Marks that `op` writes over what `buffer` holds. Fails when somebody reads
/// that later, or, unless `mayReadItself`, in `op`.
LogicalResult EntryScheduler::overwrite(unsigned buffer, Operation *op,
                                        bool mayReadItself) {
  State &state = states[buffer];
  int64_t position = positions.lookup(op);
  if (state.lastUse > position || (state.lastUse == position && !mayReadItself))
    return op->emitOpError("writes over '")
           << plan.bufferName(buffer)
           << "', expected not to be read any more, but it is";
  state.version += 1;
  state.writer = op;
  state.lastUse = -1;
  return success();
}

Place EntryScheduler::newPlace(RankedTensorType type, StringRef name) {
  Place place;
  place.layout = Layout::rowMajor(type);
  place.buffer =
      plan.addBuffer(name, type.getNumElements() *
                               plan::bytesOfElement(type.getElementType()));
  return place;
}

/// The value whose buffer `value` shares: through ties and whole views.
Value EntryScheduler::traceToRoot(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (isWholeView(op)) {
      value = op->getOperand(0);
      continue;
    }
    auto tied = dyn_cast<lm::TiedOperandInterface>(op);
    OpOperand *operand =
        tied ? tied.getTiedOperand(cast<OpResult>(value).getResultNumber())
             : nullptr;
    if (!operand)
      break;
    value = operand->get();
  }
  return value;
}

/// Decides how a stored value reaches its global: it is there already (through
/// a tie), its producer writes it there, or a copy brings it.
LogicalResult EntryScheduler::forwardStore(lm::StoreOp store) {
  Value root = traceToRoot(store.getValue());
  unsigned buffer = plan.bufferOfGlobal(store.getGlobal());
  if (auto load = root.getDefiningOp<lm::LoadOp>()) {
    if (load.getGlobal() == store.getGlobal())
      return success();
    return store.emitOpError("expects a value that is not another global's, "
                             "but got that of '")
           << load.getGlobal() << "': a global is never copied";
  }
  Operation *producer = root.getDefiningOp();
  if (producer && isView(producer)) {
    Value whole = root;
    while (Operation *op = whole.getDefiningOp())
      if (isView(op))
        whole = op->getOperand(0);
      else
        break;
    if (auto load = whole.getDefiningOp<lm::LoadOp>())
      return store.emitOpError("expects a value that is not part of a global, "
                               "but got a part of '")
             << load.getGlobal() << "': a global is never copied";
  }
  bool isFresh = producer && !isView(producer);
  if (isFresh && forwarded.try_emplace(root, buffer).second)
    return success();
  if (isFresh)
    return store.emitOpError("expects a value that no other global holds, but "
                             "it is stored twice: a global is never copied");
  copyingStores.insert(store); // an input, or a part of another value
  return success();
}

FailureOr<Place> EntryScheduler::tiedPlace(OpResult result,
                                           OpOperand &operand) {
  Operation *op = result.getOwner();
  FailureOr<Place> place = placeOf(operand.get(), op);
  if (failed(place))
    return failure();
  const State &state = states[place->buffer];
  if (state.lastUse > positions.lookup(op) && !plan.isGlobal(place->buffer)) {
    // Others still read the operand: in the arena it can be copied.
    Place copy = newPlace(cast<RankedTensorType>(result.getType()),
                          op->getName().stripDialect());
    plan.copy(op->getLoc(), "copy", *place, copy);
    return copy;
  }
  if (failed(overwrite(place->buffer, op, /*mayReadItself=*/true)))
    return failure();
  return *place;
}

/// The place of the first operand that `result` may overwrite: all of a buffer
/// of the arena which nobody reads after the op.
const Place *EntryScheduler::findDying(OpResult result) {
  Operation *op = result.getOwner();
  for (Value value : op->getOperands()) {
    const Place &place = places[value];
    const State &state = states[place.buffer];
    if (plan.isGlobal(place.buffer) || inputs.contains(place.buffer) ||
        state.lastUse > positions.lookup(op))
      continue;
    // The buffer may be taken already, and seen through several views.
    bool isFree = llvm::all_of(op->getOperands(), [&](Value other) {
      const Place &seen = places[other];
      return seen.buffer != place.buffer ||
             (versions[other] == state.version && seen.layout.offset == 0 &&
              seen.layout.isContiguous() && lm::mayOverwrite(result, other));
    });
    if (isFree && plan.bufferBytes(place.buffer) == bytesOf(place.layout))
      return &place;
  }
  return nullptr;
}

FailureOr<Place> EntryScheduler::resultPlace(OpResult result) {
  Operation *op = result.getOwner();
  auto tied = dyn_cast<lm::TiedOperandInterface>(op);
  OpOperand *operand =
      tied ? tied.getTiedOperand(result.getResultNumber()) : nullptr;
  if (operand)
    return tiedPlace(result, *operand);
  auto type = cast<RankedTensorType>(result.getType());
  auto target = forwarded.find(result);
  if (target == forwarded.end()) {
    const Place *dying = mayOverwrite ? findDying(result) : nullptr;
    if (!dying)
      return newPlace(type, op->getName().stripDialect());
    Place place{dying->buffer, Layout::rowMajor(type)};
    if (failed(overwrite(place.buffer, op, /*mayReadItself=*/true)))
      return failure();
    return place;
  }
  if (failed(overwrite(target->second, op, isElementwise(op))))
    return failure();
  return Place{target->second, Layout::rowMajor(type)};
}

/// `place` itself, or a copy of it without gaps, made for `op`.
Place EntryScheduler::contiguous(const Place &place, Operation *op) {
  auto type = RankedTensorType::get(place.layout.sizes, place.layout.dtype);
  Place copy = newPlace(type, "copy");
  plan.copy(op->getLoc(), "copy", place, copy);
  return copy;
}

/// Copies the factor of the narrower type of a product to the type of the
/// other.
void EntryScheduler::widenNarrower(MutableArrayRef<Place> operands,
                                   Operation *op) {
  Place &a = operands[0], &b = operands[1];
  auto widthOf = [](const Place &place) {
    return place.layout.dtype.getIntOrFloatBitWidth();
  };
  if (a.layout.dtype == b.layout.dtype)
    return;
  Place &narrow = widthOf(a) < widthOf(b) ? a : b;
  Type wide = (&narrow == &a ? b : a).layout.dtype;
  Place copy =
      newPlace(RankedTensorType::get(narrow.layout.sizes, wide), "widened");
  plan.copy(op->getLoc(), "widen", narrow, copy);
  narrow = copy;
}

LogicalResult EntryScheduler::scheduleView(Operation *op) {
  FailureOr<Place> source = placeOf(op->getOperand(0), op);
  if (failed(source))
    return failure();
  for (OpResult result : op->getResults()) {
    auto layout = viewLayout(op, result.getResultNumber(), source->layout);
    if (!layout && isWholeView(op)) {
      // Strides with gaps that no reshape can keep.
      *source = contiguous(*source, op);
      layout = viewLayout(op, result.getResultNumber(), source->layout);
    }
    if (!layout)
      return op->emitOpError("expects static offsets, sizes and strides");
    Place place{source->buffer, *layout};
    setPlace(result, place, states[place.buffer].version);
  }
  return success();
}

LogicalResult EntryScheduler::scheduleFill(Operation *op, uint64_t bits) {
  FailureOr<Place> place = resultPlace(op->getResult(0));
  if (failed(place))
    return failure();
  plan.fill(op->getLoc(), stepName(op), *place, bits);
  setPlace(op->getResult(0), *place, states[place->buffer].version);
  return success();
}

LogicalResult EntryScheduler::scheduleLaunch(Operation *op) {
  SmallVector<Place> operands, results;
  for (Value operand : op->getOperands()) {
    FailureOr<Place> place = placeOf(operand, op);
    if (failed(place))
      return failure();
    operands.push_back(*place);
  }
  for (OpResult result : op->getResults()) {
    FailureOr<Place> place = resultPlace(result);
    if (failed(place))
      return failure();
    results.push_back(*place);
  }
  // A tied operand that was copied is read where the copy is.
  if (auto tied = dyn_cast<lm::TiedOperandInterface>(op))
    for (OpResult result : op->getResults())
      if (OpOperand *operand = tied.getTiedOperand(result.getResultNumber()))
        operands[operand->getOperandNumber()] =
            results[result.getResultNumber()];
  plan.launch(op, stepName(op), operands, results);
  for (OpResult result : op->getResults()) {
    const Place &place = results[result.getResultNumber()];
    setPlace(result, place, states[place.buffer].version);
  }
  return success();
}

LogicalResult EntryScheduler::scheduleGemm(Operation *op) {
  SmallVector<Place> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    FailureOr<Place> place = placeOf(operand.get(), op);
    if (failed(place))
      return failure();
    unsigned index = operand.getOperandNumber();
    auto layout = gemmLayout(op, index, place->layout);
    if (!layout) {
      *place = contiguous(*place, op);
      layout = gemmLayout(op, index, place->layout);
    }
    operands.push_back({place->buffer, *layout});
  }
  if (library.oneType)
    widenNarrower(operands, op);
  OpResult result = op->getResult(0);
  FailureOr<Place> place = resultPlace(result);
  if (failed(place))
    return failure();
  auto layout = gemmLayout(op, op->getNumOperands(), place->layout);
  if (!layout)
    return op->emitOpError("expects a result whose rows have no gaps");
  Place product{place->buffer, *layout};
  Type factors = operands[0].layout.dtype;
  bool isNarrow =
      layout->dtype.getIntOrFloatBitWidth() < factors.getIntOrFloatBitWidth();
  if (library.oneType && isNarrow)
    product =
        newPlace(RankedTensorType::get(layout->sizes, factors), "product");
  addGemm(plan, op, stepName(op), operands, product);
  if (library.oneType && isNarrow)
    plan.copy(op->getLoc(), "narrow", product, {place->buffer, *layout});
  setPlace(result, *place, states[place->buffer].version);
  return success();
}

LogicalResult EntryScheduler::scheduleStore(lm::StoreOp store) {
  FailureOr<Place> value = placeOf(store.getValue(), store);
  if (failed(value))
    return failure();
  unsigned buffer = plan.bufferOfGlobal(store.getGlobal());
  Place target{buffer, Layout::rowMajor(
                           cast<RankedTensorType>(store.getValue().getType()))};
  if (copyingStores.contains(store)) {
    if (failed(overwrite(buffer, store, /*mayReadItself=*/false)))
      return failure();
    plan.copy(store.getLoc(), "store " + store.getGlobal().str(), *value,
              target);
    return success();
  }
  if (value->buffer == buffer && value->layout.offset == 0 &&
      value->layout.isContiguous())
    return success();
  return store.emitOpError("expects a value that lies in the global, but a "
                           "copy stands between: a global is never copied");
}

LogicalResult EntryScheduler::scheduleReturn(func::ReturnOp op) {
  for (auto [i, value] : llvm::enumerate(op.getOperands())) {
    FailureOr<Place> place = placeOf(value, op);
    if (failed(place))
      return failure();
    if (!place->layout.isContiguous())
      *place = contiguous(*place, op);
    auto name = entry.getResultAttrOfType<StringAttr>(i, "lm.name");
    if (!name)
      return op.emitOpError("expects result ") << i << " to have an 'lm.name'";
    plan.addArgument(name, *place, /*isInput=*/false);
  }
  return success();
}

LogicalResult EntryScheduler::schedule(Operation &op) {
  if (isa<lm::LoadOp>(op) || isOpTriviallyDead(&op))
    return success();
  if (auto store = dyn_cast<lm::StoreOp>(op))
    return scheduleStore(store);
  if (auto ret = dyn_cast<func::ReturnOp>(op))
    return scheduleReturn(ret);
  if (isa<arith::ConstantOp>(op) &&
      !isa<RankedTensorType>(op.getResult(0).getType()))
    return success(); // a scalar, part of the splat that uses it
  for (Type type :
       llvm::concat<const Type>(op.getOperandTypes(), op.getResultTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (isa<tensor::SplatOp>(op) && !tensor)
      continue;
    if (!tensor || !tensor.hasStaticShape() ||
        !plan::encodeType(tensor.getElementType()))
      return op.emitOpError("expects tensors of static shapes and of types "
                            "that a plan knows, but got ")
             << type;
  }
  if (isView(&op))
    return scheduleView(&op);
  if (TypedAttr splat = splatOf(&op))
    return scheduleFill(&op, bitsOf(splat));
  if (auto fill = dyn_cast<lm::FillOp>(op)) {
    Type type =
        cast<RankedTensorType>(fill.getResult().getType()).getElementType();
    double value = fill.getValue().convertToDouble();
    return scheduleFill(&op, isa<FloatType>(type)
                                 ? bitsOf(value, type)
                                 : static_cast<uint64_t>(value));
  }
  if (isa<lm::ClearOp>(op))
    return scheduleFill(&op, 0);
  if (isGrouped(&op) ? library.grouped : library.dense && isGemm(&op))
    return scheduleGemm(&op);
  if (isa<lm::LMDialect>(op.getDialect()) || isElementwise(&op) ||
      isa<arith::ConstantOp>(op))
    return scheduleLaunch(&op);
  return op.emitOpError("has no place in a plan; supported: primitive ops of "
                        "lm, elementwise arith and math, tensor.expand_shape, "
                        "tensor.collapse_shape, tensor.extract_slice");
}

LogicalResult EntryScheduler::run() {
  int64_t position = 0;
  for (Operation &op : block)
    positions[&op] = position++;
  for (auto store : block.getOps<lm::StoreOp>())
    if (failed(forwardStore(store)))
      return failure();

  StringRef name = entry->getAttrOfType<StringAttr>("lm.entry").getValue();
  plan.beginEntry(name, name == "prepare" ? TRESSE_ENTRY_PREPARE : 0,
                  entry.getLoc());
  for (BlockArgument argument : block.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto text =
        entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "lm.name");
    if (!type || !type.hasStaticShape() || !text)
      return entry.emitOpError("expects argument ")
             << argument.getArgNumber()
             << " to be a static tensor with an 'lm.name', but got "
             << argument.getType();
    Place place = newPlace(type, text);
    inputs.insert(place.buffer);
    plan.addArgument(text, place, /*isInput=*/true);
    setPlace(argument, place, 0);
  }
  // Globals hold their old value from the start, wherever they are loaded.
  for (auto load : block.getOps<lm::LoadOp>())
    setPlace(
        load.getResult(),
        {plan.bufferOfGlobal(load.getGlobal()),
         Layout::rowMajor(cast<RankedTensorType>(load.getResult().getType()))},
        0);
  for (Operation &op : block)
    if (failed(schedule(op)))
      return failure();
  return success();
}

} // namespace

LogicalResult scheduleEntry(PlanBuilder &builder, func::FuncOp entry,
                            Products library, bool overwrite) {
  if (!entry.getBody().hasOneBlock())
    return entry.emitOpError("expects one block, but got ")
           << entry.getBody().getBlocks().size();
  return EntryScheduler(builder, entry, library, overwrite).run();
}

} // namespace tresse
