// InstantiateEntries.cpp - derives the entry functions from the forward
// function: static shapes, the storage type, and what each entry computes.
#include "passes/common/ModuleError.h"
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_INSTANTIATEENTRIESPASS
#include "passes/model/Passes.h.inc"

namespace {
/// Static sizes and element types of one entry.
struct Shape {
  int64_t batch, sequence;
  Type storage, wide;

  Type element(Type type) const {
    if (type.isBF16())
      return storage;
    return type.isF32() ? wide : type;
  }

  /// tensor<?x?x4xbf16> -> tensor<8x256x4xf32>; tensor<?x2xi32> ->
  /// tensor<2048x2xi32>.
  Type convert(Type type) const {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return type;
    SmallVector<int64_t> sizes(tensor.getShape());
    bool two = sizes.size() > 1 && ShapedType::isDynamic(sizes[0]) &&
               ShapedType::isDynamic(sizes[1]);
    if (two) {
      sizes[0] = batch;
      sizes[1] = sequence;
    } else if (!sizes.empty() && ShapedType::isDynamic(sizes[0])) {
      sizes[0] = batch * sequence;
    }
    return RankedTensorType::get(sizes, element(tensor.getElementType()));
  }

  void convertAll(Operation *root) const {
    root->walk([&](Operation *op) {
      for (Value result : op->getResults())
        result.setType(convert(result.getType()));
      for (Region &region : op->getRegions())
        for (Block &block : region)
          for (Value argument : block.getArguments())
            argument.setType(convert(argument.getType()));
      if (auto function = dyn_cast<func::FuncOp>(op))
        function.setType(FunctionType::get(
            op->getContext(),
            llvm::map_to_vector(function.getArgumentTypes(),
                                [&](Type type) { return convert(type); }),
            llvm::map_to_vector(function.getResultTypes(),
                                [&](Type type) { return convert(type); })));
    });
  }
};

/// What the forward function returned, by name.
struct ForwardResults {
  SmallVector<NamedResult> all;
  Value positions;

  Value find(StringRef name) const {
    for (const NamedResult &result : all)
      if (result.name == name)
        return result.value;
    return nullptr;
  }
};

struct InstantiateEntriesPass
    : impl::InstantiateEntriesPassBase<InstantiateEntriesPass> {
  using InstantiateEntriesPassBase::InstantiateEntriesPassBase;

  void runOnOperation() override {
    SymbolTable table(getOperation());
    symbols = &table;
    if (failed(findForward()) || failed(parseDtype()))
      return signalPassFailure();
    llvm::StringSet<> wanted;
    for (const std::string &entry : entries)
      wanted.insert(entry);
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    buildPrepare(builder);
    if (wanted.contains("logits"))
      buildLogits(builder);
    if (wanted.contains("train")) {
      buildTraining(builder, "gradients");
      buildTraining(builder, "evaluate");
    }
    if (wanted.contains("generate")) {
      buildGeneration(builder, "prefill", chunk);
      buildGeneration(builder, "decode", 1);
    }
    retypeGlobals();
    for (func::FuncOp original : originals)
      original.erase();
  }

private:
  LogicalResult findForward() {
    forward = nullptr;
    originals.clear();
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      originals.push_back(function);
      if (function->hasAttr(kForwardAttr))
        forward = function;
    }
    if (!forward)
      return emitModuleError(getOperation())
             << "expects one function marked '" << kForwardAttr
             << "', but got none";
    if (forward.getNumArguments() != 2)
      return emitError(forward.getLoc())
             << "expects the function marked '" << kForwardAttr
             << "' to have 2 arguments, tokens and positions, but got "
             << forward.getNumArguments();
    for (const std::string &entry : entries)
      if (entry != "train" && entry != "generate" && entry != "logits")
        return emitModuleError(getOperation())
               << "expects entries train, generate or logits, but got '"
               << entry << "'";
    return success();
  }

  LogicalResult parseDtype() {
    Builder builder(&getContext());
    wide = builder.getF32Type();
    if (dtype == "f32")
      storage = builder.getF32Type();
    else if (dtype == "bf16")
      storage = builder.getBF16Type();
    else if (dtype == "f64")
      storage = wide = builder.getF64Type();
    else
      return emitModuleError(getOperation())
             << "expects dtype f32, bf16 or f64, but got '" << dtype << "'";
    return success();
  }

