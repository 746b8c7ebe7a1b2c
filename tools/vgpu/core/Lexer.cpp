// Lexer.cpp - cuts PTX text into tokens.
#include "tools/vgpu/core/Lexer.h"

#include <bit>
#include <cstdlib>
#include <string>

namespace vgpu {

static bool isNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         c == '$' || c == '%';
}
static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isNamePart(char c) { return isNameStart(c) || isDigit(c); }
static int hexValue(char c) {
  if (isDigit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

Lexer::Lexer(std::string_view text) : text(text) { advance(); }

Token Lexer::take() {
  Token result = token;
  advance();
  return result;
}

Token Lexer::takeOpcode() {
  position = tokenStart;
  size_t start = position;
  while (isNamePart(at(0)) || at(0) == '.' || (at(0) == ':' && at(1) == ':')) {
    position += at(0) == ':' ? 2 : 1;
  }
  Token result = token;
  result.text = text.substr(start, position - start);
  advance();
  return result;
}

bool Lexer::atLabel() const {
  if (token.kind != TokenKind::Identifier)
    return false;
  size_t p = position;
  while (p < text.size() && (text[p] == ' ' || text[p] == '\t'))
    ++p;
  return p < text.size() && text[p] == ':' &&
         !(p + 1 < text.size() && text[p + 1] == ':');
}

void Lexer::skipLine() {
  uint32_t current = token.line;
  while (token.kind != TokenKind::End && token.line == current)
    advance();
}

bool Lexer::skipBlock() {
  int depth = 0;
  while (token.kind != TokenKind::End) {
    if (token.kind == TokenKind::Punctuation) {
      if (token.punctuation == '{')
        ++depth;
      if (token.punctuation == '}' && --depth == 0) {
        advance();
        return true;
      }
    }
    advance();
  }
  return false;
}

void Lexer::skipBlank() {
  while (position < text.size()) {
    char c = text[position];
    if (c == '\n') {
      ++line;
      lineStart = ++position;
    } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v') {
      ++position;
    } else if (c == '/' && at(1) == '/') {
      while (position < text.size() && text[position] != '\n')
        ++position;
    } else if (c == '/' && at(1) == '*') {
      position += 2;
      while (position < text.size() && !(text[position] == '*' && at(1) == '/'))
        if (text[position++] == '\n') {
          ++line;
          lineStart = position;
        }
      position = position + 2 > text.size() ? text.size() : position + 2;
    } else {
      break;
    }
  }
}

void Lexer::advance() {
  skipBlank();
  token = Token();
  token.line = line;
  token.column = uint32_t(position - lineStart + 1);
  tokenStart = position;
  // A zero byte ends the text, as the driver's loader takes it.
  if (position >= text.size() || text[position] == '\0') {
    position = text.size();
    return;
  }
  char c = text[position];
  size_t start = position;
  if (isNameStart(c)) {
    while (isNamePart(at(0)))
      ++position;
    token.kind = TokenKind::Identifier;
  } else if (c == '.' && isNameStart(at(1))) {
    ++position;
    while (isNamePart(at(0)) || (at(0) == ':' && at(1) == ':'))
      position += at(0) == ':' ? 2 : 1;
    token.kind = TokenKind::Directive;
    ++start;
  } else if (isDigit(c) || (c == '.' && isDigit(at(1)))) {
    lexNumber();
  } else if (c == '"') {
    lexString();
    return;
  } else {
    static constexpr std::string_view known = "{}()[]<>,;:@!|+-=*/~&^.%?";
    token.kind =
        known.find(c) == known.npos ? TokenKind::Bad : TokenKind::Punctuation;
    token.punctuation = c;
    ++position;
  }
  token.text = text.substr(start, position - start);
}

void Lexer::lexString() {
  size_t start = ++position;
  while (position < text.size() && text[position] != '"' &&
         text[position] != '\n')
    position += text[position] == '\\' && at(1) != '\n' ? 2 : 1;
  position = position > text.size() ? text.size() : position;
  token.kind = at(0) == '"' ? TokenKind::String : TokenKind::Bad;
  token.text = text.substr(start, position - start);
  if (at(0) == '"')
    ++position;
}

/// 10, 0x1F, 017, 0b11 (each with an optional U), 0f3F800000, 0d3FF0..., 1.5.
void Lexer::lexNumber() {
  auto readDigits = [&](unsigned base, unsigned most) {
    unsigned count = 0;
    bool overflow = false;
    while (true) {
      int value = hexValue(at(0));
      if (value < 0 || unsigned(value) >= base)
        break;
      overflow |=
          __builtin_mul_overflow(token.bits, uint64_t(base), &token.bits);
      overflow |=
          __builtin_add_overflow(token.bits, uint64_t(value), &token.bits);
      ++position;
      ++count;
    }
    return count > 0 && !overflow && (most == 0 || count == most);
  };
  token.kind = TokenKind::Integer;
  bool good = true;
  char second = at(1) | 0x20;
  if (at(0) == '0' && (second == 'f' || second == 'd')) {
    token.kind = TokenKind::Float;
    token.width = second == 'f' ? 4 : 8;
    position += 2;
    good = readDigits(16, token.width * 2);
  } else if (at(0) == '0' && second == 'x') {
    position += 2;
    good = readDigits(16, 0);
  } else if (at(0) == '0' && second == 'b') {
    position += 2;
    good = readDigits(2, 0);
  } else {
    size_t end = position;
    while (end < text.size() && isDigit(text[end]))
      ++end;
    bool decimal =
        end < text.size() && (text[end] == '.' || (text[end] | 0x20) == 'e');
    if (decimal) {
      std::string digits(text.substr(position, 64));
      char *stop = nullptr;
      token.bits = std::bit_cast<uint64_t>(strtod(digits.c_str(), &stop));
      position += size_t(stop - digits.c_str());
      token.kind = TokenKind::Float;
      token.width = 8;
    } else {
      good = readDigits(at(0) == '0' && isDigit(at(1)) ? 8 : 10, 0);
    }
  }
  if (token.kind == TokenKind::Integer && at(0) == 'U')
    ++position;
  if (!good || isNamePart(at(0)))
    token.kind = TokenKind::Bad;
}

} // namespace vgpu
