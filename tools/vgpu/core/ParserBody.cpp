// ParserBody.cpp - function bodies: registers, labels, instructions.
#include "tools/vgpu/core/ParserState.h"

namespace vgpu {

namespace {
constexpr unsigned maxScopes = 64;
constexpr unsigned maxOperandDepth = 4;
constexpr size_t maxOperands = 1024;
constexpr uint64_t maxFrameBytes = 512 << 10;
} // namespace

bool Parser::parseBody(ParsedFunction &parsed) {
  function = &parsed;
  location = -1;
  lexer.take();
  size_t outer = scopes.size();
  scopes.emplace_back();
  while (scopes.size() > outer) {
    if (lexer.peek().kind == TokenKind::End)
      return fail("expected '}' at the end of '" + std::string(parsed.name) +
                  "'");
    if (!parseBodyItem())
      return false;
  }
  for (const Label &label : parsed.labels)
    if (label.kind == Label::Kind::Undefined) {
      Token at;
      at.line = label.line;
      at.column = 1;
      return fail(at, "unknown name '" + std::string(label.name) + "'");
    }
  return true;
}

bool Parser::parseBodyItem() {
  const Token &token = lexer.peek();
  if (take('{')) {
    if (scopes.size() >= maxScopes)
      return fail("expected at most 64 nested scopes");
    scopes.emplace_back();
    return true;
  }
  if (isPunctuation('}')) {
    // The brace is taken last: after the function's own, no more is read.
    if (!closeScope())
      return false;
    lexer.take();
    return true;
  }
  if (take(';'))
    return true;
  if (token.kind == TokenKind::Directive)
    return parseBodyDirective();
  if (lexer.atLabel())
    return parseLabel();
  return parseStatement();
}

bool Parser::parseBodyDirective() {
  if (isDirective("reg"))
    return parseRegisters();
  if (isDirective("loc"))
    return parseLocation();
  if (takeDirective("pragma")) {
    while (lexer.peek().kind == TokenKind::String || isPunctuation(','))
      lexer.take();
    return expect(';');
  }
  if (isDirective("branchtargets") || isDirective("callprototype") ||
      isDirective("calltargets"))
    return fail("expected a label before this directive");
  if (isDirective("file") || isDirective("section"))
    return parseHeader(lexer.peek().text);
  bool external = takeDirective("extern");
  Attributes attributes;
  if (!parseAttributes(attributes))
    return false;
  attributes.external = external;
  do {
    Symbol symbol;
    if (!parseDeclarator(attributes, symbol) || !placeVariable(symbol))
      return false;
    if (symbol.space == Space::Generic)
      return fail("expected a state space for '" + std::string(symbol.name) +
                  "'");
    if (symbol.space == Space::Local || symbol.space == Space::Param) {
      symbol.kind = symbol.space == Space::Param ? Symbol::Kind::FrameParam
                                                 : Symbol::Kind::Variable;
      uint64_t offset =
          (uint64_t(function->frameBytes) + symbol.alignment - 1) &
          ~uint64_t(symbol.alignment - 1);
      if (offset + symbol.bytes > maxFrameBytes)
        return fail("expected at most 512 KiB of local memory in '" +
                    std::string(function->name) + "'");
      symbol.offset = offset;
      function->frameBytes = uint32_t(offset + symbol.bytes);
    }
    scopes.back().names[symbol.name] = {Name::Kind::Symbol, Type::None,
                                        uint32_t(module.symbols.size())};
    module.symbols.push_back(symbol);
  } while (take(','));
  return expect(';');
}

/// .reg .b32 %r<10>, %x, %y;
bool Parser::parseRegisters() {
  lexer.take();
  Attributes attributes;
  if (!parseAttributes(attributes))
    return false;
  if (attributes.vector != 1)
    return fail("vector registers are not supported");
  do {
    const Token name = lexer.take();
    if (name.kind != TokenKind::Identifier)
      return fail(name, "expected a register name, but got '" +
                            std::string(name.text.substr(0, 60)) + "'");
    Name entry{Name::Kind::Range, attributes.type, 0};
    if (take('<')) {
      if (!parseUnsigned(entry.index, 0x7fffffff) || !expect('>'))
        return false;
    } else {
      entry.kind = Name::Kind::Register;
      entry.index = addRegister(name.text, attributes.type);
    }
    scopes.back().names[name.text] = entry;
  } while (take(','));
  return expect(';');
}

uint32_t Parser::addRegister(std::string_view name, Type type) {
  function->registers.push_back(type);
  function->registerNames.push_back(name);
  return uint32_t(function->registers.size() - 1);
}

bool Parser::parseLocation() {
  lexer.take();
  SourceLocation at;
  if (!parseUnsigned(at.file, 0x7fffffff) ||
      !parseUnsigned(at.line, 0x7fffffff))
    return false;
  location = int32_t(function->locations.size());
  function->locations.push_back(at);
  lexer.skipLine();
  return true;
}

uint32_t Parser::labelIndex(std::string_view name, uint32_t line) {
  auto [at, fresh] =
      scopes.back().labels.try_emplace(name, uint32_t(function->labels.size()));
  if (fresh) {
    Label label;
    label.name = name;
    label.line = line;
    function->labels.push_back(std::move(label));
  }
  return at->second;
}

bool Parser::parseLabel() {
  const Token name = lexer.take();
  lexer.take(); // ':'
  uint32_t index = labelIndex(name.text, name.line);
  Label &label = function->labels[index];
  if (label.kind != Label::Kind::Undefined)
    return fail(name,
                "label '" + std::string(name.text) + "' is defined twice");
  label.line = name.line;
  if (isDirective("branchtargets"))
    return parseTargets(label);
  if (isDirective("callprototype") || isDirective("calltargets")) {
    // Parameters are copied as the called function declares them.
    label.kind = Label::Kind::Prototype;
    while (!isPunctuation(';') && lexer.peek().kind != TokenKind::End)
      lexer.take();
    return expect(';');
  }
  label.kind = Label::Kind::Position;
  label.statement = uint32_t(function->statements.size());
  return true;
}

bool Parser::parseTargets(Label &label) {
  lexer.take();
  uint32_t self = uint32_t(&label - function->labels.data());
  label.kind = Label::Kind::Targets;
  std::vector<uint32_t> targets;
  do {
    const Token name = lexer.take();
    if (name.kind != TokenKind::Identifier)
      return fail(name, "expected a label, but got '" +
                            std::string(name.text.substr(0, 60)) + "'");
    targets.push_back(labelIndex(name.text, name.line));
  } while (take(','));
  function->labels[self].targets = std::move(targets);
  return expect(';');
}

/// Moves labels that are used but not defined here to the scope outside.
bool Parser::closeScope() {
  Scope scope = std::move(scopes.back());
  scopes.pop_back();
  if (scopes.size() <= 1)
    return true;
  for (auto &[name, index] : scope.labels) {
    if (function->labels[index].kind != Label::Kind::Undefined)
      continue;
    auto [at, fresh] = scopes.back().labels.try_emplace(name, index);
    if (fresh || at->second == index)
      continue;
    // Both scopes use the name: the inner label follows the outer one.
    function->labels[index].kind = Label::Kind::Forward;
    function->labels[index].statement = at->second;
  }
  return true;
}

const Parser::Name *Parser::findName(std::string_view name) {
  for (size_t i = scopes.size(); i-- > 0;) {
    auto at = scopes[i].names.find(name);
    if (at != scopes[i].names.end() && at->second.kind != Name::Kind::Range)
      return &at->second;
  }
  return findRegister(name);
}

/// A register of a declared range: %r12 of .reg .b32 %r<20>.
const Parser::Name *Parser::findRegister(std::string_view name) {
  size_t end = name.size();
  while (end > 0 && name[end - 1] >= '0' && name[end - 1] <= '9')
    --end;
  if (end == name.size() || name.size() - end > 9)
    return nullptr;
  uint32_t number = 0;
  for (char c : name.substr(end))
    number = number * 10 + uint32_t(c - '0');
  for (size_t i = scopes.size(); i-- > 0;) {
    auto at = scopes[i].names.find(name.substr(0, end));
    if (at == scopes[i].names.end() || at->second.kind != Name::Kind::Range)
      continue;
    if (number >= at->second.index)
      return nullptr;
    Name entry{Name::Kind::Register, at->second.type, 0};
    entry.index = addRegister(name, entry.type);
    return &(scopes[i].names[name] = entry);
  }
  return nullptr;
}

bool Parser::parseGuard(Statement &statement) {
  statement.guardNegated = take('!');
  const Token name = lexer.take();
  const Name *entry = findName(name.text);
  if (!entry || entry->kind != Name::Kind::Register ||
      entry->type != Type::Pred)
    return fail(name, "expected a predicate register, but got '" +
                          std::string(name.text.substr(0, 60)) + "'");
  statement.guard = int32_t(entry->index);
  return true;
}

bool Parser::parseStatement() {
  Statement statement;
  if (take('@') && !parseGuard(statement))
    return false;
  if (lexer.peek().kind != TokenKind::Identifier ||
      lexer.peek().text.front() == '%')
    return fail("expected an instruction, but got '" +
                std::string(lexer.peek().text.substr(0, 60)) + "'");
  const Token opcode = lexer.takeOpcode();
  statement.opcode = opcode.text;
  statement.line = opcode.line;
  statement.column = opcode.column;
  statement.location = location;
  std::vector<Operand> operands;
  while (!isPunctuation(';')) {
    // Commas part operands; `call (r), f, (a)` has a list before the first.
    if (!operands.empty() && !expect(','))
      return false;
    Operand operand;
    if (!parseOperand(operand, 0))
      return false;
    operands.push_back(operand);
    if (operands.size() > maxOperands)
      return fail("expected at most 1024 operands");
  }
  statement.end = lexer.peek().text.data();
  lexer.take();
  statement.firstOperand = addChildren(operands);
  statement.operandCount = uint16_t(operands.size());
  function->statements.push_back(statement);
  return true;
}

uint32_t Parser::addChildren(const std::vector<Operand> &children) {
  uint32_t first = uint32_t(function->operands.size());
  function->operands.insert(function->operands.end(), children.begin(),
                            children.end());
  return first;
}

bool Parser::parseList(char close, Operand &operand, unsigned depth) {
  std::vector<Operand> children;
  while (!take(close)) {
    if (!children.empty() && !expect(','))
      return false;
    Operand child;
    if (!parseOperand(child, depth + 1))
      return false;
    children.push_back(child);
    if (children.size() > maxOperands)
      return fail("expected at most 1024 operands");
  }
  operand.kind = Operand::Kind::Vector;
  operand.index = addChildren(children);
  operand.count = uint32_t(children.size());
  return true;
}

/// [reg], [reg+4], [symbol-8], [12], [map, {x, y}], [a, {x}, {im2col}]
bool Parser::parseAddress(Operand &operand, unsigned depth) {
  std::vector<Operand> children;
  int64_t offset = 0;
  while (!take(']')) {
    if (!children.empty() && !expect(','))
      return false;
    Operand child;
    if (!parseOperand(child, depth + 1))
      return false;
    if (children.empty()) {
      offset = child.value;
      if (child.kind == Operand::Kind::Integer)
        offset = 0;
    }
    children.push_back(child);
    if (children.size() > 8)
      return fail("expected at most 8 parts in an address");
  }
  if (children.empty())
    return fail("expected an address between '[' and ']'");
  operand.kind = Operand::Kind::Address;
  operand.value = offset;
  operand.index = addChildren(children);
  operand.count = uint32_t(children.size());
  return true;
}

bool Parser::parseOperand(Operand &operand, unsigned depth) {
  if (depth > maxOperandDepth)
    return fail("expected at most 4 nested operands");
  if (take('{'))
    return parseList('}', operand, depth);
  if (take('('))
    return parseList(')', operand, depth);
  if (take('['))
    return parseAddress(operand, depth);
  if (take('!')) {
    operand.negated = true;
    return parseName(operand);
  }
  bool negative = take('-');
  bool inverted = !negative && take('~');
  const Token token = lexer.peek();
  if (token.kind == TokenKind::Integer) {
    lexer.take();
    operand.kind = Operand::Kind::Integer;
    operand.value = int64_t(negative   ? 0 - token.bits
                            : inverted ? ~token.bits
                                       : token.bits);
    return true;
  }
  if (token.kind == TokenKind::Float) {
    lexer.take();
    operand.kind = Operand::Kind::Float;
    operand.width = token.width;
    operand.value = int64_t(token.bits);
    if (negative)
      operand.value ^=
          int64_t(token.width == 4 ? uint64_t(1) << 31 : uint64_t(1) << 63);
    return true;
  }
  if (negative || inverted)
    return fail("expected a number, but got '" +
                std::string(token.text.substr(0, 60)) + "'");
  if (!parseName(operand))
    return false;
  if (isPunctuation('|')) {
    lexer.take();
    Operand second;
    if (!parseName(second))
      return false;
    uint32_t first = addChildren({operand, second});
    operand = Operand();
    operand.kind = Operand::Kind::Pair;
    operand.index = first;
    operand.count = 2;
    return true;
  }
  return parseAddend(operand);
}

bool Parser::parseAddend(Operand &operand) {
  while (isPunctuation('+') || isPunctuation('-')) {
    bool minus = take('-');
    if (!minus)
      lexer.take();
    minus ^= take('-');
    const Token token = lexer.take();
    if (token.kind != TokenKind::Integer)
      return fail(token, "expected an offset, but got '" +
                             std::string(token.text.substr(0, 60)) + "'");
    operand.value = int64_t(uint64_t(operand.value) +
                            (minus ? 0 - token.bits : token.bits));
  }
  return true;
}

bool Parser::parseName(Operand &operand) {
  const Token token = lexer.take();
  if (token.kind != TokenKind::Identifier)
    return fail(token, "expected an operand, but got '" +
                           std::string(token.text.substr(0, 60)) + "'");
  if (token.text == "_") {
    operand.kind = Operand::Kind::Sink;
    return true;
  }
  if (token.text == "WARP_SZ") {
    operand.kind = Operand::Kind::Integer;
    operand.value = 32;
    return true;
  }
  if (const Name *entry = findName(token.text)) {
    operand.kind = entry->kind == Name::Kind::Symbol ? Operand::Kind::Symbol
                                                     : Operand::Kind::Register;
    operand.index = entry->index;
    return true;
  }
  auto known = moduleNames.find(token.text);
  if (known != moduleNames.end()) {
    operand.kind = Operand::Kind::Symbol;
    operand.index = known->second;
    return true;
  }
  if (token.text.front() == '%') {
    std::string_view name = token.text;
    if (lexer.peek().kind == TokenKind::Directive &&
        lexer.peek().text.size() == 1 &&
        lexer.peek().text.data() == name.data() + name.size() + 1) {
      name = std::string_view(name.data(), name.size() + 2);
      lexer.take();
    }
    SpecialRegister special;
    if (!findSpecialRegister(name, special))
      return fail(token,
                  "unknown register '" + std::string(name.substr(0, 60)) + "'");
    operand.kind = Operand::Kind::Special;
    operand.index = uint32_t(special);
    return true;
  }
  operand.kind = Operand::Kind::Label;
  operand.index = labelIndex(token.text, token.line);
  return true;
}

} // namespace vgpu
