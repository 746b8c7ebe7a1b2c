// Config.cpp - config.json of the deepseek_v2 and deepseek_v3 families.
#include "tools/tresse-import/Config.h"

#include "tools/tresse-import/Fields.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

using namespace llvm;

namespace tresse {
namespace {

// Ranges: far above any real model, far below any overflow.
constexpr int64_t maxWidth = int64_t(1) << 20;
constexpr int64_t maxVocab = int64_t(1) << 24;
constexpr int64_t maxLayers = 1024;
constexpr int64_t maxExperts = 65536;
constexpr int64_t maxPositions = int64_t(1) << 30;
constexpr int64_t maxTensor = int64_t(1) << 40;
constexpr int64_t maxTotal = int64_t(1) << 46;

/// Defaults of the families' configuration classes.
struct Defaults {
  int64_t vocab, hidden, denseWidth, expertWidth, layers, heads, shared,
      experts, topK, groups, topGroups, firstMoe, positions;
  double weightScale;
  bool normalize;
};
constexpr Defaults v2Defaults = {32000, 4096, 11008, 1407, 32,   32,  2,    64,
                                 0,     1,    1,     0,    2048, 1.0, false};
constexpr Defaults v3Defaults = {129280, 7168, 18432, 2048, 61,   128, 1,   256,
                                 8,      8,    4,     3,    4096, 2.5, true};

/// YaRN's g(m): 0.1 m ln(factor) + 1, or 1 where nothing is stretched.
double stretch(double factor, double mscale) {
  return factor > 1 ? 0.1 * mscale * std::log(factor) + 1 : 1;
}

void readYarn(const Fields &block, const ModelConfig &config,
              RotaryConfig &rotary) {
  rotary.originalPositions =
      block.integerOr("original_max_position_embeddings", config.maxPositions,
                      config.maxPositions, 1, maxPositions);
  double implied =
      double(config.maxPositions) / double(rotary.originalPositions);
  rotary.factor = block.has("factor") ? block.number("factor", 1, 1, 1e6)
                                      : std::max(implied, 1.0);
  rotary.betaFast = block.positive("beta_fast", 32, 1e6);
  rotary.betaSlow = block.positive("beta_slow", 1, 1e6);
  if (rotary.betaFast < rotary.betaSlow)
    block.complain("beta_fast", "at least beta_slow", block.shown("beta_fast"));
  double mscale = block.has("mscale") ? block.number("mscale", 1, 0, 100) : 1;
  double allDim = block.has("mscale_all_dim")
                      ? block.number("mscale_all_dim", 0, 0, 100)
                      : 0;
  double all = stretch(rotary.factor, allDim);
  rotary.amplitude = block.has("attention_factor")
                         ? block.positive("attention_factor", 1, 1e3)
                         : stretch(rotary.factor, mscale) / all;
  rotary.scaleFactor = all * all;
  if (!block.flag("truncate", true))
    block.complain("truncate", "true (no other is supported)", "false");
}

/// Reads `rope_scaling`, or `rope_parameters` where the former is missing.
void readRotary(const Fields &root, Complaint &complaint, ModelConfig &config) {
  RotaryConfig &rotary = config.attention.rotary;
  StringRef name =
      root.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
  const double maxTheta = 1e12;
  rotary.interleaved = root.flag("rope_interleave", true);
  rotary.theta = root.has("rope_theta")
                     ? root.number("rope_theta", 1e4, 1, maxTheta)
                     : 1e4;
  rotary.originalPositions = config.maxPositions;
  if (const json::Object *object = root.child(name)) {
    Fields block(*object, (name + ".").str(), complaint);
    if (block.has("rope_theta"))
      rotary.theta = block.number("rope_theta", 1e4, 1, maxTheta);
    if (block.has("partial_rotary_factor") &&
        block.number("partial_rotary_factor", 1, 0, 1) != 1)
      block.complain("partial_rotary_factor", "1 (no other is supported)",
                     block.shown("partial_rotary_factor"));
    StringRef key = block.has("rope_type") ? "rope_type" : "type";
    if (block.choice(key, "default", {"default", "yarn"}) == "yarn")
      readYarn(block, config, rotary);
  }
  if (rotary.theta <= 1)
    root.complain("rope_theta", "a number above 1", "1");
}

void readAttention(const Fields &root, const Defaults &defaults,
                   AttentionConfig &attention) {
  attention.heads =
      root.integer("num_attention_heads", defaults.heads, 1, maxWidth);
  attention.queryRank = root.integerOr("q_lora_rank", 1536, 0, 0, maxWidth);
  attention.latentRank = root.integer("kv_lora_rank", 512, 1, maxWidth);
  attention.nope = root.integer("qk_nope_head_dim", 128, 1, maxWidth);
  attention.rope = root.integer("qk_rope_head_dim", 64, 2, maxWidth);
  attention.value = root.integer("v_head_dim", 128, 1, maxWidth);
  if (attention.rope % 2)
    root.complain("qk_rope_head_dim", "an even number",
                  root.shown("qk_rope_head_dim"));
  root.integerOr("num_key_value_heads", 1, 1, 1, maxWidth);
}

/// Options of the classes that no op of ours has.
void refuseUnsupported(const Fields &root) {
  root.choice("hidden_act", "silu", {"silu"});
  for (StringRef name : {"attention_bias", "mlp_bias"})
    if (root.has(name) && root.flag(name, false))
      root.complain(name, "false (no other is supported)", "true");
  if (root.has("attention_dropout") &&
      root.number("attention_dropout", 0, 0, 1) != 0)
    root.complain("attention_dropout", "0 (no other is supported)",
                  root.shown("attention_dropout"));
  root.text("torch_dtype", "");
  root.text("dtype", "");
}

/// Weights may be stored as fp8 with 128x128 scales, and in no other packing.
void readQuantization(const Fields &root, Complaint &complaint) {
  const json::Object *object = root.child("quantization_config");
  if (!object)
    return;
  Fields block(*object, "quantization_config.", complaint);
  block.choice("quant_method", "", {"fp8"});
  block.choice("fmt", "e4m3", {"e4m3"});
  if (!block.has("weight_block_size"))
    return;
  const json::Array *sizes = object->getArray("weight_block_size");
  if (!sizes || *sizes != json::Array{128, 128})
    block.complain("weight_block_size", "[128,128]",
                   block.shown("weight_block_size"));
}

/// What the choice of experts needs: groups divide the experts, and the kept
/// groups hold enough of them.
void checkGroups(const Fields &root, const MoeConfig &moe) {
  if (moe.experts % moe.groups)
    return root.complain(
        "n_group", formatv("a divisor of n_routed_experts = {0}", moe.experts),
        formatv("{0}", moe.groups));
  int64_t perGroup = moe.experts / moe.groups;
  if (moe.sigmoid && moe.groups > 1 && perGroup < 2)
    return root.complain("n_group", "at least two experts in each group",
                         formatv("{0} groups of {1}", moe.groups, perGroup));
  if (moe.topGroups > moe.groups)
    return root.complain("topk_group",
                         formatv("at most n_group = {0}", moe.groups),
                         formatv("{0}", moe.topGroups));
  if (moe.topK > moe.topGroups * perGroup)
    root.complain("num_experts_per_tok",
                  formatv("at most the {0} experts of the kept groups",
                          moe.topGroups * perGroup),
                  formatv("{0}", moe.topK));
}

void readMoe(const Fields &root, const Defaults &defaults, bool v3,
             MoeConfig &moe) {
  moe.experts =
      root.integerOr("n_routed_experts", defaults.experts, 0, 0, maxExperts);
  moe.sigmoid = v3;
  StringRef scoring = v3 ? "sigmoid" : "softmax";
  root.choice("scoring_func", scoring, {scoring});
  StringRef method = v3 ? root.choice("topk_method", "noaux_tc", {"noaux_tc"})
                        : root.choice("topk_method", "greedy",
                                      {"greedy", "group_limited_greedy"});
  moe.width = root.integerOr("moe_intermediate_size", defaults.expertWidth, 0,
                             1, maxWidth);
  moe.shared = root.integerOr("n_shared_experts", defaults.shared, 0, 0, 1024);
  moe.topK =
      root.integerOr("num_experts_per_tok", defaults.topK, 0, 1, maxExperts);
  int64_t groups = root.integerOr("n_group", defaults.groups, 1, 1, maxExperts);
  int64_t topGroups =
      root.integerOr("topk_group", defaults.topGroups, 1, 1, maxExperts);
  if (method != "greedy") {
    moe.groups = groups;
    moe.topGroups = topGroups;
  }
  moe.normalize = root.isNull("norm_topk_prob")
                      ? false
                      : root.flag("norm_topk_prob", defaults.normalize);
  moe.balanceBatch = !root.flag("seq_aux", true);
  moe.weightScale =
      root.positive("routed_scaling_factor", defaults.weightScale, 1e6);
  if (!moe.experts)
    return;
  if (!moe.width)
    root.complain("moe_intermediate_size", "an integer", "null");
  if (!moe.topK)
    root.complain("num_experts_per_tok", "an integer beside n_routed_experts",
                  root.shown("num_experts_per_tok"));
  checkGroups(root, moe);
}

void readHyper(const Fields &root, const HyperOptions &options,
               ModelConfig &config) {
  int64_t streams = root.integerOr("hc_mult", 0, 0, 0, 64);
  HyperConfig hyper;
  hyper.iterations = root.integer("hc_sinkhorn_iters", 20, 1, 1000);
  hyper.epsilon = root.positive("hc_eps", 1e-6, 1);
  hyper.paper = root.choice("hc_form", "v4", {"v4", "paper"}) == "paper";
  if (streams && options.streams && *options.streams != streams)
    root.complain("hc_mult",
                  formatv("{0} (--hyper-connections)", *options.streams),
                  formatv("{0}", streams));
  hyper.streams = options.streams.value_or(streams);
  if (options.paper)
    hyper.paper = *options.paper;
  if (hyper.streams)
    config.hyper = hyper;
}

/// Multiplies sizes into `total`; complains where a tensor or the sum grows
/// past what the promise of ModelConfig allows.
class SizeCheck {
public:
  explicit SizeCheck(const Fields &root) : root(root) {}

