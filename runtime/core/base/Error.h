//===- Error.h - failures of the runtime and their sentences --------------===//
//
// A failure is thrown inside the runtime and becomes a status code and a
// sentence at its borders: the C interface (runtime.h) and the command line.
//
#ifndef TRESSE_RUNTIME_BASE_ERROR_H
#define TRESSE_RUNTIME_BASE_ERROR_H

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace tresse::runtime {

/// What the caller can do about a failure.
enum class Remedy {
  Input,  ///< the same call fails always: change what is passed in
  System, ///< the machine refused (disk, memory): the same call may work later
  Usage,  ///< the command line was wrong
};

/// A failure with its sentence: names the thing, what was expected, what came.
class Failure : public std::runtime_error {
public:
  Failure(Remedy remedy, const std::string &sentence)
      : std::runtime_error(sentence), remedy(remedy) {}
  const Remedy remedy;
};

inline void appendTo(std::string &out, std::string_view part) { out += part; }
inline void appendTo(std::string &out, char part) { out += part; }
/// Appends the shortest decimal that shows `part` to six digits.
void appendTo(std::string &out, double part);
template <typename T>
  requires std::is_integral_v<T>
void appendTo(std::string &out, T part) {
  out += std::to_string(part);
}

/// The parts, one after the other, as text.
template <typename... Parts> std::string text(const Parts &...parts) {
  std::string out;
  (appendTo(out, parts), ...);
  return out;
}

/// Throws a Failure whose sentence is the parts; `Remedy::Input`.
template <typename... Parts> [[noreturn]] void fail(const Parts &...parts) {
  throw Failure(Remedy::Input, text(parts...));
}

/// Throws a Failure of `Remedy::System`: the sentence, then errno's own words.
[[noreturn]] void failSystem(const std::string &sentence, int error);

/// A name from a file in single quotes: control bytes escaped, cut at 200.
std::string inQuotes(std::string_view name);

/// `[2, 3]`
std::string shapeText(std::span<const int64_t> shape);

} // namespace tresse::runtime

#endif
