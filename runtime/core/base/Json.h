//===- Json.h - JSON from files that nobody vouches for -------------------===//
#ifndef TRESSE_RUNTIME_BASE_JSON_H
#define TRESSE_RUNTIME_BASE_JSON_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tresse::runtime {

/// A number as it was written: integers never go through a double.
struct JsonNumber {
  enum Kind { Unsigned, Negative, Real } kind;
  uint64_t u; ///< when Unsigned
  int64_t i;  ///< when Negative
  double f;   ///< always
};

/// Receives the events of one document, in order. A handler refuses by
/// throwing a Failure.
class JsonEvents {
public:
  virtual ~JsonEvents() = default;
  virtual void beginObject() = 0;
  virtual void key(const std::string &name) = 0;
  virtual void endObject() = 0;
  virtual void beginArray() = 0;
  virtual void endArray() = 0;
  virtual void string(const std::string &value) = 0;
  virtual void number(const JsonNumber &value) = 0;
  virtual void boolean(bool value) = 0;
  virtual void null() = 0;
};

/// Parses `document` (named `name` in messages) and refuses nesting deeper
/// than 8. Duplicate keys are the handler's to refuse.
void parseJson(const std::string &name, std::string_view document,
               JsonEvents &events);

/// A document as a tree, for small files: at most 256 KiB, duplicate keys
/// refused.
struct JsonMember;
struct Json {
  enum Kind { Null, Boolean, Number, String, Array, Object } kind = Null;
  bool boolean = false;
  JsonNumber number{JsonNumber::Unsigned, 0, 0, 0};
  std::string string;
  std::vector<Json> items;
  std::vector<JsonMember> members;

  /// The member of an object; null when it is absent or this is no object.
  const Json *find(std::string_view key) const;
};
struct JsonMember {
  std::string name;
  Json value;
};

Json parseJsonTree(const std::string &name, std::string_view document);

/// `text` as a JSON string, quotes included; bytes that are not UTF-8 become
/// U+FFFD.
std::string jsonString(std::string_view text);
/// A double that reads back to the same bits; null for nan and infinities.
std::string jsonNumber(double value);

} // namespace tresse::runtime

#endif
