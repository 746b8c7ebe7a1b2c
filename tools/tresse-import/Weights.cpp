// Weights.cpp - which tensors a model has, and where a checkpoint keeps them.
//
// Two matrices that read the same input are one weight: gate over up. The
// experts of a layer are one stack, whatever number of files they lie in.
#include "tools/tresse-import/Weights.h"

#include "mlir/IR/Builders.h"

using namespace llvm;
using mlir::RankedTensorType;

namespace tresse {

WeightList::WeightList(mlir::MLIRContext *context, const ModelConfig &config)
    : context(context), config(config) {
  mlir::Builder builder(context);
  storage = builder.getBF16Type();
  wideType = builder.getF32Type();
  normal = fill(lm::InitializerKind::normal, 0, config.initializerRange);
  ones = fill(lm::InitializerKind::ones);
  zeros = fill(lm::InitializerKind::zeros);
}

lm::InitializerAttr WeightList::fill(lm::InitializerKind kind, double first,
                                     double second) const {
  mlir::Builder builder(context);
  return lm::InitializerAttr::get(context, kind, builder.getF64FloatAttr(first),
                                  builder.getF64FloatAttr(second));
}

/// The one piece of a weight that a checkpoint holds as it is.
static WeightPiece whole(StringRef name, ArrayRef<int64_t> shape) {
  return {name.str(), 0, SmallVector<int64_t>(shape),
          SmallVector<int64_t>(shape.size(), 0)};
}

Weight WeightList::wide(StringRef name, ArrayRef<int64_t> shape,
                        lm::InitializerAttr initializer) const {
  return {name.str(),
          RankedTensorType::get(shape, wideType),
          lm::Role::weight,
          initializer,
          {whole(name, shape)}};
}

Weight WeightList::matrix(StringRef name, int64_t out, int64_t in) const {
  return {name.str(),
          RankedTensorType::get({out, in}, storage),
          lm::Role::weight,
          normal,
          {whole(name, {out, in})}};
}

Weight WeightList::norm(StringRef name, int64_t size) const {
  return wide(name, {size}, ones);
}

void WeightList::attention(Sink &sink) const {
  const AttentionConfig &a = config.attention;
  sink.push_back(norm("input_layernorm.weight", config.hidden));
  if (a.queryRank) {
    sink.push_back(
        matrix("self_attn.q_a_proj.weight", a.queryRank, config.hidden));
    sink.push_back(norm("self_attn.q_a_layernorm.weight", a.queryRank));
    sink.push_back(
        matrix("self_attn.q_b_proj.weight", a.queryWidth(), a.queryRank));
  } else {
    sink.push_back(
        matrix("self_attn.q_proj.weight", a.queryWidth(), config.hidden));
  }
  sink.push_back(matrix("self_attn.kv_a_proj_with_mqa.weight",
                        a.latentRank + a.rope, config.hidden));
  sink.push_back(norm("self_attn.kv_a_layernorm.weight", a.latentRank));
  sink.push_back(
      matrix("self_attn.kv_b_proj.weight", a.expandedWidth(), a.latentRank));
  sink.push_back(
      matrix("self_attn.o_proj.weight", config.hidden, a.heads * a.value));
}

void WeightList::feedForward(Sink &sink, StringRef prefix,
                             int64_t width) const {
  std::string p = prefix.str();
  Weight gateUp = matrix(p + "gate_up_proj.weight", 2 * width, config.hidden);
  gateUp.pieces = {
      {p + "gate_proj.weight", 0, {width, config.hidden}, {0, 0}},
      {p + "up_proj.weight", 0, {width, config.hidden}, {width, 0}}};
  sink.push_back(std::move(gateUp));
  sink.push_back(matrix(p + "down_proj.weight", config.hidden, width));
}

void WeightList::experts(Sink &sink) const {
  const MoeConfig &moe = config.moe;
  int64_t e = moe.experts, i = moe.width, d = config.hidden;
  sink.push_back(wide("mlp.gate.weight", {e, d}, normal));
  if (moe.sigmoid) {
    Weight bias = wide("mlp.gate.e_score_correction_bias", {e}, zeros);
    bias.role = lm::Role::state;
    sink.push_back(std::move(bias));
  }
  sink.push_back({"mlp.experts.gate_up_proj",
                  RankedTensorType::get({e, 2 * i, d}, storage),
                  lm::Role::weight,
                  normal,
                  {{"mlp.experts.{e}.gate_proj.weight", e, {i, d}, {0, 0, 0}},
                   {"mlp.experts.{e}.up_proj.weight", e, {i, d}, {0, i, 0}}}});
  sink.push_back(
      {"mlp.experts.down_proj",
       RankedTensorType::get({e, d, i}, storage),
       lm::Role::weight,
       normal,
       {{"mlp.experts.{e}.down_proj.weight", e, {d, i}, {0, 0, 0}}}});
  if (moe.shared)
    feedForward(sink, "mlp.shared_experts.", moe.sharedWidth());
}

// A fresh model starts near a plain residual network: with fn small and base
// zero every stream is read with the same weight, written with weight 1, and
// kept on average. scale is 1 as in V4's random models, or the paper's gating
// factor 0.01 (arXiv 2512.24880, appendix).
void WeightList::hyper(Sink &sink, StringRef prefix, int64_t rows,
                       int64_t scales) const {
  const HyperConfig &hyper = *config.hyper;
  lm::InitializerAttr gain =
      hyper.paper ? fill(lm::InitializerKind::constant, 0.01) : ones;
  std::string p = prefix.str();
  sink.push_back(wide(p + "fn", {rows, hyper.streams * config.hidden}, normal));
  sink.push_back(wide(p + "base", {rows}, zeros));
  sink.push_back(wide(p + "scale", {scales}, gain));
}

SmallVector<Weight> WeightList::layer(bool moe) const {
  Sink sink;
  if (config.hyper)
    hyper(sink, "attn_hc.", config.hyper->rows(), 3);
  attention(sink);
  if (config.hyper)
    hyper(sink, "ffn_hc.", config.hyper->rows(), 3);
  sink.push_back(norm("post_attention_layernorm.weight", config.hidden));
  if (moe)
    experts(sink);
  else
    feedForward(sink, "mlp.", config.denseWidth);
  return sink;
}

SmallVector<Weight> WeightList::head() const {
  return {matrix("model.embed_tokens.weight", config.vocab, config.hidden)};
}

SmallVector<Weight> WeightList::tail() const {
  Sink sink;
  if (config.hyper)
    hyper(sink, "model.hc_head.hc_", config.hyper->streams, 1);
  sink.push_back(norm("model.norm.weight", config.hidden));
  if (!config.tied)
    sink.push_back(matrix("lm_head.weight", config.vocab, config.hidden));
  return sink;
}

} // namespace tresse
