// ConfigTest.cpp - what parseConfig reads, and how it refuses what it cannot.
#include "tools/tresse-import/Config.h"

#include "llvm/Support/JSON.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace llvm;
using namespace tresse;

namespace {

/// A small V3 model; every member on a line of its own.
constexpr const char *base = R"({
  "model_type": "deepseek_v3",
  "vocab_size": 64,
  "hidden_size": 32,
  "intermediate_size": 48,
  "moe_intermediate_size": 16,
  "num_hidden_layers": 3,
  "num_attention_heads": 4,
  "n_routed_experts": 8,
  "kv_lora_rank": 16,
  "q_lora_rank": 24,
  "qk_nope_head_dim": 8,
  "qk_rope_head_dim": 8,
  "v_head_dim": 12,
  "first_k_dense_replace": 1,
  "n_group": 4,
  "topk_group": 2,
  "num_experts_per_tok": 3,
  "n_shared_experts": 1,
  "routed_scaling_factor": 2.5,
  "rms_norm_eps": 1e-06,
  "max_position_embeddings": 64,
  "rope_scaling": {"type": "yarn", "factor": 4, "mscale": 1.0,
                   "mscale_all_dim": 1.0,
                   "original_max_position_embeddings": 16}
}
)";

/// The base with its members replaced by, or extended with, those of `edit`.
std::string edited(StringRef edit) {
  json::Value value = cantFail(json::parse(base));
  json::Value changes = cantFail(json::parse(edit));
  for (auto &[key, change] : *changes.getAsObject())
    (*value.getAsObject())[key] = change;
  std::string text;
  raw_string_ostream(text) << value;
  return text;
}

ModelConfig accepted(StringRef text, const HyperOptions &options = {}) {
  Expected<ModelConfig> config = parseConfig(text, "config.json", options);
  if (config)
    return *config;
  ADD_FAILURE() << toString(config.takeError());
  return {};
}

std::string refused(StringRef text, const HyperOptions &options = {}) {
  Expected<ModelConfig> config = parseConfig(text, "c", options);
  return config ? "accepted" : toString(config.takeError());
}

/// A malformed file: a name, its text or its edit of the base, the message.
struct Case {
  const char *name;
  std::string text;
  std::string message;
};

void PrintTo(const Case &c, std::ostream *os) { *os << c.name; }

class Malformed : public testing::TestWithParam<Case> {};

TEST_P(Malformed, IsRefused) {
  EXPECT_EQ(refused(GetParam().text), GetParam().message);
}

std::string nested(int depth, const char *open, const char *close) {
  std::string text = "{\"a\":";
  for (int i = 0; i < depth; ++i)
    text += open;
  for (int i = 0; i < depth; ++i)
    text += close;
  return text + "}";
}

const Case syntaxCases[] = {
    {"empty", "", "c:1: expected JSON, but got: unexpected eof"},
    {"spaces", "  \n ", "c:2: expected JSON, but got: unexpected eof"},
    {"array", "[]", "c: expected a JSON object, but got another value"},
    {"number", "12", "c: expected a JSON object, but got another value"},
    {"cut_object", "{\"model_type\": \"deepseek_v3\"",
     "c:1: expected JSON, but got: expected , or } after object "
     "property"},
    {"cut_string", "{\"model_ty",
     "c:1: expected the end of a string, but got the end of the file"},
    {"line_in_string", "{\"model\n_type\": 1}",
     "c:1: expected the end of a string, but got the end of the line"},
    {"cut_escape", "{\"a\\",
     "c:1: expected the end of a string, but got the end of the file"},
    {"bad_escape_in_key", "{\"\\q\": 1}",
     "c:1: expected a key, but got a malformed string"},
    {"two_documents", "{}{}",
     "c:1: expected JSON, but got: text after end of document"},
    {"nan", "{\"rms_norm_eps\": NaN}",
     "c:1: expected JSON, but got: invalid json value"},
    {"single_quotes", "{'model_type': 1}",
     "c:1: expected JSON, but got: expected object key"},
    {"trailing_comma", "{\"a\": 1,}",
     "c:1: expected JSON, but got: expected object key"},
    {"comment", "{} // none",
     "c:1: expected JSON, but got: text after end of document"},
    {"invalid_utf8", "{\"a\": \"\xff\xfe\"}",
     "c:1: expected JSON, but got: invalid utf-8 sequence"},
    {"duplicate_key", "{\"hidden_size\": 32,\n\"hidden_size\": 64}",
     "c:2: expected each key once, but got \"hidden_size\" twice"},
    {"duplicate_key_by_escape", "{\"a\": 1, \"\\u0061\": 2}",
     "c:1: expected each key once, but got \"\\u0061\" twice"},
    {"duplicate_key_inside",
     "{\"rope_scaling\":\n {\"factor\": 1,\n  \"factor\": 2}}",
     "c:3: expected each key once, but got \"factor\" twice"},
    {"deep_arrays", nested(8, "[", "]"),
     "c:1: expected nesting of at most 8 levels, but got more"},
    {"deep_objects", nested(8, "{\"a\":", "}"),
     "c:1: expected nesting of at most 8 levels, but got more"},
    {"very_deep", nested(100000, "[", "]"),
     "c:1: expected nesting of at most 8 levels, but got more"},
    {"too_long", "{}" + std::string(1 << 20, ' '),
     "c: expected at most 1048576 bytes, but got 1048578"},
    {"binary", std::string("\0\1\2", 3),
     "c:1: expected JSON, but got: invalid json value"},
};