  func::FuncOp createEntry(OpBuilder &builder, StringRef name,
                           ArrayRef<std::pair<StringRef, Type>> arguments) {
    SmallVector<Type> types =
        llvm::map_to_vector(arguments, [](auto &pair) { return pair.second; });
    auto function = func::FuncOp::create(builder, forward.getLoc(), name,
                                         builder.getFunctionType(types, {}));
    function->setAttr(kEntryAttr, builder.getStringAttr(name));
    function.addEntryBlock();
    for (auto [index, argument] : llvm::enumerate(arguments))
      function.setArgAttr(index, kNameAttr,
                          builder.getStringAttr(argument.first));
    return function;
  }

  Type indexTensor(ArrayRef<int64_t> sizes) {
    return RankedTensorType::get(sizes, IntegerType::get(&getContext(), 32));
  }
  Type wideTensor(ArrayRef<int64_t> sizes) {
    return RankedTensorType::get(sizes, wide);
  }

  /// Clones `callee` for `shape` as `name<suffix>`, once.
  func::FuncOp instantiateCallee(func::FuncOp callee, const Shape &shape,
                                 StringRef suffix) {
    std::string name = (callee.getName() + suffix).str();
    if (auto known = symbols->lookup<func::FuncOp>(name))
      return known;
    func::FuncOp clone = callee.clone();
    clone.setName(name);
    clone.setPrivate();
    symbols->insert(clone);
    shape.convertAll(clone);
    instantiateCalls(clone, shape, suffix);
    return clone;
  }

  void instantiateCalls(func::FuncOp caller, const Shape &shape,
                        StringRef suffix) {
    caller.walk([&](func::CallOp call) {
      auto callee = symbols->lookup<func::FuncOp>(call.getCallee());
      if (llvm::is_contained(originals, callee))
        call.setCallee(instantiateCallee(callee, shape, suffix).getName());
    });
  }

  /// Copies the forward function's body to the end of `entry`.
  ForwardResults inlineForward(func::FuncOp entry, Value tokens,
                               Value positions, const Shape &shape,
                               StringRef suffix) {
    IRMapping mapping;
    mapping.map(forward.getArgument(0), tokens);
    mapping.map(forward.getArgument(1), positions);
    OpBuilder builder = OpBuilder::atBlockEnd(&entry.getBody().front());
    Block &body = forward.getBody().front();
    for (Operation &op : body.without_terminator())
      shape.convertAll(builder.clone(op, mapping));
    instantiateCalls(entry, shape, suffix);
    ForwardResults results;
    results.positions = positions;
    for (auto [index, value] :
         llvm::enumerate(body.getTerminator()->getOperands()))
      results.all.push_back(
          {resultName(forward, index).str(), mapping.lookup(value)});
    return results;
  }

  Shape shapeOf(int64_t rows, int64_t columns) const {
    return {rows, columns, storage, wide};
  }

  void buildPrepare(OpBuilder &builder) {
    setResults(createEntry(builder, "prepare", {}), {});
  }

  static void appendRoutes(const ForwardResults &from,
                           SmallVectorImpl<NamedResult> &to) {
    for (const NamedResult &result : from.all)
      if (StringRef(result.name).starts_with("routes."))
        to.push_back(result);
  }

  void buildLogits(OpBuilder &builder) {
    Type tokens = indexTensor({batch, sequence});
    func::FuncOp entry = createEntry(builder, "logits", {{"tokens", tokens}});
    OpBuilder body = OpBuilder::atBlockEnd(&entry.getBody().front());
    Value positions = lm::IotaOp::create(body, entry.getLoc(), tokens);
    ForwardResults results =
        inlineForward(entry, entry.getArgument(0), positions,
                      shapeOf(batch, sequence), ".batch");
    SmallVector<NamedResult> outputs{{"logits", results.find("logits")}};
    appendRoutes(results, outputs);
    setResults(entry, outputs);
  }

  /// gradients: loss, balance loss, and the objective to differentiate, plus
  /// the experts' load. evaluate: the loss alone.
  void buildTraining(OpBuilder &builder, StringRef name) {
    bool gradients = name == "gradients";
    Type tokens = indexTensor({batch, sequence});
    SmallVector<std::pair<StringRef, Type>> arguments{{"tokens", tokens},
                                                      {"targets", tokens}};
    if (gradients)
      arguments.push_back({"loss_weights", wideTensor({4})});
    func::FuncOp entry = createEntry(builder, name, arguments);
    Location loc = entry.getLoc();
    OpBuilder body = OpBuilder::atBlockEnd(&entry.getBody().front());
    Value positions = lm::IotaOp::create(body, loc, tokens);
    ForwardResults results =
        inlineForward(entry, entry.getArgument(0), positions,
                      shapeOf(batch, sequence), ".batch");
    Value targets = entry.getArgument(1);
    Type rows = wideTensor({batch, sequence});
    auto losses = lm::CrossEntropyOp::create(body, loc, rows, rows,
                                             results.find("logits"), targets);
    Type scalar = wideTensor({1});
    Value loss =
        lm::MeanValidOp::create(body, loc, scalar, losses.getLosses(), targets);
    SmallVector<NamedResult> outputs{{"loss", loss}};
    if (gradients)
      appendObjective(body, entry, results, loss, outputs);
    setResults(entry, outputs);
  }

