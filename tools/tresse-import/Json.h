// Json.h - JSON from a file that nobody vouches for, with lines for messages.
#ifndef TRESSE_TOOLS_TRESSE_IMPORT_JSON_H
#define TRESSE_TOOLS_TRESSE_IMPORT_JSON_H

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace tresse {

/// The largest document that is read, in bytes, and its deepest nesting of
/// objects and arrays.
constexpr size_t maxJsonBytes = size_t(1) << 20;
constexpr unsigned maxJsonDepth = 8;

/// A parsed document whose root is an object. `lines` maps the path of every
/// object member ("rope_scaling.factor") to the line its key stands on.
struct JsonDocument {
  llvm::json::Object root;
  llvm::StringMap<unsigned> lines;
};

/// Parses `text`. Fails, with a message that begins with `name` and the line,
/// on anything that is not one JSON object within the limits above, and on a
/// key that an object holds twice. `name` is the file's name in messages.
llvm::Expected<JsonDocument> parseJson(llvm::StringRef text,
                                       llvm::StringRef name);

} // namespace tresse

#endif // TRESSE_TOOLS_TRESSE_IMPORT_JSON_H
