// ParserState.h - the parser's scopes and rules, shared by its two files.
#pragma once

#include "tools/vgpu/core/Lexer.h"
#include "tools/vgpu/core/Parser.h"

#include <unordered_map>

namespace vgpu {

/// Recursive-descent parser; a rule returns false once `error` is filled.
class Parser {
public:
  Parser(std::string_view text, ParsedModule &module, LoadError &error)
      : text(text), lexer(text), module(module), error(error) {}
  bool parse();

private:
  /// A name in a scope of a function body.
  struct Name {
    enum class Kind : uint8_t { Register, Range, Symbol } kind;
    Type type = Type::None;
    uint32_t index = 0; ///< register, symbol, or count of a range
  };
  struct Scope {
    std::unordered_map<std::string_view, Name> names;
    /// Labels seen in this scope, by name, and those only used so far.
    std::unordered_map<std::string_view, uint32_t> labels;
  };
  /// What a declaration says before the name.
  struct Attributes {
    Space space = Space::Generic;
    bool external = false;
    uint32_t alignment = 0;
    Type type = Type::None;
    unsigned vector = 1;
  };

  // Parser.cpp: modules and declarations.
  bool parseModuleItem();
  bool parseHeader(std::string_view directive);
  bool parseFunction(bool entry, bool external);
  bool parseFunctionDirectives(ParsedFunction &function);
  bool parseParameterList(ParsedFunction &function, bool results);
  bool parseVariable(bool external);
  bool parseAttributes(Attributes &attributes);
  bool parseDeclarator(const Attributes &attributes, Symbol &symbol);
  bool parseArraySize(const Attributes &attributes, Symbol &symbol);
  bool parseInitializer(Symbol &symbol);
  bool parseInitializerElement();
  bool placeVariable(Symbol &symbol);
  bool parseUnsigned(uint32_t &value, uint32_t most);

  // ParserBody.cpp: function bodies.
  bool parseBody(ParsedFunction &function);
  bool parseBodyItem();
  bool parseRegisters();
  bool parseBodyDirective();
  bool parseLocation();
  bool parseLabel();
  bool parseTargets(Label &label);
  bool parseStatement();
  bool parseGuard(Statement &statement);
  bool parseOperand(Operand &operand, unsigned depth);
  bool parseList(char close, Operand &operand, unsigned depth);
  bool parseAddress(Operand &operand, unsigned depth);
  bool parseName(Operand &operand);
  bool parseAddend(Operand &operand);
  bool closeScope();
  const Name *findName(std::string_view name);
  const Name *findRegister(std::string_view name);
  uint32_t addRegister(std::string_view name, Type type);
  uint32_t labelIndex(std::string_view name, uint32_t line);
  uint32_t addChildren(const std::vector<Operand> &children);

  bool fail(const Token &at, std::string text);
  bool fail(std::string text) { return fail(lexer.peek(), std::move(text)); }
  bool isPunctuation(char c) const {
    return lexer.peek().kind == TokenKind::Punctuation &&
           lexer.peek().punctuation == c;
  }
  bool take(char c) {
    if (!isPunctuation(c))
      return false;
    lexer.take();
    return true;
  }
  bool expect(char c);
  bool isDirective(std::string_view name) const {
    return lexer.peek().kind == TokenKind::Directive &&
           lexer.peek().text == name;
  }
  bool takeDirective(std::string_view name) {
    if (!isDirective(name))
      return false;
    lexer.take();
    return true;
  }

  std::string_view text;
  Lexer lexer;
  ParsedModule &module;
  LoadError &error;
  std::unordered_map<std::string_view, uint32_t> moduleNames;
  ParsedFunction *function = nullptr;
  int32_t functionIndex = -1;
  std::vector<Scope> scopes;
  int32_t location = -1;
};

} // namespace vgpu