  void appendObjective(OpBuilder &body, func::FuncOp entry,
                       const ForwardResults &results, Value loss,
                       SmallVectorImpl<NamedResult> &outputs) {
    Location loc = entry.getLoc();
    Value objective = loss;
    // Weight i belongs to balance loss i.
    for (auto [number, name] : llvm::enumerate(
             ArrayRef<StringRef>{"balance_loss", "device_balance_loss",
                                 "communication_balance_loss"})) {
      Value balance = results.find(name);
      if (balance) {
        Value weight = tensor::ExtractSliceOp::create(
            body, loc, cast<RankedTensorType>(loss.getType()),
            entry.getArgument(2), ValueRange(), ValueRange(), ValueRange(),
            ArrayRef<int64_t>{static_cast<int64_t>(number)},
            ArrayRef<int64_t>{1}, ArrayRef<int64_t>{1});
        Value term = arith::MulFOp::create(body, loc, balance, weight);
        objective = arith::AddFOp::create(body, loc, objective, term);
      } else if (number == 0) {
        balance = lm::FillOp::create(body, loc, loss.getType(),
                                     body.getF64FloatAttr(0.0));
      }
      if (balance)
        outputs.push_back({name.str(), balance});
    }
    outputs.push_back({kObjective.str(), objective});
    countLoads(body, loc, results);
  }

  /// Adds each layer's expert counts to a counter that belongs to its bias.
  void countLoads(OpBuilder &body, Location loc,
                  const ForwardResults &results) {
    OpBuilder atModule = OpBuilder::atBlockBegin(getOperation().getBody());
    for (auto [index, result] : llvm::enumerate(results.all)) {
      auto of = forward.getResultAttrOfType<FlatSymbolRefAttr>(index, kOfAttr);
      if (!of || !StringRef(result.name).starts_with("load."))
        continue;
      std::string name = (of.getValue() + ".load").str();
      Type type = result.value.getType();
      lm::GlobalOp::create(atModule, loc, name, StringAttr(), type,
                           lm::Role::gradient, lm::InitializerAttr(),
                           ArrayAttr(), of);
      Value old = lm::LoadOp::create(body, loc, type, name);
      Value sum = arith::AddIOp::create(body, loc, old, result.value);
      lm::StoreOp::create(body, loc, sum, name);
    }
  }

  void buildGeneration(OpBuilder &builder, StringRef name, int64_t columns) {
    Type tokens = indexTensor({slots, columns});
    func::FuncOp entry = createEntry(builder, name,
                                     {{"tokens", tokens},
                                      {"positions", tokens},
                                      {"sampling", wideTensor({slots, 8})}});
    entry->setAttr(kContextAttr, builder.getI64IntegerAttr(context));
    ForwardResults results =
        inlineForward(entry, entry.getArgument(0), entry.getArgument(1),
                      shapeOf(slots, columns), ("." + name).str());
    OpBuilder body = OpBuilder::atBlockEnd(&entry.getBody().front());
    Location loc = entry.getLoc();
    Value logits = results.find("logits");
    int64_t vocabulary =
        cast<RankedTensorType>(logits.getType()).getShape().back();
    Value last = lm::LastRowOp::create(
        body, loc, wideTensor({slots, vocabulary}), logits, results.positions);
    Value next = lm::SampleOp::create(body, loc, indexTensor({slots}), last,
                                      entry.getArgument(2));
    SmallVector<NamedResult> outputs{{"next", next}, {"logits", last}};
    appendRoutes(results, outputs);
    setResults(entry, outputs);
  }

  void retypeGlobals() {
    Shape shape = shapeOf(batch, sequence);
    for (auto global : getOperation().getOps<lm::GlobalOp>())
      global.setType(shape.convert(global.getType()));
  }

  func::FuncOp forward;
  SymbolTable *symbols = nullptr;
  SmallVector<func::FuncOp> originals;
  Type storage, wide;
};
} // namespace
} // namespace tresse
