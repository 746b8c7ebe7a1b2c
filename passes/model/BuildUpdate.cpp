// BuildUpdate.cpp - the update entry: clipping, AdamW, routing bias.
#include "passes/model/Entry.h"
#include "passes/model/Passes.h"

using namespace mlir;

namespace tresse {
#define GEN_PASS_DEF_BUILDUPDATEPASS
#include "passes/model/Passes.h.inc"

namespace {
/// Partial sums of the norm: a number that depends on nothing.
constexpr int64_t kNormChunks = 64;
/// Length of the hyper-parameter tensor (see lm.adamw).
constexpr int64_t kHyperParameters = 16;

struct BuildUpdatePass : impl::BuildUpdatePassBase<BuildUpdatePass> {
  using BuildUpdatePassBase::BuildUpdatePassBase;

  void runOnOperation() override {
    if (!findEntry(getOperation(), "gradients"))
      return;
    collect();
    if (parameters.empty())
      return;
    Type wide = parameters.front().gradient.getTensorType().getElementType();
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto hyperType = RankedTensorType::get({kHyperParameters}, wide);
    auto entry =
        func::FuncOp::create(builder, getOperation().getLoc(), "update",
                             builder.getFunctionType(Type(hyperType), {}));
    entry->setAttr(kEntryAttr, builder.getStringAttr("update"));
    entry.addEntryBlock();
    entry.setArgAttr(0, kNameAttr, builder.getStringAttr("hyper"));
    builder.setInsertionPointToEnd(&entry.getBody().front());

    Value norm = buildNorm(builder, wide);
    for (Parameter &parameter : parameters)
      buildStep(builder, parameter, norm, entry.getArgument(0));
    for (Parameter &bias : biases)
      buildBias(builder, bias, entry.getArgument(0));
    setResults(entry, {{"grad_norm", norm}});
  }

private:
  /// What a gradient global belongs to, and the weight's storage copy if any.
  struct Parameter {
    lm::GlobalOp gradient, weight, copy;
    Value loaded;
  };

  void collect() {
    SymbolTable symbols(getOperation());
    llvm::DenseMap<StringAttr, lm::GlobalOp> copies;
    parameters.clear();
    biases.clear();
    for (auto global : getOperation().getOps<lm::GlobalOp>())
      if (global.getRole() == lm::Role::derived && global.getOf())
        copies[global.getOfAttr().getAttr()] = global;
    for (auto global : getOperation().getOps<lm::GlobalOp>()) {
      if (global.getRole() != lm::Role::gradient)
        continue;
      auto weight = symbols.lookup<lm::GlobalOp>(*global.getOf());
      bool isWeight = weight.getRole() == lm::Role::weight;
      (isWeight ? parameters : biases)
          .push_back({global, weight, copies.lookup(weight.getSymNameAttr()),
                      Value()});
    }
  }

  Value load(OpBuilder &builder, lm::GlobalOp global) {
    return lm::LoadOp::create(builder, global.getLoc(), global.getType(),
                              global.getSymName());
  }

  /// sqrt of the sum of all squares, partial sums chained in program order
  Value buildNorm(OpBuilder &builder, Type wide) {
    Location loc = builder.getUnknownLoc();
    Value partial = lm::FillOp::create(
        builder, loc, RankedTensorType::get({kNormChunks}, wide),
        builder.getF64FloatAttr(0.0));
    for (Parameter &parameter : parameters) {
      parameter.loaded = load(builder, parameter.gradient);
      partial = lm::SquareSumOp::create(builder, loc, partial.getType(),
                                        parameter.loaded, partial);
    }
    return lm::GlobalNormOp::create(builder, loc,
                                    RankedTensorType::get({1}, wide), partial);
  }

  lm::GlobalOp moment(lm::GlobalOp weight, StringRef suffix) {
    OpBuilder builder(weight->getContext());
    builder.setInsertionPointAfter(weight);
    return lm::GlobalOp::create(
        builder, weight.getLoc(), (weight.getSymName() + suffix).str(),
        StringAttr(), weight.getType(), lm::Role::moment, lm::InitializerAttr(),
        ArrayAttr(), FlatSymbolRefAttr::get(weight.getSymNameAttr()));
  }

  void clear(OpBuilder &builder, Value value, lm::GlobalOp global) {
    Value zero =
        lm::ClearOp::create(builder, global.getLoc(), value.getType(), value);
    lm::StoreOp::create(builder, global.getLoc(), zero, global.getSymName());
  }

  void buildStep(OpBuilder &builder, Parameter &parameter, Value norm,
                 Value hyper) {
    Location loc = parameter.weight.getLoc();
    lm::GlobalOp first = moment(parameter.weight, ".exp_avg");
    lm::GlobalOp second = moment(parameter.weight, ".exp_avg_sq");
    Value weight = load(builder, parameter.weight);
    Value m = load(builder, first);
    Value v = load(builder, second);
    auto step = lm::AdamwOp::create(builder, loc, weight.getType(), m.getType(),
                                    v.getType(), weight, parameter.loaded, m, v,
                                    norm, hyper);
    lm::StoreOp::create(builder, loc, step.getNewParameter(),
                        parameter.weight.getSymName());
    lm::StoreOp::create(builder, loc, step.getNewM(), first.getSymName());
    lm::StoreOp::create(builder, loc, step.getNewV(), second.getSymName());
    clear(builder, parameter.loaded, parameter.gradient);
    if (!parameter.copy)
      return;
    Value narrow = arith::TruncFOp::create(
        builder, loc, parameter.copy.getType(), step.getNewParameter());
    lm::StoreOp::create(builder, loc, narrow, parameter.copy.getSymName());
  }

  void buildBias(OpBuilder &builder, Parameter &bias, Value hyper) {
    Location loc = bias.weight.getLoc();
    Value old = load(builder, bias.weight);
    Value counts = load(builder, bias.gradient);
    Value moved = lm::UpdateRouteBiasOp::create(builder, loc, old.getType(),
                                                old, counts, hyper);
    lm::StoreOp::create(builder, loc, moved, bias.weight.getSymName());
    clear(builder, counts, bias.gradient);
  }

  SmallVector<Parameter> parameters, biases;
};
} // namespace
} // namespace tresse
