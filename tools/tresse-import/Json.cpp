// Json.cpp - a scan for depth and equal keys, then llvm::json.
//
// llvm::json recurses once per level and keeps the last of two equal keys, so
// both are ruled out before it sees the text.
#include "tools/tresse-import/Json.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"

#include <vector>

using namespace llvm;

namespace tresse {
namespace {

/// Walks the text's brackets and strings; what it lets pass is at most
/// `maxJsonDepth` deep and holds no key twice. Other syntax is left to the
/// parser behind it.
class Scan {
public:
  Scan(StringRef text, StringRef name, StringMap<unsigned> &lines)
      : text(text), name(name), lines(lines) {}

  Error run() {
    while (at < text.size())
      if (Error error = step())
        return error;
    return Error::success();
  }

private:
  struct Level {
    bool object;
    bool keyNext;
    std::string path;
    StringSet<> keys;
  };

  Error step() {
    switch (char c = text[at]) {
    case '\n':
      ++line;
      break;
    case '"':
      return string();
    case '{':
    case '[':
      return open(c == '{');
    case '}':
    case ']':
      if (!levels.empty())
        levels.pop_back();
      break;
    case ',':
      if (!levels.empty())
        levels.back().keyNext = levels.back().object;
      break;
    default:
      break;
    }
    ++at;
    return Error::success();
  }

  Error open(bool object) {
    if (levels.size() == maxJsonDepth)
      return fail(formatv("expected nesting of at most {0} levels, but got "
                          "more",
                          maxJsonDepth));
    std::string path = pathOfValue;
    levels.push_back({object, object, std::move(path), {}});
    ++at;
    return Error::success();
  }

  /// A string begins at `at`: a key where one may stand, else a value.
  Error string() {
    size_t end = at + 1;
    while (end < text.size() && text[end] != '"') {
      if (text[end] == '\n')
        return fail("expected the end of a string, but got the end of the "
                    "line");
      end += text[end] == '\\' ? 2 : 1;
    }
    if (end >= text.size())
      return fail("expected the end of a string, but got the end of the file");
    StringRef literal = text.slice(at, end + 1);
    at = end + 1;
    if (levels.empty() || !levels.back().keyNext)
      return Error::success();
    levels.back().keyNext = false;
    return key(literal);
  }

  Error key(StringRef literal) {
    Expected<json::Value> value = json::parse(literal);
    if (!value) {
      consumeError(value.takeError());
      return fail("expected a key, but got a malformed string");
    }
    StringRef key = *value->getAsString();
    Level &level = levels.back();
    if (!level.keys.insert(key).second)
      return fail(
          formatv("expected each key once, but got {0} twice", literal));
    pathOfValue =
        level.path.empty() ? key.str() : (level.path + "." + key).str();
    lines.try_emplace(pathOfValue, line);
    return Error::success();
  }

  Error fail(const Twine &message) {
    return createStringError(name + ":" + Twine(line) + ": " + message);
  }

  StringRef text, name;
  StringMap<unsigned> &lines;
  size_t at = 0;
  unsigned line = 1;
  std::vector<Level> levels;
  std::string pathOfValue;
};

} // namespace

/// "[2:1, byte=4]: Unexpected EOF" -> "name:2: expected JSON, but got ..."
static Error syntaxError(StringRef name, Error error) {
  std::string text = toString(std::move(error));
  StringRef message = text;
  unsigned line;
  if (message.consume_front("[") && !message.consumeInteger(10, line))
    return createStringError(
        name + ":" + Twine(line) +
        ": expected JSON, but got: " + message.split("]: ").second.lower());
  return createStringError(name + ": expected JSON, but got: " + text);
}

Expected<JsonDocument> parseJson(StringRef text, StringRef name) {
  if (text.size() > maxJsonBytes)
    return createStringError(formatv("{0}: expected at most {1} bytes, but got "
                                     "{2}",
                                     name, maxJsonBytes, text.size()));
  JsonDocument document;
  if (Error error = Scan(text, name, document.lines).run())
    return std::move(error);
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return syntaxError(name, value.takeError());
  json::Object *root = value->getAsObject();
  if (!root)
    return createStringError(name +
                             ": expected a JSON object, but got another value");
  document.root = std::move(*root);
  return document;
}

} // namespace tresse