Case edit(const char *name, const char *change, const char *message) {
  return {name, edited(change), std::string("c:1: ") + message};
}

std::vector<Case> fieldCases() {
  return {
      edit("unknown_family", R"({"model_type": "llama"})",
           "model_type: expected deepseek_v2 or deepseek_v3, but got "
           "\"llama\""),
      edit("family_number", R"({"model_type": 3})",
           "model_type: expected a string, but got 3"),
      {"no_family", "{}",
       "c: model_type: expected deepseek_v2 or deepseek_v3, but got nothing"},
      {"null_family", "{\n\n\"model_type\": null}",
       "c:3: model_type: expected deepseek_v2 or deepseek_v3, but got null"},
      edit("vocab_text", R"({"vocab_size": "64"})",
           "vocab_size: expected an integer from 1 to 16777216, but got "
           "\"64\""),
      edit("vocab_zero", R"({"vocab_size": 0})",
           "vocab_size: expected an integer from 1 to 16777216, but got 0"),
      edit("vocab_negative", R"({"vocab_size": -1})",
           "vocab_size: expected an integer from 1 to 16777216, but got -1"),
      edit("vocab_null", R"({"vocab_size": null})",
           "vocab_size: expected an integer from 1 to 16777216, but got null"),
      edit("vocab_past_u64", R"({"vocab_size": 18446744073709551680})",
           "vocab_size: expected an integer from 1 to 16777216, but got "
           "1.8446744073709552e+19"),
      edit("vocab_wraps_to_64", R"({"vocab_size": 4294967360})",
           "vocab_size: expected an integer from 1 to 16777216, but got "
           "4294967360"),
      edit("hidden_fraction", R"({"hidden_size": 32.5})",
           "hidden_size: expected an integer from 1 to 1048576, but got 32.5"),
      edit("hidden_list", R"({"hidden_size": [32]})",
           "hidden_size: expected an integer from 1 to 1048576, but got [32]"),
      edit("hidden_true", R"({"hidden_size": true})",
           "hidden_size: expected an integer from 1 to 1048576, but got true"),
      edit("hidden_huge", R"({"hidden_size": 9223372036854775807})",
           "hidden_size: expected an integer from 1 to 1048576, but got "
           "9223372036854775807"),
      edit("dense_width_zero", R"({"intermediate_size": 0})",
           "intermediate_size: expected an integer from 1 to 1048576, but "
           "got 0"),
      edit("layers_zero", R"({"num_hidden_layers": 0})",
           "num_hidden_layers: expected an integer from 1 to 1024, but got 0"),
      edit("layers_many", R"({"num_hidden_layers": 1000000})",
           "num_hidden_layers: expected an integer from 1 to 1024, but got "
           "1000000"),
      edit("first_dense_negative", R"({"first_k_dense_replace": -1})",
           "first_k_dense_replace: expected an integer from 0 to 1024, but "
           "got -1"),
      edit("frequency_zero", R"({"moe_layer_freq": 0})",
           "moe_layer_freq: expected an integer from 1 to 1024, but got 0"),
      edit("heads_zero", R"({"num_attention_heads": 0})",
           "num_attention_heads: expected an integer from 1 to 1048576, but "
           "got 0"),
      edit("key_value_heads_text", R"({"num_key_value_heads": "x"})",
           "num_key_value_heads: expected an integer from 1 to 1048576, but "
           "got \"x\""),
      edit("query_rank_negative", R"({"q_lora_rank": -24})",
           "q_lora_rank: expected an integer from 0 to 1048576, but got -24"),
      edit("latent_rank_null", R"({"kv_lora_rank": null})",
           "kv_lora_rank: expected an integer from 1 to 1048576, but got "
           "null"),
      edit("nope_zero", R"({"qk_nope_head_dim": 0})",
           "qk_nope_head_dim: expected an integer from 1 to 1048576, but "
           "got 0"),
      edit("rope_odd", R"({"qk_rope_head_dim": 7})",
           "qk_rope_head_dim: expected an even number, but got 7"),
      edit("rope_one", R"({"qk_rope_head_dim": 1})",
           "qk_rope_head_dim: expected an integer from 2 to 1048576, but "
           "got 1"),
      edit("value_text", R"({"v_head_dim": "12"})",
           "v_head_dim: expected an integer from 1 to 1048576, but got "
           "\"12\""),
      edit("epsilon_zero", R"({"rms_norm_eps": 0})",
           "rms_norm_eps: expected a number above 0, at most 1, but got 0"),
      {"epsilon_infinite",
       "{\"model_type\": \"deepseek_v3\",\n\"rms_norm_eps\": 1e999}",
       "c:2: rms_norm_eps: expected a number above 0, at most 1, but got inf"},
      edit("range_negative", R"({"initializer_range": -0.02})",
           "initializer_range: expected a number from 0 to 100, but got "
           "-0.02"),
      edit("positions_zero", R"({"max_position_embeddings": 0})",
           "max_position_embeddings: expected an integer from 1 to "
           "1073741824, but got 0"),
      edit("tied_number", R"({"tie_word_embeddings": 1})",
           "tie_word_embeddings: expected true or false, but got 1"),
      edit("activation", R"({"hidden_act": "gelu"})",
           "hidden_act: expected silu, but got \"gelu\""),
      edit("attention_bias", R"({"attention_bias": true})",
           "attention_bias: expected false (no other is supported), but got "
           "true"),
      edit("mlp_bias", R"({"mlp_bias": true})",
           "mlp_bias: expected false (no other is supported), but got true"),
      edit("dropout", R"({"attention_dropout": 0.1})",
           "attention_dropout: expected 0 (no other is supported), but got "
           "0.1"),
      edit("dtype_number", R"({"torch_dtype": 16})",
           "torch_dtype: expected a string, but got 16"),
      edit("theta_zero", R"({"rope_theta": 0})",
           "rope_theta: expected a number from 1 to 1e+12, but got 0"),
      edit("theta_one", R"({"rope_theta": 1})",
           "rope_theta: expected a number above 1, but got 1"),
      edit("interleave_text", R"({"rope_interleave": "yes"})",
           "rope_interleave: expected true or false, but got \"yes\""),
      edit("rope_list", R"({"rope_scaling": []})",
           "rope_scaling: expected an object or null, but got []"),
      edit("rope_kind", R"({"rope_scaling": {"type": "linear"}})",
           "rope_scaling.type: expected default or yarn, but got \"linear\""),
      edit(
          "rope_kind_other_spelling",
          R"({"rope_scaling": null, "rope_parameters": {"rope_type": "llama3"}})",
          "rope_parameters.rope_type: expected default or yarn, but got "
          "\"llama3\""),
      edit("factor_below_one",
           R"({"rope_scaling": {"type": "yarn", "factor": 0.5}})",
           "rope_scaling.factor: expected a number from 1 to 1e+06, but got "
           "0.5"),
      edit("factor_text",
           R"({"rope_scaling": {"type": "yarn", "factor": "4"}})",
           "rope_scaling.factor: expected a number from 1 to 1e+06, but got "
           "\"4\""),
      edit("original_zero",
           R"({"rope_scaling": {"type": "yarn", "factor": 4,
               "original_max_position_embeddings": 0}})",
           "rope_scaling.original_max_position_embeddings: expected an "
           "integer from 1 to 1073741824, but got 0"),
      edit("beta_order",
           R"({"rope_scaling": {"type": "yarn", "factor": 4, "beta_fast": 1,
               "beta_slow": 32}})",
           "rope_scaling.beta_fast: expected at least beta_slow, but got 1"),
      edit("beta_negative",
           R"({"rope_scaling": {"type": "yarn", "factor": 4,
               "beta_slow": -1}})",
           "rope_scaling.beta_slow: expected a number above 0, at most 1e+06, "
           "but got -1"),
      edit("mscale_negative",
           R"({"rope_scaling": {"type": "yarn", "factor": 4,
               "mscale_all_dim": -30}})",
           "rope_scaling.mscale_all_dim: expected a number from 0 to 100, but "
           "got -30"),
      edit("not_truncated",
           R"({"rope_scaling": {"type": "yarn", "factor": 4,
               "truncate": false}})",
           "rope_scaling.truncate: expected true (no other is supported), but "
           "got false"),
      edit("partial_rotary",
           R"({"rope_scaling": {"type": "default",
               "partial_rotary_factor": 0.5}})",
           "rope_scaling.partial_rotary_factor: expected 1 (no other is "
           "supported), but got 0.5"),
      edit("experts_negative", R"({"n_routed_experts": -8})",
           "n_routed_experts: expected an integer from 0 to 65536, but got "
           "-8"),
      edit("groups_zero", R"({"n_group": 0})",
           "n_group: expected an integer from 1 to 65536, but got 0"),
      edit("groups_do_not_divide", R"({"n_group": 3})",
           "n_group: expected a divisor of n_routed_experts = 8, but got 3"),
      edit("groups_of_one", R"({"n_group": 8})",
           "n_group: expected at least two experts in each group, but got 8 "
           "groups of 1"),
      edit("kept_groups", R"({"topk_group": 5})",
           "topk_group: expected at most n_group = 4, but got 5"),
      edit("too_many_chosen", R"({"num_experts_per_tok": 5})",
           "num_experts_per_tok: expected at most the 4 experts of the kept "
           "groups, but got 5"),
      edit("none_chosen", R"({"num_experts_per_tok": null})",
           "num_experts_per_tok: expected an integer beside "
           "n_routed_experts, but got null"),
      edit("chosen_zero", R"({"num_experts_per_tok": 0})",
           "num_experts_per_tok: expected an integer from 1 to 65536, but "
           "got 0"),
      edit("expert_width_null", R"({"moe_intermediate_size": null})",
           "moe_intermediate_size: expected an integer, but got null"),
      edit("shared_negative", R"({"n_shared_experts": -1})",
           "n_shared_experts: expected an integer from 0 to 1024, but got "
           "-1"),
      edit("scale_zero", R"({"routed_scaling_factor": 0})",
           "routed_scaling_factor: expected a number above 0, at most 1e+06, "
           "but got 0"),
      edit("scoring", R"({"scoring_func": "softmax"})",
           "scoring_func: expected sigmoid, but got \"softmax\""),
      edit("method", R"({"topk_method": "greedy"})",
           "topk_method: expected noaux_tc, but got \"greedy\""),
      edit("method_of_v2",
           R"({"model_type": "deepseek_v2", "topk_method": "noaux_tc"})",
           "topk_method: expected greedy or group_limited_greedy, but got "
           "\"noaux_tc\""),
      edit("normalize_text", R"({"norm_topk_prob": "true"})",
           "norm_topk_prob: expected true or false, but got \"true\""),
      edit("streams_negative", R"({"hc_mult": -4})",
           "hc_mult: expected an integer from 0 to 64, but got -4"),
      edit("streams_many", R"({"hc_mult": 65})",
           "hc_mult: expected an integer from 0 to 64, but got 65"),
      edit("iterations_zero", R"({"hc_mult": 4, "hc_sinkhorn_iters": 0})",
           "hc_sinkhorn_iters: expected an integer from 1 to 1000, but got 0"),
      edit("hyper_epsilon_zero", R"({"hc_mult": 4, "hc_eps": 0})",
           "hc_eps: expected a number above 0, at most 1, but got 0"),
      edit("hyper_form", R"({"hc_mult": 4, "hc_form": "v5"})",
           "hc_form: expected v4 or paper, but got \"v5\""),
      edit("quantization",
           R"({"quantization_config": {"quant_method": "gptq"}})",
           "quantization_config.quant_method: expected fp8, but got "
           "\"gptq\""),
      edit("quantization_format",
           R"({"quantization_config": {"quant_method": "fp8",
               "fmt": "e5m2"}})",
           "quantization_config.fmt: expected e4m3, but got \"e5m2\""),
      edit("quantization_blocks",
           R"({"quantization_config": {"quant_method": "fp8",
               "weight_block_size": [64, 128]}})",
           "quantization_config.weight_block_size: expected [128,128], but "
           "got [64,128]"),
      edit("tensor_too_large",
           R"({"hidden_size": 1048576, "vocab_size": 16777216})",
           "vocab_size: expected tensors below 2^40 and a model below 2^46 "
           "elements, but got 2 of 16777216 x 1048576"),
      edit("expert_stack_too_large",
           R"({"n_routed_experts": 65536, "hidden_size": 1048576,
               "moe_intermediate_size": 1048576, "n_group": 1,
               "topk_group": 1})",
           "n_routed_experts: expected tensors below 2^40 and a model below "
           "2^46 elements, but got 6 of 137438953472 x 1048576"),
      edit("model_too_large",
           R"({"num_hidden_layers": 1024, "hidden_size": 1048576,
               "intermediate_size": 131072})",
           "intermediate_size: expected tensors below 2^40 and a model below "
           "2^46 elements, but got 1024 of 393216 x 1048576"),
  };
}

