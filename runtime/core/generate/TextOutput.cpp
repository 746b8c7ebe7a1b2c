//===- TextOutput.cpp - generated tokens as text, stops, configuration ----===//
#include "runtime/core/generate/TextOutput.h"

#include "runtime/core/base/Json.h"

#include <algorithm>

namespace tresse::runtime {

/// Bytes at the end of `text` that begin a UTF-8 character without ending it.
static size_t incompleteTail(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80)
      return 0;
    if (byte < 0xc0)
      continue;
    size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

std::string TextStream::add(std::string_view bytes) {
  if (found)
    return "";
  held += bytes;
  size_t first = std::string::npos;
  for (const std::string &stop : stops)
    if (!stop.empty())
      first = std::min(first, held.find(stop));
  if (first != std::string::npos) {
    found = true;
    std::string out = held.substr(0, first);
    held.clear();
    return out;
  }
  size_t hold = incompleteTail(held);
  for (const std::string &stop : stops) // the longest prefix of a stop, last
    for (size_t n = std::min(stop.empty() ? 0 : stop.size() - 1, held.size());
         n > hold; --n)
      if (std::string_view(held).substr(held.size() - n) ==
          std::string_view(stop).substr(0, n)) {
        hold = n;
        break;
      }
  std::string out = held.substr(0, held.size() - hold);
  held.erase(0, out.size());
  return out;
}

std::string TextStream::finish() {
  std::string out = std::move(held);
  held.clear();
  return out;
}

std::string tokenBytes(int32_t token) {
  return token >= 0 && token < 256 ? std::string(1, static_cast<char>(token))
                                   : "";
}

std::vector<int32_t> textTokens(std::string_view text) {
  std::vector<int32_t> tokens;
  tokens.reserve(text.size());
  for (unsigned char byte : text)
    tokens.push_back(byte);
  return tokens;
}

namespace {

/// Reads fields of one object; messages begin with its place.
class Fields {
public:
  Fields(const std::string &place, const Json &json)
      : place(place), json(json) {
    if (json.kind != Json::Object)
      fail(inQuotes(place), ": expected an object");
  }

  /// The number, or nothing when the field is absent or null.
  std::optional<double> number(const char *key, double low, double high) {
    const Json *found = present(key);
    if (!found)
      return std::nullopt;
    if (found->kind != Json::Number || !(found->number.f >= low) ||
        !(found->number.f <= high))
      fail(inQuotes(place), ": ", inQuotes(key), ": expected a number from ",
           low, " to ", high);
    return found->number.f;
  }
  std::optional<int64_t> whole(const char *key, int64_t low, int64_t high) {
    const Json *found = present(key);
    return found ? std::optional(whole(*found, key, low, high)) : std::nullopt;
  }
  int64_t whole(const Json &value, const char *key, int64_t low, int64_t high) {
    if (value.kind != Json::Number ||
        value.number.kind != JsonNumber::Unsigned ||
        value.number.u > static_cast<uint64_t>(high) ||
        static_cast<int64_t>(value.number.u) < low)
      fail(inQuotes(place), ": ", inQuotes(key),
           ": expected a whole number from ", low, " to ", high);
    return static_cast<int64_t>(value.number.u);
  }
  /// One token id or a list of them.
  std::vector<int32_t> ids(const char *key) {
    std::vector<int32_t> out;
    const Json *found = present(key);
    if (!found)
      return out;
    if (found->kind != Json::Array)
      return {static_cast<int32_t>(whole(*found, key, 0, INT32_MAX))};
    for (const Json &item : found->items)
      out.push_back(static_cast<int32_t>(whole(item, key, 0, INT32_MAX)));
    return out;
  }
  const Json *present(const char *key) {
    const Json *found = json.find(key);
    return found && found->kind != Json::Null ? found : nullptr;
  }

  void sampling(Sampling &out) {
    if (auto value = number("temperature", 0, 1000))
      out.temperature = *value;
    if (auto value = whole("top_k", 0, 1'000'000'000))
      out.topK = *value;
    if (auto value = number("top_p", 0, 1))
      out.topP = *value;
    if (auto value = number("min_p", 0, 1))
      out.minP = *value;
  }

private:
  const std::string &place;
  const Json &json;
};

} // namespace

GenerationDefaults parseGenerationConfig(const std::string &path,
                                         std::string_view document) {
  Json json = parseJsonTree(path, document);
  Fields fields(path, json);
  GenerationDefaults out;
  fields.sampling(out.sampling);
  out.newTokens = fields.whole("max_new_tokens", 1, INT32_MAX);
  out.endTokens = fields.ids("eos_token_id");
  const Json *sample = fields.present("do_sample");
  if (sample && sample->kind != Json::Boolean)
    fail(inQuotes(path), ": 'do_sample': expected true or false");
  if (sample && !sample->boolean)
    out.sampling.temperature = 0;
  return out;
}

JsonRequest parseJsonRequest(const std::string &line, std::string_view document,
                             const JsonRequest &defaults) {
  Json json = parseJsonTree(line, document);
  Fields fields(line, json);
  JsonRequest out = defaults;
  const Json *prompt = fields.present("prompt");
  if (prompt && prompt->kind != Json::String)
    fail(inQuotes(line), ": 'prompt': expected a string");
  out.request.prompt =
      prompt ? textTokens(prompt->string) : fields.ids("prompt_ids");
  if (out.request.prompt.empty())
    fail(inQuotes(line), ": expected a 'prompt' or 'prompt_ids'");
  if (const Json *id = fields.present("id")) {
    if (id->kind == Json::String)
      out.id = jsonString(id->string);
    else
      out.id = std::to_string(fields.whole(*id, "id", 0, INT64_MAX));
  }
  fields.sampling(out.request.sampling);
  if (auto value = fields.whole("max_new_tokens", 1, INT32_MAX))
    out.request.newTokens = *value;
  if (auto value = fields.whole("seed", 0, INT64_MAX))
    out.request.sampling.seed = static_cast<uint64_t>(*value);
  if (const Json *stop = fields.present("stop")) {
    out.stops.clear();
    std::vector<Json> one;
    if (stop->kind == Json::String)
      one.push_back(*stop);
    for (const Json &item : stop->kind == Json::Array ? stop->items : one) {
      if (item.kind != Json::String)
        fail(inQuotes(line), ": 'stop': expected strings");
      out.stops.push_back(item.string);
    }
  }
  return out;
}

} // namespace tresse::runtime
