// Differentiate.cpp - reverse-mode derivatives of entries, through calls.
//
// A function is differentiated in place into a joint graph: its own ops, then
// the gradient ops in reverse order. An entry keeps the joint graph. A callee's
// joint graph is cut into `f.forward`, which also returns the values that the
// gradient ops read, and `f.backward`, which takes them.
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_DIFFERENTIATEPASS
#include "passes/model/Passes.h.inc"

namespace {
/// The two halves of a differentiated callee.
///   forward:  (arguments) -> (results, saved)
///   backward: (gradients of `seeded` results, arguments, saved)
///             -> gradients of `wanted` arguments that are not zero
struct Halves {
  func::FuncOp forward, backward;
  /// Per wanted argument: its position in backward's results, or -1 where the
  /// gradient is zero.
  SmallVector<int> position;
};

/// Which arguments want a gradient and which results bring one.
struct Request {
  SmallVector<bool> wanted, seeded;
  bool recompute = false;

  std::string suffix() const {
    std::string text;
    for (bool bit : wanted)
      text += bit ? '1' : '0';
    text += '.';
    for (bool bit : seeded)
      text += bit ? '1' : '0';
    return text + (recompute ? ".recompute" : "");
  }
};

bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// Ops that cost nothing: the backward half repeats them instead of saving
/// their results.
bool isView(Operation *op) {
  return isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, lm::SplitOp,
             lm::StopGradientOp>(op);
}

class Differentiator {
public:
  explicit Differentiator(SymbolTable &symbols) : symbols(symbols) {}

  /// Appends gradients to `function`'s block. `seeds` maps results to their
  /// gradients; on return `gradients` holds those of every active value.
  LogicalResult differentiate(Block &block, ArrayRef<Value> active,
                              DenseMap<Value, Value> &gradients);

  /// Differentiates `callee`, once per request.
  FailureOr<Halves> halvesOf(func::FuncOp callee, const Request &request);

private:
  LogicalResult differentiateCall(func::CallOp call, OpBuilder &builder,
                                  const DenseSet<Value> &active,
                                  DenseMap<Value, Value> &gradients);
  LogicalResult differentiateOp(Operation *op, OpBuilder &builder,
                                const DenseSet<Value> &active,
                                DenseMap<Value, Value> &gradients);
  Halves cut(func::FuncOp joint, func::FuncOp callee, Operation *border,
             const Request &request, ArrayRef<Value> argumentGradients);