std::string nameOf(const testing::TestParamInfo<Case> &info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Syntax, Malformed, testing::ValuesIn(syntaxCases),
                         nameOf);
INSTANTIATE_TEST_SUITE_P(Field, Malformed, testing::ValuesIn(fieldCases()),
                         nameOf);

TEST(Config, MessageNamesTheLine) {
  std::string text = base;
  text.replace(text.find("\"yarn\""), 6, "\"ntk\"");
  EXPECT_EQ(refused(text), "c:23: rope_scaling.type: expected default or yarn, "
                           "but got \"ntk\"");
}

TEST(Config, LongValuesAreShortened) {
  std::string long60(200, 'x');
  EXPECT_EQ(refused("{\"model_type\": \"" + long60 + "\"}"),
            "c:1: model_type: expected deepseek_v2 or deepseek_v3, but got \"" +
                long60.substr(0, 56) + "...");
}

TEST(Config, DefaultsOfV3) {
  ModelConfig c = accepted(R"({"model_type": "deepseek_v3"})");
  EXPECT_EQ(c.vocab, 129280);
  EXPECT_EQ(c.hidden, 7168);
  EXPECT_EQ(c.layers, 61);
  EXPECT_EQ(c.attention.queryRank, 1536);
  EXPECT_EQ(c.attention.queryWidth(), 128 * 192);
  EXPECT_EQ(c.moe.experts, 256);
  EXPECT_EQ(c.moe.groups, 8);
  EXPECT_EQ(c.moe.topK, 8);
  EXPECT_EQ(c.moe.weightScale, 2.5);
  EXPECT_TRUE(c.moe.normalize);
  EXPECT_FALSE(c.isMoe(2));
  EXPECT_TRUE(c.isMoe(3));
  EXPECT_FALSE(c.hyper);
}

