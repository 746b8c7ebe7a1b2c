// ModelBuilder.cpp - a checked config becomes a module of the lm dialect.
#include "tools/tresse-import/ModelBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "tools/tresse-import/Weights.h"

using namespace llvm;
using namespace mlir;

namespace tresse {
namespace {

/// The weights of one layer as values, by their names below the layer.
using Values = StringMap<Value>;

class ModelBuilder {
public:
  ModelBuilder(MLIRContext *context, const ModelConfig &config)
      : config(config), builder(context), weights(context, config) {}

  OwningOpRef<ModuleOp> build(StringRef configText);

private:
  static constexpr int64_t any = ShapedType::kDynamic;

  RankedTensorType tensor(ArrayRef<int64_t> shape, Type element) {
    return RankedTensorType::get(shape, element);
  }
  RankedTensorType indices(ArrayRef<int64_t> shape) {
    return tensor(shape, builder.getI32Type());
  }
  /// What enters and leaves a layer: one residual stream or several.
  RankedTensorType residualType() {
    Type element = builder.getBF16Type();
    if (config.hyper)
      return tensor({any, any, config.hyper->streams, config.hidden}, element);
    return rowsType();
  }
  RankedTensorType rowsType() {
    return tensor({any, any, config.hidden}, builder.getBF16Type());
  }
  RankedTensorType positionsType() { return indices({any, any}); }

  /// A location that names the value in the printed text after its weight:
  /// mlp.shared_experts.down_proj.weight is %shared_experts_down_proj.
  Location named(StringRef weight) {
    StringRef name = weight.ends_with(".weight") ? weight.drop_back(7) : weight;
    SmallVector<StringRef> parts;
    name.split(parts, '.');
    StringRef owner = parts.size() > 1 ? parts[parts.size() - 2] : "";
    bool plain = owner.ends_with("experts") || owner.ends_with("_hc");
    return NameLoc::get(builder.getStringAttr(plain ? owner + "_" + parts.back()
                                                    : Twine(parts.back())));
  }
  Location here() { return builder.getUnknownLoc(); }

  DictionaryAttr records(StringRef configText);
  void addGlobals(ArrayRef<Weight> list, const Twine &prefix);
  Value load(const Weight &weight, const Twine &prefix);
  void addLayerFunction(bool moe);
  void addForward();
  Value addLayers(Value x, Value positions, SmallVectorImpl<Value> &results,
                  SmallVectorImpl<Attribute> &attributes);

  Value rmsNorm(Value x, Value weight, double epsilon);
  SmallVector<Value> attention(Value x, Value positions, const Values &w);
  SmallVector<Value> feedForward(Value x, const Values &w);
  SmallVector<Type> expertTypes();
  SmallVector<Value> experts(Value x, Value positions, const Values &w);
  lm::YarnAttr rotary();

  using Sublayer = llvm::function_ref<SmallVector<Value>(Value)>;
  SmallVector<Value> residual(Value x, Value norm, Sublayer body);
  SmallVector<Value> hyper(Value x, Value norm, const Values &w,
                           StringRef prefix, Sublayer body);
  SmallVector<Value> sublayer(Value x, const Values &w, StringRef norm,
                              StringRef hyperPrefix, Sublayer body) {
    Value weight = w.lookup(norm);
    return config.hyper ? hyper(x, weight, w, hyperPrefix, body)
                        : residual(x, weight, body);
  }

  static StringRef functionName(bool moe) {
    return moe ? "moe_layer" : "dense_layer";
  }

