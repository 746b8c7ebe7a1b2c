//===- TextOutput.h - generated tokens as text, stops, configuration ------===//
#ifndef TRESSE_RUNTIME_GENERATE_TEXTOUTPUT_H
#define TRESSE_RUNTIME_GENERATE_TEXTOUTPUT_H

#include "runtime/core/generate/Generator.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// The text of one continuation, let out as soon as it is sure: what may be
/// the beginning of a stop is held back, and so is half a UTF-8 character.
class TextStream {
public:
  explicit TextStream(std::vector<std::string> stops)
      : stops(std::move(stops)) {}
  /// Adds a token's bytes and returns the text that may be shown now. After a
  /// stop was found nothing more comes.
  std::string add(std::string_view bytes);
  /// What was held back, at the end.
  std::string finish();
  bool stopped() const { return found; }

private:
  std::vector<std::string> stops;
  std::string held;
  bool found = false;
};

/// The bytes that a token stands for: ids below 256 are bytes, others none.
std::string tokenBytes(int32_t token);
/// A text's tokens, its bytes.
std::vector<int32_t> textTokens(std::string_view text);

/// What generation_config.json says; absent fields keep their values.
struct GenerationDefaults {
  Sampling sampling;
  std::optional<int64_t> newTokens;
  std::vector<int32_t> endTokens;
};

/// Parses the file's content; throws when a field has the wrong type or range.
GenerationDefaults parseGenerationConfig(const std::string &path,
                                         std::string_view document);

/// One line of `--jsonl`: a request.
struct JsonRequest {
  std::string id; ///< as JSON
  Request request;
  std::vector<std::string> stops;
};

/// {"prompt": "...", "prompt_ids": [...], "id": ..., "max_new_tokens": ...,
///  "temperature": ..., "top_k", "top_p", "min_p", "seed", "stop"}; what is
/// absent comes from `defaults`. `line` names the line in messages.
JsonRequest parseJsonRequest(const std::string &line, std::string_view document,
                             const JsonRequest &defaults);

} // namespace tresse::runtime

#endif
