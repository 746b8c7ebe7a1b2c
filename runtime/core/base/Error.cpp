//===- Error.cpp - sentences of failures ----------------------------------===//
#include "runtime/core/base/Error.h"

#include <cstdio>
#include <cstring>

namespace tresse::runtime {

void appendTo(std::string &out, double part) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%g", part);
  out += digits;
}

void failSystem(const std::string &sentence, int error) {
  throw Failure(Remedy::System, sentence + ": " + std::strerror(error));
}

std::string inQuotes(std::string_view name) {
  const size_t longest = 200;
  std::string out = "'";
  for (unsigned char byte : name.substr(0, longest)) {
    if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
    } else {
      out += static_cast<char>(byte);
    }
  }
  out += name.size() > longest ? "...'" : "'";
  return out;
}

std::string shapeText(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + "]";
}

} // namespace tresse::runtime