TEST(Config, DefaultsOfV2) {
  ModelConfig c =
      accepted(R"({"model_type": "deepseek_v2", "num_experts_per_tok": 6})");
  EXPECT_EQ(c.vocab, 32000);
  EXPECT_EQ(c.moe.width, 1407);
  EXPECT_EQ(c.moe.sharedWidth(), 2814);
  EXPECT_FALSE(c.moe.sigmoid);
  EXPECT_FALSE(c.moe.normalize);
  EXPECT_TRUE(c.isMoe(0));
}

TEST(Config, BothSpellingsOfRope) {
  std::string old = edited(R"({"rope_theta": 500.0})");
  std::string fresh = edited(R"({"rope_scaling": null,
    "rope_parameters": {"rope_type": "yarn", "rope_theta": 500.0,
                        "factor": 4, "mscale": 1.0, "mscale_all_dim": 1.0,
                        "original_max_position_embeddings": 16}})");
  for (const std::string &text : {old, fresh}) {
    const RotaryConfig rotary = accepted(text).attention.rotary;
    EXPECT_EQ(rotary.theta, 500);
    EXPECT_EQ(rotary.factor, 4);
    EXPECT_EQ(rotary.originalPositions, 16);
    EXPECT_EQ(rotary.amplitude, 1);
  }
}

