// Fields.cpp - typed and range-checked members of a JSON object.
#include "tools/tresse-import/Fields.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstdio>
#include <cstdlib>

using namespace llvm;

namespace tresse {

void Complaint::add(const Twine &path, const Twine &expected,
                    const Twine &got) {
  if (found())
    return;
  std::string where = path.str();
  auto line = lines.find(where);
  message = file;
  if (line != lines.end())
    message += ":" + std::to_string(line->second);
  message +=
      ": " + where + ": expected " + expected.str() + ", but got " + got.str();
}

Error Complaint::take() const {
  return found() ? createStringError(message) : Error::success();
}

/// The shortest decimal that reads back as `number`: 1e+06, 0.1.
static std::string shortest(double number) {
  char text[32];
  for (int digits = 6; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, number);
    if (strtod(text, nullptr) == number)
      break;
  }
  return text;
}

bool Fields::has(StringRef name) const {
  const json::Value *value = object.get(name);
  return value && value->kind() != json::Value::Null;
}

bool Fields::isNull(StringRef name) const {
  const json::Value *value = object.get(name);
  return value && value->kind() == json::Value::Null;
}

std::string Fields::shown(StringRef name) const {
  const json::Value *value = object.get(name);
  if (!value)
    return "nothing";
  if (value->kind() == json::Value::Number && !value->getAsInteger())
    return shortest(*value->getAsNumber());
  std::string text = formatv("{0}", *value);
  if (text.size() > 60)
    text = json::fixUTF8(StringRef(text).take_front(57)) + "...";
  return text;
}

int64_t Fields::integer(StringRef name, int64_t fallback, int64_t low,
                        int64_t high) const {
  const json::Value *value = object.get(name);
  if (!value)
    return fallback;
  std::optional<int64_t> number = value->getAsInteger();
  if (number && *number >= low && *number <= high)
    return *number;
  complain(name, formatv("an integer from {0} to {1}", low, high), shown(name));
  return fallback;
}

int64_t Fields::integerOr(StringRef name, int64_t fallback, int64_t absent,
                          int64_t low, int64_t high) const {
  return isNull(name) ? absent : integer(name, fallback, low, high);
}

double Fields::number(StringRef name, double fallback, double low,
                      double high) const {
  const json::Value *value = object.get(name);
  if (!value)
    return fallback;
  std::optional<double> number = value->getAsNumber();
  if (number && *number >= low && *number <= high)
    return *number;
  complain(name, "a number from " + shortest(low) + " to " + shortest(high),
           shown(name));
  return fallback;
}

double Fields::positive(StringRef name, double fallback, double high) const {
  const json::Value *value = object.get(name);
  if (!value)
    return fallback;
  std::optional<double> number = value->getAsNumber();
  if (number && *number > 0 && *number <= high)
    return *number;
  complain(name, "a number above 0, at most " + shortest(high), shown(name));
  return fallback;
}

bool Fields::flag(StringRef name, bool fallback) const {
  const json::Value *value = object.get(name);
  if (!value)
    return fallback;
  if (std::optional<bool> flag = value->getAsBoolean())
    return *flag;
  complain(name, "true or false", shown(name));
  return fallback;
}

StringRef Fields::text(StringRef name, StringRef fallback) const {
  if (!has(name))
    return fallback;
  if (std::optional<StringRef> text = object.get(name)->getAsString())
    return *text;
  complain(name, "a string", shown(name));
  return fallback;
}

StringRef Fields::choice(StringRef name, StringRef fallback,
                         ArrayRef<StringRef> allowed) const {
  StringRef chosen = text(name, fallback);
  if (is_contained(allowed, chosen))
    return chosen;
  complain(name, join(allowed, " or "), shown(name));
  return allowed.front();
}

const json::Object *Fields::child(StringRef name) const {
  if (!has(name))
    return nullptr;
  const json::Object *child = object.get(name)->getAsObject();
  if (!child)
    complain(name, "an object or null", shown(name));
  return child;
}

} // namespace tresse