  SymbolTable &symbols;
  llvm::StringMap<Halves> known;
};

void accumulate(OpBuilder &builder, DenseMap<Value, Value> &gradients,
                Value value, Value gradient) {
  if (!gradient)
    return;
  Value &sum = gradients[value];
  sum = sum ? arith::AddFOp::create(builder, value.getLoc(), sum, gradient)
            : gradient;
}

/// Values that depend on `roots` through float values.
DenseSet<Value> activeValues(Block &block, ArrayRef<Value> roots) {
  DenseSet<Value> active(roots.begin(), roots.end());
  for (Operation &op : block)
    if (llvm::any_of(op.getOperands(),
                     [&](Value operand) { return active.contains(operand); }))
      for (Value result : op.getResults())
        if (isFloat(result))
          active.insert(result);
  return active;
}

LogicalResult Differentiator::differentiate(Block &block, ArrayRef<Value> roots,
                                            DenseMap<Value, Value> &gradients) {
  DenseSet<Value> active = activeValues(block, roots);
  SmallVector<Operation *> forward;
  for (Operation &op : block.without_terminator())
    forward.push_back(&op);
  OpBuilder builder(block.getTerminator());
  for (Operation *op : llvm::reverse(forward)) {
    bool reached = llvm::any_of(op->getResults(), [&](Value result) {
      return gradients.lookup(result) && active.contains(result);
    });
    if (!reached)
      continue;
    auto call = dyn_cast<func::CallOp>(op);
    if (failed(call ? differentiateCall(call, builder, active, gradients)
                    : differentiateOp(op, builder, active, gradients)))
      return failure();
  }
  return success();
}

LogicalResult
Differentiator::differentiateOp(Operation *op, OpBuilder &builder,
                                const DenseSet<Value> &active,
                                DenseMap<Value, Value> &gradients) {
  SmallVector<bool> needed;
  for (Value operand : op->getOperands())
    needed.push_back(active.contains(operand));
  if (llvm::none_of(needed, [](bool bit) { return bit; }))
    return success();
  auto differentiable = dyn_cast<lm::DifferentiableOpInterface>(op);
  if (!differentiable)
    return op->emitOpError()
           << "expects an op with a derivative on the path of a gradient, but "
              "this one has none";
  SmallVector<Value> incoming;
  for (Value result : op->getResults())
    incoming.push_back(gradients.lookup(result));
  SmallVector<Value> outgoing(op->getNumOperands());
  if (failed(differentiable.buildGradient(builder, incoming, needed, outgoing)))
    return failure();
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (needed[index])
      accumulate(builder, gradients, operand, outgoing[index]);
  return success();
}

LogicalResult
Differentiator::differentiateCall(func::CallOp call, OpBuilder &builder,
                                  const DenseSet<Value> &active,
                                  DenseMap<Value, Value> &gradients) {
  Request request;
  request.recompute = call->hasAttr(kRecomputeAttr);
  SmallVector<Value> backwardArguments;
  for (Value result : call.getResults()) {
    Value gradient = gradients.lookup(result);
    request.seeded.push_back(static_cast<bool>(gradient));
    if (gradient)
      backwardArguments.push_back(gradient);
  }
  for (Value operand : call.getOperands())
    request.wanted.push_back(active.contains(operand));
  auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
  FailureOr<Halves> halves = halvesOf(callee, request);
  if (failed(halves))
    return failure();

  OpBuilder atCall(call);
  auto forward = func::CallOp::create(atCall, call.getLoc(), halves->forward,
                                      call.getOperands());
  llvm::append_range(backwardArguments, call.getOperands());
  llvm::append_range(backwardArguments,
                     forward.getResults().drop_front(call.getNumResults()));
  auto backward = func::CallOp::create(builder, call.getLoc(), halves->backward,
                                       backwardArguments);
  for (auto [index, operand] : llvm::enumerate(call.getOperands()))
    if (halves->position[index] >= 0)
      accumulate(builder, gradients, operand,
                 backward.getResult(halves->position[index]));
  for (auto [before, after] :
       llvm::zip(call.getResults(), forward.getResults())) {
    before.replaceAllUsesWith(after);
    // The gradient map is keyed by values: keep the entry alive.
    if (Value gradient = gradients.lookup(before))
      gradients[after] = gradient;
  }
  call.erase();
  return success();
}

FailureOr<Halves> Differentiator::halvesOf(func::FuncOp callee,
                                           const Request &request) {
  std::string key = (callee.getName() + "." + request.suffix()).str();
  if (auto found = known.find(key); found != known.end())
    return found->second;

  func::FuncOp joint = callee.clone();
  Block &block = joint.getBody().front();
  Operation *terminator = block.getTerminator();
  DenseMap<Value, Value> gradients;
  OpBuilder builder(terminator);
  SmallVector<Value> active;
  for (auto [index, argument] : llvm::enumerate(block.getArguments()))
    if (request.wanted[index])
      active.push_back(argument);
  // Gradients of results come as extra arguments.
  SmallVector<Value> results(terminator->getOperands());
  for (auto [index, result] : llvm::enumerate(results))
    if (request.seeded[index])
      accumulate(builder, gradients, result,
                 block.addArgument(result.getType(), joint.getLoc()));
  // A dead op marks where the forward half ends.
  Operation *border = lm::FillOp::create(
      builder, joint.getLoc(), RankedTensorType::get({1}, builder.getF32Type()),
      builder.getF64FloatAttr(0.0));
  if (failed(differentiate(block, active, gradients))) {
    joint.erase();
    return failure();
  }
  SmallVector<Value> argumentGradients;
  for (unsigned i = 0; i < callee.getNumArguments(); ++i)
    argumentGradients.push_back(
        request.wanted[i] ? gradients.lookup(block.getArgument(i)) : Value());
  joint.setName(key);
  Halves halves = cut(joint, callee, border, request, argumentGradients);
  joint.erase();
  known[key] = halves;
  return halves;
}

/// Clones values of the forward half into the backward half: arguments map to
/// backward's arguments, views are repeated, everything else is saved (or
/// repeated too, where the call is recomputed).
class BackwardBuilder {
public:
  BackwardBuilder(OpBuilder &builder, IRMapping &mapping, bool recompute,
                  llvm::function_ref<bool(Operation *)> isForward)
      : builder(builder), mapping(mapping), recompute(recompute),
        isForward(isForward) {}

