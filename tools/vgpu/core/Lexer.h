// Lexer.h - cuts PTX text into tokens.
#pragma once

#include <cstdint>
#include <string_view>

namespace vgpu {

enum class TokenKind : uint8_t {
  End,
  Identifier, ///< name, %register, or an opcode when read with nextOpcode()
  Directive,  ///< .name, without the dot
  Integer,
  Float,  ///< 0f..., 0d... or a decimal; `bits` hold the f64 pattern or f32
  String, ///< without the quotes
  Punctuation,
  Bad, ///< a character that starts no token, or an unfinished one
};

struct Token {
  TokenKind kind = TokenKind::End;
  /// For Float: 4 when written 0f..., 8 otherwise.
  uint8_t width = 0;
  char punctuation = 0;
  uint32_t line = 0;
  uint32_t column = 0;
  uint64_t bits = 0;
  std::string_view text;
};

/// Reads one text from front to back, one token ahead.
class Lexer {
public:
  explicit Lexer(std::string_view text);

  const Token &peek() const { return token; }
  Token take();
  /// Reads the current identifier again as an opcode: "ld.global.v4.f32",
  /// "cp.async.bulk.shared::cluster". The modifiers are part of the text.
  Token takeOpcode();
  /// True when the current identifier is followed by a single ':'.
  bool atLabel() const;
  /// Skips to the first token on a later line.
  void skipLine();
  /// Skips a braced block of any content; the '{' is the current token.
  bool skipBlock();

private:
  void advance();
  void skipBlank();
  void lexNumber();
  void lexString();
  char at(size_t offset) const {
    return position + offset < text.size() ? text[position + offset] : '\0';
  }

  std::string_view text;
  size_t position = 0;
  size_t tokenStart = 0;
  size_t lineStart = 0;
  uint32_t line = 1;
  Token token;
};

} // namespace vgpu