  /// Counts `copies` tensors of rows x columns, blamed on the member `name`.
  void add(StringRef name, int64_t rows, int64_t columns, int64_t copies = 1) {
    int64_t size, all;
    bool over = __builtin_mul_overflow(rows, columns, &size) ||
                size >= maxTensor ||
                __builtin_mul_overflow(size, copies, &all) ||
                __builtin_add_overflow(total, all, &total) || total >= maxTotal;
    if (!over)
      return;
    total = 0;
    root.complain(name, "tensors below 2^40 and a model below 2^46 elements",
                  formatv("{0} of {1} x {2}", copies, rows, columns));
  }

private:
  const Fields &root;
  int64_t total = 0;
};

void checkSizes(const Fields &root, const ModelConfig &c) {
  SizeCheck sizes(root);
  const AttentionConfig &a = c.attention;
  sizes.add("vocab_size", c.vocab, c.hidden, 2);
  int64_t queryIn = a.queryRank ? a.queryRank : c.hidden;
  sizes.add("num_attention_heads", a.queryWidth(), queryIn, c.layers);
  sizes.add("q_lora_rank", a.queryRank, c.hidden, c.layers);
  sizes.add("kv_lora_rank", a.latentRank + a.rope, c.hidden, c.layers);
  sizes.add("num_attention_heads", a.expandedWidth(), a.latentRank, c.layers);
  sizes.add("v_head_dim", a.heads * a.value, c.hidden, c.layers);
  sizes.add("intermediate_size", 3 * c.denseWidth, c.hidden, c.layers);
  // A stack of experts is one tensor.
  sizes.add("n_routed_experts", c.moe.experts * 2 * c.moe.width, c.hidden,
            2 * c.layers);
  sizes.add("n_shared_experts", 3 * c.moe.sharedWidth(), c.hidden, c.layers);
  if (c.hyper)
    sizes.add("hc_mult", c.hyper->rows(), c.hyper->streams * c.hidden,
              2 * c.layers);
}

ModelConfig readConfig(const Fields &root, Complaint &complaint,
                       const HyperOptions &options) {
  ModelConfig config;
  config.modelType =
      root.choice("model_type", "", {"deepseek_v2", "deepseek_v3"});
  bool v3 = config.modelType == "deepseek_v3";
  const Defaults &defaults = v3 ? v3Defaults : v2Defaults;
  config.vocab = root.integer("vocab_size", defaults.vocab, 1, maxVocab);
  config.hidden = root.integer("hidden_size", defaults.hidden, 1, maxWidth);
  config.denseWidth =
      root.integer("intermediate_size", defaults.denseWidth, 1, maxWidth);
  config.layers =
      root.integer("num_hidden_layers", defaults.layers, 1, maxLayers);
  config.firstMoe = root.integerOr("first_k_dense_replace", defaults.firstMoe,
                                   0, 0, maxLayers);
  config.moeFrequency = root.integer("moe_layer_freq", 1, 1, maxLayers);
  config.maxPositions = root.integer("max_position_embeddings",
                                     defaults.positions, 1, maxPositions);
  config.epsilon = root.positive("rms_norm_eps", 1e-6, 1);
  config.initializerRange = root.number("initializer_range", 0.02, 0, 100);
  config.tied = root.flag("tie_word_embeddings", false);
  readAttention(root, defaults, config.attention);
  readRotary(root, complaint, config);
  readMoe(root, defaults, v3, config.moe);
  readHyper(root, options, config);
  refuseUnsupported(root);
  readQuantization(root, complaint);
  checkSizes(root, config);
  return config;
}

} // namespace

double AttentionConfig::scale() const {
  return rotary.scaleFactor / std::sqrt(double(nope + rope));
}

bool ModelConfig::isMoe(int64_t layer) const {
  return moe.experts > 0 && layer >= firstMoe && layer % moeFrequency == 0;
}

Expected<ModelConfig> parseConfig(StringRef text, StringRef name,
                                  const HyperOptions &options) {
  Expected<JsonDocument> document = parseJson(text, name);
  if (!document)
    return document.takeError();
  Complaint complaint(name, document->lines);
  Fields root(document->root, "", complaint);
  ModelConfig config = readConfig(root, complaint, options);
  if (options.paper && !config.hyper)
    root.complain("hc_mult",
                  "a number of streams beside --hyper-connections-form",
                  root.shown("hc_mult"));
  if (Error error = complaint.take())
    return std::move(error);
  return config;
}

std::string withHyperConnections(StringRef text, const ModelConfig &config) {
  Expected<json::Value> value = json::parse(text);
  if (!value || !value->getAsObject() || !config.hyper) {
    consumeError(value.takeError());
    return text.str();
  }
  json::Object &root = *value->getAsObject();
  root["hc_mult"] = config.hyper->streams;
  root["hc_sinkhorn_iters"] = config.hyper->iterations;
  root["hc_eps"] = config.hyper->epsilon;
  root["hc_form"] = config.hyper->paper ? "paper" : "v4";
  return formatv("{0:2}\n", *value);
}

} // namespace tresse