  const ModelConfig &config;
  OpBuilder builder;
  WeightList weights;
  SymbolTable::Visibility visibility = SymbolTable::Visibility::Private;
};

OwningOpRef<ModuleOp> ModelBuilder::build(StringRef configText) {
  OwningOpRef<ModuleOp> module(ModuleOp::create(here()));
  (*module)->setAttr("lm.records", records(configText));
  builder.setInsertionPointToEnd(module->getBody());
  addGlobals(weights.head(), "");
  bool kinds[2] = {false, false};
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    bool moe = config.isMoe(layer);
    kinds[moe] = true;
    addGlobals(weights.layer(moe), "model.layers." + Twine(layer) + ".");
  }
  addGlobals(weights.tail(), "");
  for (bool moe : {false, true})
    if (kinds[moe])
      addLayerFunction(moe);
  addForward();
  return module;
}

DictionaryAttr ModelBuilder::records(StringRef configText) {
  auto text = [&](const Twine &value) { return builder.getStringAttr(value); };
  return builder.getDictionaryAttr({
      {"config", text(configText)},
      {"max_position_embeddings", text(Twine(config.maxPositions))},
      {"model_type", text(config.modelType)},
      {"vocab_size", text(Twine(config.vocab))},
  });
}

void ModelBuilder::addGlobals(ArrayRef<Weight> list, const Twine &prefix) {
  for (const Weight &weight : list) {
    SmallVector<Attribute> pieces;
    for (const WeightPiece &piece : weight.pieces) {
      // A copy fills one index of the weight's first dimension.
      SmallVector<int64_t> box(piece.shape);
      if (piece.copies)
        box.insert(box.begin(), 1);
      pieces.push_back(lm::PieceAttr::get(
          builder.getContext(), builder.getStringAttr(prefix + piece.name), 0,
          piece.copies ? piece.copies : 1, 1, piece.shape, piece.start, box));
    }
    lm::GlobalOp::create(builder, here(), (prefix + weight.name).str(),
                         StringAttr(), weight.type, weight.role,
                         weight.initializer, builder.getArrayAttr(pieces),
                         FlatSymbolRefAttr());
  }
}

Value ModelBuilder::load(const Weight &weight, const Twine &prefix) {
  std::string name = (prefix + weight.name).str();
  return lm::LoadOp::create(builder, named(weight.name), weight.type, name);
}

Value ModelBuilder::rmsNorm(Value x, Value weight, double epsilon) {
  return lm::RmsNormOp::create(builder, here(), x.getType(), x, weight,
                               builder.getF64FloatAttr(epsilon));
}

lm::YarnAttr ModelBuilder::rotary() {
  const RotaryConfig &r = config.attention.rotary;
  return lm::YarnAttr::get(
      builder.getContext(), builder.getF64FloatAttr(r.theta),
      builder.getF64FloatAttr(r.factor), r.originalPositions,
      builder.getF64FloatAttr(r.betaFast), builder.getF64FloatAttr(r.betaSlow),
      builder.getF64FloatAttr(r.amplitude));
}

// The configuration classes give the norms of the latents their default
// epsilon, whatever rms_norm_eps says.
static constexpr double latentEpsilon = 1e-6;

SmallVector<Value> ModelBuilder::attention(Value x, Value positions,
                                           const Values &w) {
  const AttentionConfig &a = config.attention;
  bool low = a.queryRank;
  Value query =
      w.lookup(low ? "self_attn.q_b_proj.weight" : "self_attn.q_proj.weight");
  return {lm::MlaOp::create(
      builder, named("attention"), x.getType(), x, positions,
      low ? w.lookup("self_attn.q_a_proj.weight") : Value(),
      low ? w.lookup("self_attn.q_a_layernorm.weight") : Value(), query,
      w.lookup("self_attn.kv_a_proj_with_mqa.weight"),
      w.lookup("self_attn.kv_a_layernorm.weight"),
      w.lookup("self_attn.kv_b_proj.weight"),
      w.lookup("self_attn.o_proj.weight"), builder.getI64IntegerAttr(a.heads),
      builder.getI64IntegerAttr(a.nope), builder.getI64IntegerAttr(a.rope),
      builder.getI64IntegerAttr(a.value), builder.getF64FloatAttr(a.scale()),
      builder.getF64FloatAttr(latentEpsilon), rotary(),
      builder.getBoolAttr(a.rotary.interleaved))};
}

SmallVector<Value> ModelBuilder::feedForward(Value x, const Values &w) {
  return {lm::MlpOp::create(builder, named("feed_forward"), x.getType(), x,
                            w.lookup("mlp.gate_up_proj.weight"),
                            w.lookup("mlp.down_proj.weight"))};
}

/// What a MoE layer returns behind x: its balance losses, load and indices.
SmallVector<Type> ModelBuilder::expertTypes() {
  SmallVector<Type> types(config.moe.balanceLevels(),
                          tensor({1}, builder.getF32Type()));
  types.append(
      {indices({config.moe.experts}), indices({any, config.moe.topK})});
  return types;
}

SmallVector<Value> ModelBuilder::experts(Value x, Value positions,
                                         const Values &w) {
  const MoeConfig &m = config.moe;
  auto shared = [&](StringRef part) {
    return m.shared ? w.lookup(("mlp.shared_experts." + part + ".weight").str())
                    : Value();
  };
  SmallVector<Type> types = {x.getType()};
  append_range(types, expertTypes());
  auto op = lm::MoeOp::create(
      builder, here(), types, x, positions, w.lookup("mlp.gate.weight"),
      w.lookup("mlp.gate.e_score_correction_bias"),
      w.lookup("mlp.experts.gate_up_proj"), w.lookup("mlp.experts.down_proj"),
      shared("gate_up_proj"), shared("down_proj"),
      m.sigmoid ? lm::Scoring::sigmoid : lm::Scoring::softmax, m.topK, m.groups,
      m.topGroups, m.sigmoid ? lm::GroupScore::top2 : lm::GroupScore::max,
      m.normalize, APFloat(m.weightScale),
      m.sigmoid ? lm::BalanceForm::unbiased : lm::BalanceForm::chosen,
      /*balance_normalize=*/m.sigmoid, m.balanceBatch);
  return llvm::to_vector_of<Value>(op.getResults());
}

/// x + body(norm(x)), and what else the body returns.
SmallVector<Value> ModelBuilder::residual(Value x, Value norm, Sublayer body) {
  SmallVector<Value> results = body(rmsNorm(x, norm, config.epsilon));
  results[0] = arith::AddFOp::create(builder, here(), x, results[0]);
  return results;
}

/// The same inside hyper-connections: x [?,?,streams,hidden].
SmallVector<Value> ModelBuilder::hyper(Value x, Value norm, const Values &w,
                                       StringRef prefix, Sublayer body) {
  const HyperConfig &h = *config.hyper;
  Region region;
  Block &block = region.emplaceBlock();
  Value h0 = block.addArgument(rowsType(), named("h"));
  SmallVector<Type> types = {x.getType()};
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&block);
    SmallVector<Value> inner = body(rmsNorm(h0, norm, config.epsilon));
    for (Value extra : ArrayRef(inner).drop_front())
      types.push_back(extra.getType());
    lm::YieldOp::create(builder, here(), inner);
  }
  auto part = [&](StringRef name) { return w.lookup((prefix + name).str()); };
  auto op = lm::MhcOp::create(
      builder, here(), types[0], ArrayRef(types).drop_front(), x, part("fn"),
      part("base"), part("scale"),
      h.paper ? lm::MhcForm::paper : lm::MhcForm::v4, h.iterations,
      APFloat(h.epsilon), APFloat(config.epsilon));
  op.getBody().takeBody(region);
  return llvm::to_vector_of<Value>(op->getResults());
}