// The values of DeepSeek-V2 and V3: 192^-1/2 times g(mscale)^2.
TEST(Config, ScaleHoldsMscaleSquared) {
  for (auto [mscale, scale] :
       {std::pair("0.707", 0.1147214), std::pair("1.0", 0.1352338)}) {
    std::string yarn = std::string(R"({"model_type": "deepseek_v3",
      "rope_scaling": {"type": "yarn", "factor": 40,
      "original_max_position_embeddings": 4096, "mscale": )") +
                       mscale + R"(, "mscale_all_dim": )" + mscale + "}}";
    AttentionConfig attention = accepted(yarn).attention;
    EXPECT_NEAR(attention.scale(), scale, 5e-8);
    EXPECT_EQ(attention.rotary.amplitude, 1);
  }
  EXPECT_NEAR(accepted(R"({"model_type": "deepseek_v3"})").attention.scale(),
              0.0721688, 5e-8);
}

TEST(Config, AmplitudeIsTheRatio) {
  std::string text = edited(R"({"rope_scaling": {"type": "yarn", "factor": 4,
    "mscale": 1.0, "mscale_all_dim": 0.5}})");
  double log4 = std::log(4.0);
  EXPECT_DOUBLE_EQ(accepted(text).attention.rotary.amplitude,
                   (0.1 * log4 + 1) / (0.05 * log4 + 1));
}

