// Parser.cpp - modules, functions and variables of PTX text.
#include "tools/vgpu/core/ParserState.h"

#include <bit>

namespace vgpu {

namespace {
/// Texts beyond this are refused before anything is built from them.
constexpr size_t maxTextBytes = size_t(128) << 20;
constexpr uint64_t maxGlobalBytes = uint64_t(1) << 40;
constexpr uint64_t maxLocalBytes = 512 << 10;
constexpr uint64_t maxSharedBytes = 256 << 10;
constexpr uint32_t maxParameterBytes = 32764;
} // namespace

bool parseModule(std::string_view text, ParsedModule &module,
                 LoadError &error) {
  return Parser(text, module, error).parse();
}

bool Parser::fail(const Token &at, std::string what) {
  if (error.text.empty()) {
    error.line = at.line;
    error.column = at.column;
    error.text = std::move(what);
  }
  return false;
}

static std::string describe(const Token &token) {
  switch (token.kind) {
  case TokenKind::End:
    return "the end of the text";
  case TokenKind::Directive:
    return "'." + std::string(token.text.substr(0, 60)) + "'";
  default:
    return "'" + std::string(token.text.substr(0, 60)) + "'";
  }
}

bool Parser::expect(char c) {
  if (take(c))
    return true;
  return fail(std::string("expected '") + c + "', but got " +
              describe(lexer.peek()));
}

bool Parser::parseUnsigned(uint32_t &value, uint32_t most) {
  const Token &token = lexer.peek();
  if (token.kind != TokenKind::Integer || token.bits > most)
    return fail("expected an integer of at most " + std::to_string(most) +
                ", but got " + describe(token));
  value = uint32_t(token.bits);
  lexer.take();
  return true;
}

bool Parser::parse() {
  if (text.size() > maxTextBytes)
    return fail("expected PTX text of at most 128 MiB, but got " +
                std::to_string(text.size()) + " bytes");
  while (lexer.peek().kind != TokenKind::End)
    if (!parseModuleItem())
      return false;
  if (module.ptxVersion == 0)
    return fail("expected a .version directive, but the text has none");
  if (module.target == 0)
    return fail("expected a .target directive, but the text has none");
  return true;
}

bool Parser::parseModuleItem() {
  const Token token = lexer.peek();
  if (token.kind == TokenKind::Punctuation && token.punctuation == ';') {
    lexer.take();
    return true;
  }
  if (token.kind != TokenKind::Directive)
    return fail("expected a directive, but got " + describe(token));
  bool external = false;
  while (true) {
    if (takeDirective("extern"))
      external = true;
    else if (!takeDirective("visible") && !takeDirective("weak") &&
             !takeDirective("common"))
      break;
  }
  const Token directive = lexer.peek();
  std::string_view name = directive.text;
  if (directive.kind != TokenKind::Directive)
    return fail("expected a declaration, but got " + describe(directive));
  if (name == "entry" || name == "func") {
    lexer.take();
    return parseFunction(name == "entry", external);
  }
  if (name == "global" || name == "const" || name == "shared")
    return parseVariable(external);
  return parseHeader(name);
}

bool Parser::parseHeader(std::string_view name) {
  const Token directive = lexer.take();
  if (name == "version") {
    // "8.8" reads as a decimal number.
    const Token version = lexer.take();
    double value = std::bit_cast<double>(version.bits);
    if (version.kind != TokenKind::Float || version.width != 8 ||
        !(value >= 1 && value < 100))
      return fail(version, "expected a PTX version such as 8.0, but got " +
                               describe(version));
    module.ptxVersion = int(value * 10 + 0.5);
    return true;
  }
  if (name == "target") {
    const Token target = lexer.take();
    std::string_view arch = target.text;
    int number = 0;
    size_t i = 3;
    for (; i < arch.size() && i < 6 && arch[i] >= '0' && arch[i] <= '9'; ++i)
      number = number * 10 + (arch[i] - '0');
    if (!arch.starts_with("sm_") || number < 10)
      return fail(target, "expected a target such as sm_90a, but got " +
                              describe(target));
    module.target = number;
    module.targetName = arch;
    module.architectureSpecific = i < arch.size();
    while (take(','))
      lexer.take(); // texmode_independent, debug
    return true;
  }
  if (name == "address_size") {
    const Token size = lexer.take();
    if (size.kind != TokenKind::Integer || size.bits != 64)
      return fail(size, "expected .address_size 64, but got " + describe(size));
    return true;
  }
  if (name == "file") {
    uint32_t number = 0;
    if (!parseUnsigned(number, 1u << 24))
      return false;
    if (lexer.peek().kind != TokenKind::String)
      return fail("expected a file name, but got " + describe(lexer.peek()));
    module.files.push_back({number, lexer.take().text});
    while (take(','))
      lexer.take();
    return true;
  }
  if (name == "loc" || name == "pragma" || name == "alias") {
    lexer.skipLine();
    return true;
  }
  if (name == "section") {
    lexer.take();
    if (!isPunctuation('{') || !lexer.skipBlock())
      return fail(directive, "expected a closed section block");
    return true;
  }
  return fail(directive, "unknown directive " + describe(directive));
}

bool Parser::parseVariable(bool external) {
  Attributes attributes;
  if (!parseAttributes(attributes))
    return false;
  attributes.external = external;
  do {
    Symbol symbol;
    if (!parseDeclarator(attributes, symbol) || !placeVariable(symbol))
      return false;
    // A declaration may precede the definition.
    auto [at, fresh] =
        moduleNames.try_emplace(symbol.name, uint32_t(module.symbols.size()));
    if (fresh) {
      module.symbols.push_back(symbol);
    } else {
      Symbol &known = module.symbols[at->second];
      if (known.kind != Symbol::Kind::Variable || !known.external)
        return fail("'" + std::string(symbol.name) + "' is declared twice");
      known = symbol;
    }
  } while (take(','));
  return expect(';');
}

/// .space .align n .attribute(...) .v4 .type [.ptr .space .align n]
bool Parser::parseAttributes(Attributes &attributes) {
  while (lexer.peek().kind == TokenKind::Directive) {
    const Token token = lexer.take();
    std::string_view name = token.text;
    if (name == "global")
      attributes.space = Space::Global;
    else if (name == "const")
      attributes.space = Space::Const;
    else if (name == "shared" || name == "shared::cta")
      attributes.space = Space::Shared;
    else if (name == "local")
      attributes.space = Space::Local;
    else if (name == "param")
      attributes.space = Space::Param;
    else if (name == "align") {
      if (!parseUnsigned(attributes.alignment, 1u << 16))
        return false;
      if (!std::has_single_bit(attributes.alignment))
        return fail(token, "expected an alignment that is a power of two, "
                           "but got " +
                               std::to_string(attributes.alignment));
    } else if (name == "ptr") {
      // .ptr [.space] [.align n]: a promise about what a parameter points to.
      while (lexer.peek().kind == TokenKind::Directive) {
        bool align = lexer.peek().text == "align";
        lexer.take();
        uint32_t ignored;
        if (align && !parseUnsigned(ignored, 1u << 30))
          return false;
      }
    } else if (name == "v2" || name == "v4") {
      attributes.vector = name == "v2" ? 2 : 4;
    } else if (name == "attribute") {
      if (!expect('('))
        return false;
      while (!isPunctuation(')') && lexer.peek().kind != TokenKind::End)
        lexer.take();
      if (!expect(')'))
        return false;
    } else {
      attributes.type = parseType(name);
      if (attributes.type == Type::None)
        return fail(token, "expected a type, but got " + describe(token));
    }
  }
  if (attributes.type == Type::None)
    return fail("expected a type, but got " + describe(lexer.peek()));
  return true;
}

bool Parser::parseDeclarator(const Attributes &attributes, Symbol &symbol) {
  const Token name = lexer.take();
  if (name.kind != TokenKind::Identifier)
    return fail(name, "expected a name, but got " + describe(name));
  symbol.name = name.text;
  symbol.line = name.line;
  symbol.space = attributes.space;
  symbol.external = attributes.external;
  symbol.element = attributes.type;
  symbol.owner = functionIndex;
  symbol.bytes = uint64_t(typeBytes(attributes.type)) * attributes.vector;
  symbol.alignment = attributes.alignment
                         ? attributes.alignment
                         : std::max<uint32_t>(1, uint32_t(symbol.bytes));
  if (symbol.bytes == 0)
    return fail(name, "variables of this type are not allowed");
  while (isPunctuation('['))
    if (!parseArraySize(attributes, symbol))
      return false;
  if (take('='))
    return parseInitializer(symbol);
  return true;
}

bool Parser::parseArraySize(const Attributes &attributes, Symbol &symbol) {
  const Token open = lexer.take();
  if (take(']')) {
    symbol.dynamicSize = true;
    symbol.bytes = 0;
    return true;
  }
  const Token count = lexer.take();
  if (count.kind != TokenKind::Integer)
    return fail(count, "expected an array size, but got " + describe(count));
  if (__builtin_mul_overflow(symbol.bytes, count.bits, &symbol.bytes) ||
      symbol.bytes > maxGlobalBytes)
    return fail(open, "expected '" + std::string(symbol.name) +
                          "' to have at most 2^40 bytes");
  (void)attributes;
  return expect(']');
}

bool Parser::parseInitializer(Symbol &symbol) {
  symbol.firstInitializer = uint32_t(module.initializers.size());
  if (!isPunctuation('{')) {
    if (!parseInitializerElement())
      return false;
  } else {
    // Rows of several dimensions lie one after the other.
    unsigned depth = 0;
    do {
      if (take('{')) {
        ++depth;
      } else if (take('}')) {
        --depth;
      } else if (!take(',') && !parseInitializerElement()) {
        return false;
      }
    } while (depth > 0 && lexer.peek().kind != TokenKind::End);
    if (depth > 0)
      return fail("expected '}' at the end of an initializer");
  }
  symbol.initializerCount =
      uint32_t(module.initializers.size()) - symbol.firstInitializer;
  if (symbol.dynamicSize) {
    symbol.dynamicSize = false;
    symbol.bytes = uint64_t(symbol.initializerCount) *
                   std::max(1u, typeBytes(symbol.element));
  }
  uint64_t bytes =
      uint64_t(symbol.initializerCount) * typeBytes(symbol.element);
  if (bytes > symbol.bytes)
    return fail("expected at most " + std::to_string(symbol.bytes) +
                " bytes in the initializer of '" + std::string(symbol.name) +
                "', but got " + std::to_string(bytes));
  return true;
}

/// 12, -3, 0f3F800000, name, name+8, generic(name), 0xFF00(name)
bool Parser::parseInitializerElement() {
  Initializer element;
  bool negative = take('-');
  const Token token = lexer.take();
  if (token.kind == TokenKind::Float) {
    element.isFloat = true;
    double value = token.width == 4
                       ? double(std::bit_cast<float>(uint32_t(token.bits)))
                       : std::bit_cast<double>(token.bits);
    element.value = std::bit_cast<uint64_t>(negative ? -value : value);
    // Keep the pattern of a NaN.
    if (token.width == 4 && value != value)
      element.isFloat = false, element.value = token.bits;
    module.initializers.push_back(element);
    return true;
  }
  bool parens = false;
  Token name = token;
  if (token.kind == TokenKind::Integer) {
    element.value = negative ? 0 - token.bits : token.bits;
    if (!take('(')) {
      module.initializers.push_back(element);
      return true;
    }
    // 0xFF00(name): one byte of an address.
    unsigned shift = 0;
    while (shift < 8 && token.bits != uint64_t(0xff) << (8 * shift))
      ++shift;
    if (shift == 8)
      return fail(token, "expected a mask of one byte before '('");
    element.maskShift = uint8_t(shift);
    element.value = 0;
    parens = true;
    name = lexer.take();
  }
  if (name.kind == TokenKind::Identifier && name.text == "generic" &&
      take('(')) {
    element.generic = true;
    name = lexer.take();
    if (lexer.peek().kind == TokenKind::Punctuation && !take(')'))
      return expect(')');
  }
  auto known = moduleNames.find(name.text);
  if (name.kind != TokenKind::Identifier || known == moduleNames.end())
    return fail(name, "expected a number or the name of a variable, but got " +
                          describe(name));
  element.symbol = int32_t(known->second);
  if (take('+')) {
    const Token addend = lexer.take();
    if (addend.kind != TokenKind::Integer)
      return fail(addend, "expected an offset, but got " + describe(addend));
    element.value = addend.bits;
  }
  module.initializers.push_back(element);
  return !parens || expect(')');
}

/// Checks the size of a variable against its space.
bool Parser::placeVariable(Symbol &symbol) {
  uint64_t most = maxGlobalBytes;
  if (symbol.space == Space::Shared)
    most = maxSharedBytes;
  else if (symbol.space == Space::Local || symbol.space == Space::Param)
    most = maxLocalBytes;
  else if (symbol.space == Space::Const)
    most = 1 << 16;
  if (symbol.bytes > most)
    return fail("expected '" + std::string(symbol.name) + "' to have at most " +
                std::to_string(most) + " bytes, but got " +
                std::to_string(symbol.bytes));
  if (symbol.dynamicSize && symbol.space != Space::Shared && !symbol.external)
    return fail("expected '" + std::string(symbol.name) + "' to have a size");
  return true;
}

bool Parser::parseFunction(bool entry, bool external) {
  ParsedFunction parsed;
  parsed.entry = entry;
  functionIndex = int32_t(module.functions.size());
  scopes.clear();
  scopes.emplace_back();
  if (isPunctuation('(') && !parseParameterList(parsed, true))
    return false;
  const Token name = lexer.take();
  if (name.kind != TokenKind::Identifier)
    return fail(name, "expected a function name, but got " + describe(name));
  parsed.name = name.text;
  parsed.line = name.line;
  if (isPunctuation('(') && !parseParameterList(parsed, false))
    return false;
  if (!parseFunctionDirectives(parsed))
    return false;
  (void)external;

  auto [at, fresh] =
      moduleNames.try_emplace(name.text, uint32_t(module.symbols.size()));
  uint32_t index = uint32_t(functionIndex);
  if (fresh) {
    Symbol symbol;
    symbol.name = name.text;
    symbol.kind = Symbol::Kind::Function;
    symbol.offset = index;
    symbol.line = name.line;
    module.symbols.push_back(symbol);
    module.functions.emplace_back();
  } else {
    Symbol &known = module.symbols[at->second];
    if (known.kind != Symbol::Kind::Function ||
        (module.functions[known.offset].defined && isPunctuation('{')))
      return fail(name, "'" + std::string(name.text) + "' is declared twice");
    index = uint32_t(known.offset);
    if (module.functions[index].defined) {
      functionIndex = -1;
      return expect(';');
    }
    for (Symbol &symbol : module.symbols)
      if (symbol.owner == functionIndex)
        symbol.owner = int32_t(index);
  }
  functionIndex = int32_t(index);
  module.functions[index] = std::move(parsed);
  bool good = true;
  if (isPunctuation('{')) {
    module.functions[index].defined = true;
    good = parseBody(module.functions[index]);
  } else {
    good = expect(';');
  }
  functionIndex = -1;
  scopes.clear();
  return good;
}

bool Parser::parseParameterList(ParsedFunction &parsed, bool results) {
  lexer.take();
  while (!take(')')) {
    if (isDirective("reg"))
      return fail("parameters in registers are not supported");
    Attributes attributes;
    Symbol symbol;
    if (!parseAttributes(attributes))
      return false;
    attributes.space = Space::Param;
    if (!parseDeclarator(attributes, symbol) || !placeVariable(symbol))
      return false;
    symbol.kind =
        parsed.entry ? Symbol::Kind::KernelParam : Symbol::Kind::FrameParam;
    uint32_t &end = parsed.entry ? parsed.parameterBytes : parsed.frameBytes;
    uint64_t offset = (uint64_t(end) + symbol.alignment - 1) &
                      ~uint64_t(symbol.alignment - 1);
    uint64_t most = parsed.entry ? maxParameterBytes : maxLocalBytes;
    if (offset + symbol.bytes > most)
      return fail("expected at most " + std::to_string(most) +
                  " bytes of parameters");
    symbol.offset = offset;
    end = uint32_t(offset + symbol.bytes);
    uint32_t index = uint32_t(module.symbols.size());
    (results ? parsed.results : parsed.parameters).push_back(index);
    scopes.back().names[symbol.name] = {Name::Kind::Symbol, Type::None, index};
    module.symbols.push_back(symbol);
    if (!isPunctuation(')') && !expect(','))
      return false;
  }
  return true;
}

bool Parser::parseFunctionDirectives(ParsedFunction &parsed) {
  auto list = [&](uint32_t (&values)[3]) {
    values[0] = values[1] = values[2] = 1;
    for (unsigned i = 0; i < 3; ++i) {
      if (!parseUnsigned(values[i], 0x7fffffff))
        return false;
      if (!take(','))
        return true;
    }
    return fail("expected at most three numbers");
  };
  while (lexer.peek().kind == TokenKind::Directive) {
    const Token token = lexer.take();
    std::string_view name = token.text;
    bool good = true;
    if (name == "maxntid") {
      good = list(parsed.maxThreads);
    } else if (name == "reqntid") {
      parsed.requiredThreads = true;
      good = list(parsed.maxThreads);
    } else if (name == "reqnctapercluster") {
      good = list(parsed.cluster);
    } else if (name == "minnctapersm" || name == "maxnctapersm") {
      good = parseUnsigned(parsed.minBlocks, 0x7fffffff);
    } else if (name == "maxnreg") {
      good = parseUnsigned(parsed.maxRegisters, 0x7fffffff);
    } else if (name == "maxclusterrank") {
      good = parseUnsigned(parsed.maxClusterRank, 0x7fffffff);
    } else if (name == "explicitcluster" || name == "blocksareclusters") {
      parsed.explicitCluster = true;
    } else if (name == "pragma") {
      while (lexer.peek().kind == TokenKind::String || isPunctuation(','))
        lexer.take();
      good = expect(';');
    } else if (name == "loc") {
      lexer.skipLine();
    } else if (name == "attribute") {
      good = expect('(');
      while (good && !isPunctuation(')') && lexer.peek().kind != TokenKind::End)
        lexer.take();
      good = good && expect(')');
    } else if (name != "noreturn") {
      return fail(token, "unknown directive " + describe(token));
    }
    if (!good)
      return false;
  }
  return true;
}

} // namespace vgpu