/// func @moe_layer(x, positions, weights...) -> (x, balance.., load, indices)
void ModelBuilder::addLayerFunction(bool moe) {
  SmallVector<Weight> list = weights.layer(moe);
  SmallVector<Type> inputs = {residualType(), positionsType()};
  for (const Weight &weight : list)
    inputs.push_back(weight.type);
  auto function = func::FuncOp::create(builder, here(), functionName(moe),
                                       builder.getFunctionType(inputs, {}));
  function.setVisibility(visibility);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  Value x = block->getArgument(0), positions = block->getArgument(1);
  x.setLoc(named("x"));
  positions.setLoc(named("positions"));
  Values values;
  for (auto [weight, value] :
       zip_equal(list, block->getArguments().drop_front(2))) {
    value.setLoc(named(weight.name));
    values[weight.name] = value;
  }
  x = sublayer(x, values, "input_layernorm.weight", "attn_hc.",
               [&](Value h) { return attention(h, positions, values); })[0];
  SmallVector<Value> results = sublayer(
      x, values, "post_attention_layernorm.weight", "ffn_hc.", [&](Value h) {
        return moe ? experts(h, positions, values) : feedForward(h, values);
      });
  func::ReturnOp::create(builder, here(), results);
  function.setType(
      builder.getFunctionType(inputs, ValueRange(results).getTypes()));
}