TEST(Config, NoQueryRank) {
  EXPECT_EQ(accepted(edited(R"({"q_lora_rank": null})")).attention.queryRank,
            0);
  EXPECT_EQ(accepted(edited(R"({"q_lora_rank": 0})")).attention.queryRank, 0);
}

TEST(Config, NoExperts) {
  ModelConfig c = accepted(edited(R"({"n_routed_experts": null,
    "num_experts_per_tok": null, "n_group": null, "topk_group": null})"));
  for (int layer = 0; layer < 3; ++layer)
    EXPECT_FALSE(c.isMoe(layer));
}

TEST(Config, GreedyIgnoresGroups) {
  ModelConfig c = accepted(edited(R"({"model_type": "deepseek_v2",
    "topk_method": "greedy", "n_group": 3, "topk_group": 7})"));
  EXPECT_EQ(c.moe.groups, 1);
  EXPECT_EQ(c.moe.topGroups, 1);
}

TEST(Config, EveryOtherLayerIsMoe) {
  ModelConfig c = accepted(edited(R"({"moe_layer_freq": 2})"));
  EXPECT_FALSE(c.isMoe(1));
  EXPECT_TRUE(c.isMoe(2));
}

TEST(Config, HyperConnectionsOfTheFile) {
  ModelConfig c = accepted(
      edited(R"({"hc_mult": 3, "hc_sinkhorn_iters": 7, "hc_eps": 1e-4})"));
  ASSERT_TRUE(c.hyper);
  EXPECT_EQ(c.hyper->streams, 3);
  EXPECT_EQ(c.hyper->rows(), 15);
  EXPECT_EQ(c.hyper->iterations, 7);
  EXPECT_EQ(c.hyper->epsilon, 1e-4);
  EXPECT_FALSE(c.hyper->paper);
}

TEST(Config, HyperConnectionsOfTheCommandLine) {
  HyperOptions options;
  options.streams = 4;
  options.paper = true;
  ModelConfig c = accepted(base, options);
  ASSERT_TRUE(c.hyper);
  EXPECT_EQ(c.hyper->streams, 4);
  EXPECT_TRUE(c.hyper->paper);
  EXPECT_EQ(refused(edited(R"({"hc_mult": 2})"), options),
            "c:1: hc_mult: expected 4 (--hyper-connections), but got 2");
  options.streams.reset();
  EXPECT_EQ(refused(base, options),
            "c: hc_mult: expected a number of streams beside "
            "--hyper-connections-form, but got nothing");
}

TEST(Config, RecordKeepsTheCommandLine) {
  HyperOptions options;
  options.streams = 2;
  options.paper = true;
  ModelConfig first = accepted(base, options);
  ModelConfig again = accepted(withHyperConnections(base, first));
  ASSERT_TRUE(again.hyper);
  EXPECT_EQ(again.hyper->streams, 2);
  EXPECT_TRUE(again.hyper->paper);
  EXPECT_EQ(again.epsilon, first.epsilon);
  EXPECT_EQ(again.attention.scale(), first.attention.scale());
}

} // namespace
