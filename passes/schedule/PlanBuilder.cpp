// PlanBuilder.cpp - a plan under construction: buffers, views, kernels,
// globals.
#include "passes/schedule/PlanBuilder.h"

#include "mlir/IR/IRMapping.h"
#include "passes/model/Entry.h"

using namespace mlir;

namespace tresse {

PlanBuilder::PlanBuilder(ModuleOp module, plan::Target target,
                         StringRef architecture)
    : context(module.getContext()),
      builder(OpBuilder::atBlockEnd(module.getBody())), stepBuilder(context) {
  Location loc = module.getLoc();
  auto main = FlatSymbolRefAttr::get(context, "main");
  model = plan::ModelOp::create(
      builder, loc, plan::TargetAttr::get(context, target),
      builder.getStringAttr(architecture), builder.getArrayAttr({main}));
  builder.createBlock(&model.getBody());
  program = plan::ProgramOp::create(
      builder, loc, main.getAttr(), builder.getI32IntegerAttr(1),
      builder.getI32IntegerAttr(0), i64(0), i64(0), i64(0), i64(1));
  OpBuilder(context).createBlock(&program.getBody());
}

IntegerAttr PlanBuilder::i64(int64_t value) {
  return Builder(context).getI64IntegerAttr(value);
}

void PlanBuilder::addRecord(StringRef name, StringRef value) {
  plan::BuildRecordOp::create(builder, model.getLoc(),
                              builder.getStringAttr(name),
                              builder.getStringAttr(value));
}

unsigned PlanBuilder::addBuffer(StringRef name, int64_t bytes) {
  buffers.push_back(plan::BufferOp::create(
      builder, model.getLoc(), plan::BufferType::get(context),
      builder.getStringAttr(name),
      plan::SpaceAttr::get(context, plan::Space::Arena), i64(0), i64(bytes),
      DenseI64ArrayAttr()));
  return buffers.size() - 1;
}

bool PlanBuilder::isGlobal(unsigned buffer) const {
  return plan::BufferOp(buffers[buffer]).getSpace() == plan::Space::Persistent;
}

int64_t PlanBuilder::bufferBytes(unsigned buffer) const {
  return static_cast<int64_t>(plan::BufferOp(buffers[buffer]).getSize());
}

StringRef PlanBuilder::bufferName(unsigned buffer) const {
  return plan::BufferOp(buffers[buffer]).getName();
}

/// A piece of the lm dialect holds a whole checkpoint tensor.
static plan::PieceAttr convertPiece(lm::PieceAttr piece) {
  MLIRContext *context = piece.getContext();
  Builder builder(context);
  SmallVector<int64_t> zeros(piece.getSourceShape().size(), 0);
  return plan::PieceAttr::get(
      context, piece.getName(), Type(), piece.getFirst(), piece.getLast(),
      piece.getStep(), builder.getDenseI64ArrayAttr(piece.getSourceShape()),
      builder.getDenseI64ArrayAttr(zeros),
      builder.getDenseI64ArrayAttr(piece.getTargetStart()),
      builder.getDenseI64ArrayAttr(piece.getTargetShape()), DenseI64ArrayAttr(),
      StringAttr(), 0);
}

void PlanBuilder::addGlobal(lm::GlobalOp global) {
  RankedTensorType type = global.getTensorType();
  unsigned buffer = addBuffer(global.getSymName(),
                              type.getNumElements() *
                                  plan::bytesOfElement(type.getElementType()));
  buffers[buffer].setSpace(plan::Space::Persistent);
  globalBuffers[global.getSymName()] = buffer;

  auto initializer = plan::Initializer::Zeros;
  FloatAttr first, second;
  if (auto init = global.getInitializerAttr()) {
    initializer = static_cast<plan::Initializer>(init.getKind());
    first = init.getFirst();
    second = init.getSecond();
  }
  auto optional = [](FloatAttr value) {
    return value && !value.getValue().isPosZero() ? value : FloatAttr();
  };
  SmallVector<Attribute> pieces;
  if (ArrayAttr list = global.getPiecesAttr())
    for (auto piece : list.getAsRange<lm::PieceAttr>())
      pieces.push_back(convertPiece(piece));
  plan::GlobalOp::create(
      builder, global.getLoc(), global.getSymNameAttr(),
      plan::RoleAttr::get(context, static_cast<plan::Role>(global.getRole())),
      TypeAttr::get(type.getElementType()),
      builder.getDenseI64ArrayAttr(type.getShape()), buffers[buffer],
      global.getOfAttr(), plan::InitializerAttr::get(context, initializer),
      optional(first), optional(second),
      pieces.empty() ? ArrayAttr() : builder.getArrayAttr(pieces),
      DenseI64ArrayAttr());
}

Value PlanBuilder::view(const Place &place) {
  const Layout &layout = place.layout;
  std::vector<int64_t> key{place.buffer, *plan::encodeType(layout.dtype),
                           layout.offset};
  llvm::append_range(key, layout.sizes);
  llvm::append_range(key, layout.strides);
  Value &view = views[key];
  if (!view)
    view = plan::ViewOp::create(
        builder, model.getLoc(), plan::ViewType::get(context),
        buffers[place.buffer],
        i64(layout.offset * plan::bytesOfElement(layout.dtype)),
        TypeAttr::get(layout.dtype), builder.getDenseI64ArrayAttr(layout.sizes),
        builder.getDenseI64ArrayAttr(layout.strides), Value());
  return view;
}

/// Clones `op` into `body`: arguments are its operands in order, plan.yield
/// gives its results. The ops of a fusion are cloned without the fusion.
static void buildBody(Operation *op, Region &body) {
  OpBuilder builder(op->getContext());
  Block *block = builder.createBlock(&body);
  SmallVector<Location> locations(op->getNumOperands(), op->getLoc());
  block->addArguments(op->getOperandTypes(), locations);
  auto fusion = dyn_cast<lm::FusionOp>(op);
  if (!fusion) {
    Operation *clone = builder.clone(*op);
    clone->setOperands(block->getArguments());
    plan::YieldOp::create(builder, op->getLoc(), clone->getResults());
    return;
  }
  IRMapping mapping;
  Block &inner = fusion.getBody().front();
  mapping.map(inner.getArguments(), block->getArguments());
  for (Operation &member : inner.without_terminator())
    builder.clone(member, mapping);
  SmallVector<Value> results;
  for (Value value : inner.getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(value));
  plan::YieldOp::create(builder, op->getLoc(), results);
}

/// Appends what makes two ops compute the same: name, attributes, result types,
/// which values they read, and the same of the ops inside. Attributes and types
/// exist once per context, so their addresses stand for them.
static void appendKey(Operation *op, DenseMap<Value, uintptr_t> &numbers,
                      std::vector<uintptr_t> &key) {
  auto address = [](const void *pointer) {
    return reinterpret_cast<uintptr_t>(pointer);
  };
  key.push_back(address(op->getName().getAsOpaquePointer()));
  key.push_back(address(op->getAttrDictionary().getAsOpaquePointer()));
  for (Value operand : op->getOperands())
    key.push_back(numbers.try_emplace(operand, numbers.size()).first->second);
  for (Value result : op->getResults()) {
    key.push_back(address(result.getType().getAsOpaquePointer()));
    numbers.try_emplace(result, numbers.size());
  }
  for (Region &region : op->getRegions())
    for (Block &block : region) {
      for (BlockArgument argument : block.getArguments())
        numbers.try_emplace(argument, numbers.size());
      for (Operation &member : block)
        appendKey(&member, numbers, key);
    }
}

FlatSymbolRefAttr PlanBuilder::kernel(Operation *op, ArrayRef<Layout> layouts) {
  SmallVector<Attribute> types;
  for (const Layout &layout : layouts)
    types.push_back(TypeAttr::get(layout.memrefType()));
  ArrayAttr typeList = builder.getArrayAttr(types);

  // Operands are told apart by position alone: a body has an argument for each.
  std::vector<uintptr_t> key{
      reinterpret_cast<uintptr_t>(typeList.getAsOpaquePointer())};
  DenseMap<Value, uintptr_t> numbers;
  if (auto fusion = dyn_cast<lm::FusionOp>(op)) {
    Block &body = fusion.getBody().front();
    for (BlockArgument argument : body.getArguments())
      numbers.try_emplace(argument, numbers.size());
    for (Operation &member : body)
      appendKey(&member, numbers, key);
  } else {
    key.push_back(
        reinterpret_cast<uintptr_t>(op->getName().getAsOpaquePointer()));
    key.push_back(reinterpret_cast<uintptr_t>(
        op->getAttrDictionary().getAsOpaquePointer()));
    key.push_back(op->getNumOperands());
  }
  FlatSymbolRefAttr &known = kernels[key];
  if (known)
    return known;
  unsigned number = kernels.size() - 1;
  std::string name =
      ("k" + Twine(number) + "_" + op->getName().stripDialect()).str();
  auto kernel = plan::KernelOp::create(
      builder, op->getLoc(), builder.getStringAttr(name), Value(),
      builder.getI32IntegerAttr(number), IntegerAttr(), IntegerAttr(),
      IntegerAttr(), IntegerAttr(), typeList);
  buildBody(op, kernel.getBody());
  return known = FlatSymbolRefAttr::get(context, name);
}

void PlanBuilder::beginEntry(StringRef name, uint32_t flags, Location loc) {
  OpBuilder at = OpBuilder::atBlockEnd(&program.getBody().front());
  auto entry = plan::EntryOp::create(
      at, loc, builder.getStringAttr(name), Value(),
      flags ? builder.getI32IntegerAttr(static_cast<int32_t>(flags))
            : IntegerAttr());
  stepBuilder.createBlock(&entry.getBody());
}

void PlanBuilder::addArgument(StringRef name, const Place &place,
                              bool isInput) {
  Value tensor = view(place);
  // Inputs and outputs come before the steps, whenever they become known.
  Block *block = stepBuilder.getBlock();
  OpBuilder at(context);
  auto isStep = [](Operation &op) { return isa<plan::StepInterface>(op); };
  auto isInputOp = [](Operation &op) { return isa<plan::InputOp>(op); };
  at.setInsertionPoint(block, isInput ? llvm::find_if_not(*block, isInputOp)
                                      : llvm::find_if(*block, isStep));
  auto text = builder.getStringAttr(name);
  if (isInput)
    plan::InputOp::create(at, model.getLoc(), text, tensor, FloatAttr(),
                          FloatAttr(), FloatAttr());
  else
    plan::OutputOp::create(at, model.getLoc(), text, tensor, FloatAttr(),
                           FloatAttr(), FloatAttr());
}

/// True when both are the same bytes.
static bool sharesBytes(const Place &a, const Place &b) {
  auto extent = [](const Layout &layout) {
    return layout.extent() * plan::bytesOfElement(layout.dtype);
  };
  return a.buffer == b.buffer && a.layout.offset == b.layout.offset &&
         extent(a.layout) == extent(b.layout);
}

void PlanBuilder::launch(Operation *op, StringRef name,
                         ArrayRef<Place> operands, ArrayRef<Place> results) {
  SmallVector<Value> tensors;
  SmallVector<int32_t> access;
  SmallVector<Layout> layouts;
  for (const Place &place : operands) {
    tensors.push_back(view(place));
    access.push_back(TRESSE_READ);
    layouts.push_back(place.layout);
  }
  for (const Place &place : results) {
    bool overwrites = llvm::any_of(operands, [&](const Place &operand) {
      return sharesBytes(operand, place);
    });
    tensors.push_back(view(place));
    access.push_back(overwrites ? TRESSE_READ | TRESSE_WRITE : TRESSE_WRITE);
    layouts.push_back(place.layout);
  }
  Cost cost = estimateCost(op);
  plan::LaunchOp::create(
      stepBuilder, op->getLoc(), tensors, Value(), kernel(op, layouts),
      builder.getDenseI32ArrayAttr(access), builder.getDenseI64ArrayAttr({}),
      IntegerAttr(), DictionaryAttr(), DenseI32ArrayAttr(), DenseI32ArrayAttr(),
      DenseI32ArrayAttr(), IntegerAttr(), builder.getStringAttr(name),
      IntegerAttr(), i64(cost.flops), i64(cost.bytesRead),
      i64(cost.bytesWritten));
}

static int64_t bytesOf(const Layout &layout) {
  return layout.elementCount() * plan::bytesOfElement(layout.dtype);
}

void PlanBuilder::fill(Location loc, StringRef name, const Place &to,
                       uint64_t bits) {
  plan::FillOp::create(stepBuilder, loc, view(to),
                       builder.getI32IntegerAttr(static_cast<int32_t>(
                           plan::bytesOfElement(to.layout.dtype))),
                       bits ? i64(static_cast<int64_t>(bits)) : IntegerAttr(),
                       builder.getStringAttr(name), IntegerAttr(),
                       IntegerAttr(), IntegerAttr(), i64(bytesOf(to.layout)));
}

void PlanBuilder::copy(Location loc, StringRef name, const Place &from,
                       const Place &to) {
  Value source = view(from), target = view(to);
  plan::CopyOp::create(stepBuilder, loc, source, target, IntegerAttr(),
                       builder.getStringAttr(name), IntegerAttr(),
                       IntegerAttr(), i64(bytesOf(from.layout)),
                       i64(bytesOf(to.layout)));
}

/// Sums are f64 where the result is, f32 otherwise.
TypeAttr PlanBuilder::computeType(const Place &d) {
  return TypeAttr::get(d.layout.dtype.isF64() ? builder.getF64Type()
                                              : builder.getF32Type());
}

void PlanBuilder::gemm(Location loc, StringRef name, const Place &a,
                       bool transposeA, const Place &b, bool transposeB,
                       const Place &d, bool accumulate, const Cost &cost) {
  auto unit = [&](bool set) {
    return set ? builder.getUnitAttr() : UnitAttr();
  };
  Value left = view(a), right = view(b), result = view(d);
  plan::GemmOp::create(
      stepBuilder, loc, left, right, accumulate ? result : Value(), result,
      Value(), Value(), Value(), Value(), Value(), Value(), Value(), Value(),
      unit(transposeA), unit(transposeB), computeType(d),
      plan::ProviderAttr::get(context, plan::Provider::Library),
      FlatSymbolRefAttr(), FloatAttr(),
      accumulate ? builder.getF64FloatAttr(1) : FloatAttr(), IntegerAttr(),
      IntegerAttr(), DenseI64ArrayAttr(), builder.getStringAttr(name),
      IntegerAttr(), i64(cost.flops), i64(cost.bytesRead),
      i64(cost.bytesWritten));
}

void PlanBuilder::groupedGemm(Location loc, StringRef name, const Place &a,
                              const Place &b, bool transposeB, const Place &d,
                              const Place &ends, bool varyingK, bool accumulate,
                              const Cost &cost) {
  Value left = view(a), right = view(b), result = view(d);
  Value endsView = view(ends);
  int64_t groups = ends.layout.sizes.front();
  plan::GroupedGemmOp::create(
      stepBuilder, loc, left, right, accumulate ? result : Value(), result,
      Value(), Value(), Value(), Value(), endsView,
      plan::VaryingAttr::get(context,
                             varyingK ? plan::Varying::K : plan::Varying::M),
      UnitAttr(), transposeB ? builder.getUnitAttr() : UnitAttr(),
      computeType(d), FlatSymbolRefAttr(),
      builder.getI32IntegerAttr(static_cast<int32_t>(groups)),
      i64(a.layout.sizes.front()), DenseI32ArrayAttr(), IntegerAttr(),
      FloatAttr(), accumulate ? builder.getF64FloatAttr(1) : FloatAttr(),
      IntegerAttr(), IntegerAttr(), builder.getStringAttr(name), IntegerAttr(),
      i64(cost.flops), i64(cost.bytesRead), i64(cost.bytesWritten));
}

void PlanBuilder::finish() {
  Block &block = model.getBody().front();
  auto moveToEnd = [&](auto isKind) {
    SmallVector<Operation *> members;
    for (Operation &op : block)
      if (isKind(&op))
        members.push_back(&op);
    for (Operation *op : members)
      op->moveBefore(&block, block.end());
  };
  moveToEnd([](Operation *op) { return isa<plan::BuildRecordOp>(op); });
  moveToEnd([](Operation *op) { return isa<plan::KernelOp>(op); });
  moveToEnd([](Operation *op) { return isa<plan::BufferOp>(op); });
  moveToEnd([](Operation *op) { return isa<plan::ViewOp>(op); });
  moveToEnd([](Operation *op) { return isa<plan::GlobalOp>(op); });
  moveToEnd([](Operation *op) { return isa<plan::ProgramOp>(op); });
}

std::string stepName(Operation *op) {
  std::string name = op->getName().stripDialect().str();
  auto mark = op->getLoc()->findInstanceOf<NameLoc>();
  if (mark && mark.getName() == kRecomputedLocation)
    name = "recomputed " + name;
  for (Value operand : op->getOperands())
    if (auto load = operand.getDefiningOp<lm::LoadOp>())
      return name + " " + load.getGlobal().str();
  return name;
}

Cost estimateCost(Operation *op) {
  Cost cost;
  auto tensorOf = [](Value value) {
    return dyn_cast<RankedTensorType>(value.getType());
  };
  auto bytes = [](RankedTensorType type) {
    return type.getNumElements() * plan::bytesOfElement(type.getElementType());
  };
  for (Value operand : op->getOperands())
    if (auto type = tensorOf(operand))
      cost.bytesRead += bytes(type);
  int64_t elements = 0;
  for (Value result : op->getResults())
    if (auto type = tensorOf(result)) {
      cost.bytesWritten += bytes(type);
      elements += type.getNumElements();
    }
  int64_t members = 1;
  if (auto fusion = dyn_cast<lm::FusionOp>(op))
    members = std::distance(fusion.getBody().front().begin(),
                            fusion.getBody().front().end()) -
              1;
  cost.flops = elements * members;
  return cost;
}

} // namespace tresse
