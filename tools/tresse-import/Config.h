// Config.h - what a config.json says about a model, checked.
#ifndef TRESSE_TOOLS_TRESSE_IMPORT_CONFIG_H
#define TRESSE_TOOLS_TRESSE_IMPORT_CONFIG_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace tresse {

/// Rotary embedding with YaRN (arXiv 2309.00071); factor 1 means none.
struct RotaryConfig {
  double theta = 1e4;
  double factor = 1;
  int64_t originalPositions = 0;
  double betaFast = 32, betaSlow = 1;
  /// Factor on cosines and sines.
  double amplitude = 1;
  /// Factor on the attention's scale: g(mscale_all_dim) squared.
  double scaleFactor = 1;
  /// Pairs are (2k, 2k+1); otherwise (k, k + dim/2).
  bool interleaved = true;
};

/// Latent attention, DeepSeek-V2 (arXiv 2405.04434) section 2.1.
struct AttentionConfig {
  int64_t heads = 0;
  int64_t queryRank = 0; ///< 0: one full query projection
  int64_t latentRank = 0, nope = 0, rope = 0, value = 0;
  RotaryConfig rotary;

  int64_t queryWidth() const { return heads * (nope + rope); }
  int64_t expandedWidth() const { return heads * (nope + value); }
  /// 1/sqrt(nope + rope), times YaRN's factor.
  double scale() const;
};

/// Mixture of experts of V2 (softmax) or V3 (sigmoid and a routing bias).
struct MoeConfig {
  int64_t experts = 0; ///< 0: every layer is dense
  int64_t width = 0, shared = 0, topK = 0, groups = 1, topGroups = 1;
  bool sigmoid = false;
  bool normalize = false;
  double weightScale = 1;
  /// The balance losses count a whole batch, not one sequence.
  bool balanceBatch = false;

  int64_t sharedWidth() const { return shared * width; }
  /// DeepSeek-V2 with groups balances experts, devices and communication.
  int64_t balanceLevels() const { return !sigmoid && groups > 1 ? 3 : 1; }
};

/// Hyper-connections (mHC, arXiv 2512.24880) around every sublayer.
struct HyperConfig {
  int64_t streams = 0;
  int64_t iterations = 20;
  double epsilon = 1e-6;
  bool paper = false; ///< the paper's form; otherwise V4's

  int64_t rows() const { return (2 + streams) * streams; }
};

/// One model of the deepseek_v2 or deepseek_v3 family. parseConfig promises
/// that no tensor of it has 2^40 elements or more, and all of them together
/// fewer than 2^46.
struct ModelConfig {
  std::string modelType;
  int64_t vocab = 0, hidden = 0, layers = 0, denseWidth = 0;
  int64_t firstMoe = 0, moeFrequency = 1, maxPositions = 0;
  double epsilon = 1e-6, initializerRange = 0.02;
  bool tied = false;
  AttentionConfig attention;
  MoeConfig moe;
  std::optional<HyperConfig> hyper;

  /// Whether the feed-forward part of `layer` is a mixture of experts.
  bool isMoe(int64_t layer) const;
};

/// Hyper-connections asked for on the command line; empty fields leave the
/// config's.
struct HyperOptions {
  std::optional<int64_t> streams;
  std::optional<bool> paper;
};

/// Reads the text of a config.json of either spelling (rope_scaling or
/// rope_parameters). Missing members take the defaults of the configuration
/// class of their family. `name` is the file's name in messages. The text is
/// not trusted: whatever it holds, the outcome is a config within the promise
/// of ModelConfig or an error "file:line: field: expected X, but got Y".
llvm::Expected<ModelConfig> parseConfig(llvm::StringRef text,
                                        llvm::StringRef name,
                                        const HyperOptions &options = {});

/// Returns `text` with the members hc_mult, hc_sinkhorn_iters, hc_eps and
/// hc_form that describe `config`, so that importing it again gives the same
/// model. `text` must have been accepted by parseConfig.
std::string withHyperConnections(llvm::StringRef text,
                                 const ModelConfig &config);

} // namespace tresse

#endif // TRESSE_TOOLS_TRESSE_IMPORT_CONFIG_H