/// Calls every layer; appends the outputs of MoE layers to `results`, with
/// their attributes, balance loss first. Returns the last layer's x.
Value ModelBuilder::addLayers(Value x, Value positions,
                              SmallVectorImpl<Value> &results,
                              SmallVectorImpl<Attribute> &attributes) {
  auto describe = [&](const Twine &name, FlatSymbolRefAttr of = {}) {
    NamedAttrList list;
    list.append("lm.name", builder.getStringAttr(name));
    if (of)
      list.append("lm.of", of);
    attributes.push_back(list.getDictionary(builder.getContext()));
  };
  constexpr StringLiteral levels[] = {"balance_loss", "device_balance_loss",
                                      "communication_balance_loss"};
  size_t levelCount = config.moe.balanceLevels(), first = results.size();
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    bool moe = config.isMoe(layer);
    std::string prefix = ("model.layers." + Twine(layer) + ".").str();
    SmallVector<Value> operands = {x, positions};
    SmallVector<Type> types = {x.getType()};
    FlatSymbolRefAttr bias;
    for (const Weight &weight : weights.layer(moe)) {
      operands.push_back(load(weight, prefix));
      if (weight.role == lm::Role::state)
        bias =
            FlatSymbolRefAttr::get(builder.getContext(), prefix + weight.name);
    }
    if (moe)
      append_range(types, expertTypes());
    auto call = func::CallOp::create(builder, named("layer"), functionName(moe),
                                     types, operands);
    x = call.getResult(0);
    if (!moe)
      continue;
    bool isFirst = results.size() == first;
    for (size_t level = 0; level < levelCount; ++level) {
      Value balance = call.getResult(1 + level);
      if (isFirst) {
        results.push_back(balance);
        describe(levels[level]);
        continue;
      }
      Value &sum = results[first + level];
      sum = arith::AddFOp::create(builder, named("balance"), sum, balance);
    }
    append_range(results, call.getResults().take_back(2));
    describe("load." + Twine(layer), bias);
    describe("routes." + Twine(layer));
  }
  return x;
}

void ModelBuilder::addForward() {
  auto function = func::FuncOp::create(
      builder, here(), "forward",
      builder.getFunctionType({positionsType(), positionsType()}, {}));
  function->setAttr("lm.forward", builder.getUnitAttr());
  OpBuilder::InsertionGuard guard(builder);
  Block *block = function.addEntryBlock();
  builder.setInsertionPointToEnd(block);
  constexpr StringLiteral names[] = {"tokens", "positions"};
  for (auto [index, name] : enumerate(names)) {
    block->getArgument(index).setLoc(named(name));
    function.setArgAttr(index, "lm.name", builder.getStringAttr(name));
  }
  Value positions = block->getArgument(1);
  Value table = load(weights.head()[0], "");
  Value x = lm::EmbedOp::create(builder, named("x"), rowsType(),
                                block->getArgument(0), table);
  if (config.hyper)
    x = lm::MhcExpandOp::create(builder, named("x"), residualType(), x);
  SmallVector<Value> results = {Value()};
  SmallVector<Attribute> attributes = {builder.getDictionaryAttr(
      builder.getNamedAttr("lm.name", builder.getStringAttr("logits")))};
  x = addLayers(x, positions, results, attributes);

  Values tail;
  for (const Weight &weight : weights.tail())
    tail[weight.name] = load(weight, "");
  if (config.hyper)
    x = lm::HcHeadOp::create(
        builder, named("x"), rowsType(), x, tail["model.hc_head.hc_fn"],
        tail["model.hc_head.hc_base"], tail["model.hc_head.hc_scale"],
        builder.getF64FloatAttr(config.hyper->epsilon),
        builder.getF64FloatAttr(config.epsilon));
  x = rmsNorm(x, tail["model.norm.weight"], config.epsilon);
  results[0] = lm::LinearOp::create(
      builder, named("logits"),
      tensor({any, any, config.vocab}, builder.getF32Type()), x,
      config.tied ? table : tail["lm_head.weight"]);
  func::ReturnOp::create(builder, here(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(),
                                           ValueRange(results).getTypes()));
  function.setResAttrsAttr(builder.getArrayAttr(attributes));
}

} // namespace

OwningOpRef<ModuleOp> buildModel(MLIRContext *context,
                                 const ModelConfig &config,
                                 StringRef configText) {
  return ModelBuilder(context, config).build(configText);
}

} // namespace tresse