  /// Makes every forward value that `op` reads available.
  void require(Operation *op) {
    for (Value operand : op->getOperands())
      requireValue(operand);
  }

  /// Forward values that must be saved, in the order they were met.
  SmallVector<Value> saved;

private:
  void requireValue(Value value) {
    Operation *definition = value.getDefiningOp();
    if (mapping.contains(value) || !definition || !isForward(definition))
      return;
    if (!isView(definition) && !recompute) {
      saved.push_back(value);
      Block *block = builder.getInsertionBlock();
      mapping.map(value, block->addArgument(value.getType(), value.getLoc()));
      return;
    }
    require(definition);
    Operation *clone = builder.clone(*definition, mapping);
    if (!isView(definition))
      clone->setLoc(NameLoc::get(builder.getStringAttr(kRecomputedLocation),
                                 definition->getLoc()));
  }

  OpBuilder &builder;
  IRMapping &mapping;
  bool recompute;
  llvm::function_ref<bool(Operation *)> isForward;
};

Halves Differentiator::cut(func::FuncOp joint, func::FuncOp callee,
                           Operation *border, const Request &request,
                           ArrayRef<Value> argumentGradients) {
  Block &block = joint.getBody().front();
  Location loc = joint.getLoc();
  OpBuilder builder(joint->getContext());
  unsigned arguments = callee.getNumArguments();
  Operation *terminator = block.getTerminator();
  auto isForward = [&](Operation *op) { return op->isBeforeInBlock(border); };

  // backward: seeds first, then the arguments, then what is saved.
  auto backward =
      func::FuncOp::create(loc, (joint.getName() + ".backward").str(),
                           builder.getFunctionType({}, {}));
  backward.setPrivate();
  Block *body = backward.addEntryBlock();
  IRMapping mapping;
  for (Value seed : block.getArguments().drop_front(arguments))
    mapping.map(seed, body->addArgument(seed.getType(), loc));
  for (Value argument : block.getArguments().take_front(arguments))
    mapping.map(argument, body->addArgument(argument.getType(), loc));
  builder.setInsertionPointToEnd(body);
  if (request.recompute && body->getNumArguments() > arguments) {
    // Reading the arguments only after the gradient has arrived keeps the
    // repeated ops apart from the forward half's.
    Value seed = body->getArgument(0);
    for (Value argument : block.getArguments().take_front(arguments))
      if (isFloat(argument))
        mapping.map(argument,
                    lm::BarrierOp::create(builder, loc, argument.getType(),
                                          mapping.lookup(argument), seed));
  }
  BackwardBuilder values(builder, mapping, request.recompute, isForward);
  for (Operation &op : block.without_terminator()) {
    if (&op == border || isForward(&op))
      continue;
    values.require(&op);
    builder.clone(op, mapping);
  }
  Halves halves;
  SmallVector<Value> outputs;
  for (Value gradient : argumentGradients) {
    halves.position.push_back(gradient ? static_cast<int>(outputs.size()) : -1);
    if (gradient)
      outputs.push_back(mapping.lookupOrDefault(gradient));
  }
  func::ReturnOp::create(builder, loc, outputs);
  backward.setType(builder.getFunctionType(body->getArgumentTypes(),
                                           ValueRange(outputs).getTypes()));

  // forward: the callee's own results, then what is saved.
  auto forward = func::FuncOp::create(loc, (joint.getName() + ".forward").str(),
                                      builder.getFunctionType({}, {}));
  forward.setPrivate();
  Block *forwardBody = forward.addEntryBlock();
  IRMapping forwardMapping;
  for (Value argument : block.getArguments().take_front(arguments))
    forwardMapping.map(argument,
                       forwardBody->addArgument(argument.getType(), loc));
  builder.setInsertionPointToEnd(forwardBody);
  for (Operation &op : block.without_terminator())
    if (isForward(&op))
      builder.clone(op, forwardMapping);
  SmallVector<Value> forwardResults;
  for (Value result : terminator->getOperands())
    forwardResults.push_back(forwardMapping.lookup(result));
  for (Value value : values.saved)
    forwardResults.push_back(forwardMapping.lookup(value));
  func::ReturnOp::create(builder, loc, forwardResults);
  forward.setType(builder.getFunctionType(
      forwardBody->getArgumentTypes(), ValueRange(forwardResults).getTypes()));
  symbols.insert(forward);
  symbols.insert(backward);
  halves.forward = forward;
  halves.backward = backward;
  return halves;
}

struct DifferentiatePass : impl::DifferentiatePassBase<DifferentiatePass> {
  using DifferentiatePassBase::DifferentiatePassBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<func::FuncOp> functions(getOperation().getOps<func::FuncOp>());
    for (func::FuncOp function : functions)
      for (unsigned i = 0; i < function.getNumResults(); ++i)
        if (resultName(function, i) == kObjective)
          if (failed(differentiateEntry(function, i, symbols)))
            return signalPassFailure();
  }

private:
  /// Adds the gradients of `entry`'s weights and drops its objective.
  LogicalResult differentiateEntry(func::FuncOp entry, unsigned objective,
                                   SymbolTable &symbols) {
    Block &block = entry.getBody().front();
    Operation *terminator = block.getTerminator();
    SmallVector<lm::LoadOp> weights;
    SmallVector<Value> active;
    for (auto load : entry.getOps<lm::LoadOp>())
      if (weightOf(load, symbols)) {
        weights.push_back(load);
        active.push_back(load);
      }
    OpBuilder builder(terminator);
    Value value = terminator->getOperand(objective);
    DenseMap<Value, Value> gradients;
    gradients[value] = lm::FillOp::create(
        builder, entry.getLoc(), value.getType(), builder.getF64FloatAttr(1.0));
    Differentiator differentiator(symbols);
    if (failed(differentiator.differentiate(block, active, gradients)))
      return failure();
    for (lm::LoadOp load : weights)
      storeGradient(builder, load, gradients.lookup(load), symbols);
    terminator->eraseOperand(objective);
    return entry.eraseResult(objective);
  }

