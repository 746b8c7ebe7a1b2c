//===- Json.cpp - JSON from files that nobody vouches for -----------------===//
#include "runtime/core/base/Json.h"

#include "runtime/core/base/Error.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace tresse::runtime {

/// Refuses nesting over 8 in one pass, before the parser sees the document.
static void checkNesting(const std::string &name, std::string_view document) {
  const int deepest = 8;
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < document.size(); ++i) {
    char c = document[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
      continue;
    }
    if (c == '"')
      inString = true;
    else if ((c == '{' || c == '[') && ++depth > deepest)
      fail(inQuotes(name), ": expected JSON nested at most ", deepest,
           " deep, but byte ", i, " is deeper");
    else if (c == '}' || c == ']')
      --depth;
  }
}

namespace {

/// Forwards the parser's events.
struct Forward : nlohmann::json_sax<nlohmann::json> {
  Forward(const std::string &name, JsonEvents &events)
      : name(name), events(events) {}
  const std::string &name;
  JsonEvents &events;

  bool null() override { return events.null(), true; }
  bool boolean(bool value) override { return events.boolean(value), true; }
  bool number_integer(number_integer_t value) override {
    events.number({JsonNumber::Negative, 0, value, static_cast<double>(value)});
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    events.number({JsonNumber::Unsigned, value, 0, static_cast<double>(value)});
    return true;
  }
  bool number_float(number_float_t value, const string_t &) override {
    events.number({JsonNumber::Real, 0, 0, value});
    return true;
  }
  bool string(string_t &value) override { return events.string(value), true; }
  bool binary(binary_t &) override { return false; }
  bool start_object(std::size_t) override { return events.beginObject(), true; }
  bool key(string_t &value) override { return events.key(value), true; }
  bool end_object() override { return events.endObject(), true; }
  bool start_array(std::size_t) override { return events.beginArray(), true; }
  bool end_array() override { return events.endArray(), true; }
  bool parse_error(std::size_t position, const std::string &,
                   const nlohmann::detail::exception &) override {
    fail(inQuotes(name), ": expected JSON, but byte ", position,
         " does not continue it");
  }
};

/// Builds the tree.
struct TreeBuilder : JsonEvents {
  explicit TreeBuilder(const std::string &name) : name(name) {}
  const std::string &name;
  Json root;
  std::vector<Json *> open;

  Json &place() {
    if (open.empty())
      return root;
    if (open.back()->kind == Json::Array)
      return open.back()->items.emplace_back();
    return open.back()->members.back().value;
  }
  void beginObject() override { begin(Json::Object); }
  void beginArray() override { begin(Json::Array); }
  void begin(Json::Kind kind) {
    Json &json = place();
    json.kind = kind;
    open.push_back(&json);
  }
  void endObject() override { open.pop_back(); }
  void endArray() override { open.pop_back(); }
  void key(const std::string &key) override {
    if (open.back()->members.size() >= 4096)
      fail(inQuotes(name), ": expected at most 4096 keys in an object");
    if (open.back()->find(key))
      fail(inQuotes(name), ": expected each key once, but ", inQuotes(key),
           " came twice");
    open.back()->members.push_back({key, Json()});
  }
  void string(const std::string &value) override {
    Json &json = place();
    json.kind = Json::String;
    json.string = value;
  }
  void number(const JsonNumber &value) override {
    Json &json = place();
    json.kind = Json::Number;
    json.number = value;
  }
  void boolean(bool value) override {
    Json &json = place();
    json.kind = Json::Boolean;
    json.boolean = value;
  }
  void null() override { place(); }
};

} // namespace

void parseJson(const std::string &name, std::string_view document,
               JsonEvents &events) {
  checkNesting(name, document);
  Forward forward(name, events);
  if (!nlohmann::json::sax_parse(document.begin(), document.end(), &forward))
    fail(inQuotes(name), ": expected JSON");
}

const Json *Json::find(std::string_view key) const {
  for (const JsonMember &member : members)
    if (member.name == key)
      return &member.value;
  return nullptr;
}

Json parseJsonTree(const std::string &name, std::string_view document) {
  const size_t limit = size_t{256} << 10;
  if (document.size() > limit)
    fail(inQuotes(name), ": expected at most ", limit, " bytes, but got ",
         document.size());
  TreeBuilder builder(name);
  parseJson(name, document, builder);
  return std::move(builder.root);
}

std::string jsonString(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

std::string jsonNumber(double value) {
  if (!std::isfinite(value))
    return "null";
  char digits[32];
  auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return std::string(digits, end);
}

} // namespace tresse::runtime