  /// The trained global behind a load: the weight, or whose copy it is.
  static lm::GlobalOp weightOf(lm::LoadOp load, SymbolTable &symbols) {
    auto global = symbols.lookup<lm::GlobalOp>(load.getGlobal());
    if (global.getRole() == lm::Role::derived && global.getOf())
      global = symbols.lookup<lm::GlobalOp>(*global.getOf());
    return global.getRole() == lm::Role::weight ? global : lm::GlobalOp();
  }

  /// gradient global += gradient
  void storeGradient(OpBuilder &builder, lm::LoadOp load, Value gradient,
                     SymbolTable &symbols) {
    lm::GlobalOp weight = weightOf(load, symbols);
    RankedTensorType type = lm::wideOf(weight.getTensorType());
    std::string name = (weight.getSymName() + ".grad").str();
    OpBuilder atWeight(&getContext());
    atWeight.setInsertionPointAfter(weight);
    if (!symbols.lookup(name))
      symbols.insert(lm::GlobalOp::create(
          atWeight, weight.getLoc(), name, StringAttr(), type,
          lm::Role::gradient, lm::InitializerAttr(), ArrayAttr(),
          FlatSymbolRefAttr::get(weight.getSymNameAttr())));
    if (!gradient)
      return;
    // Right behind the gradient, so that it need not live until the end.
    builder.setInsertionPointAfterValue(gradient);
    Location loc = load.getLoc();
    Value old = lm::LoadOp::create(builder, loc, type, name);
    Value sum = arith::AddFOp::create(builder, loc, old, gradient);
    lm::StoreOp::create(builder, loc, sum, name);
  }
};
} // namespace
} // namespace tresse
