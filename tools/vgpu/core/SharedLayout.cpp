// SharedLayout.cpp - where the shared variables of each kernel lie.
//
// A variable that two kernels name (module scope, or of a function that both
// call) must have one offset: it lies behind what either of them has so far.
#include "tools/vgpu/core/SharedLayout.h"

#include <algorithm>

namespace vgpu {

namespace {

/// What the text of one function names.
struct Names {
  std::vector<uint32_t> shared;    ///< symbols
  std::vector<uint32_t> functions; ///< called, or their address taken
  bool callsIndirect = false;
};

bool isShared(const Symbol &symbol) {
  return symbol.kind == Symbol::Kind::Variable && symbol.space == Space::Shared;
}

bool callsByAddress(const ParsedModule &module, const ParsedFunction &function,
                    const Statement &statement) {
  if (!statement.opcode.starts_with("call"))
    return false;
  for (unsigned k = 0; k < statement.operandCount; ++k) {
    const Operand &operand = function.operands[statement.firstOperand + k];
    if (operand.kind == Operand::Kind::Symbol &&
        module.symbols[operand.index].kind == Symbol::Kind::Function)
      return false;
  }
  return true;
}

Names namesIn(const ParsedModule &module, const ParsedFunction &function) {
  Names names;
  for (const Operand &operand : function.operands) {
    if (operand.kind != Operand::Kind::Symbol)
      continue;
    const Symbol &symbol = module.symbols[operand.index];
    if (symbol.kind == Symbol::Kind::Function)
      names.functions.push_back(uint32_t(symbol.offset));
    else if (isShared(symbol))
      names.shared.push_back(operand.index);
  }
  for (std::vector<uint32_t> *list : {&names.shared, &names.functions}) {
    std::sort(list->begin(), list->end());
    list->erase(std::unique(list->begin(), list->end()), list->end());
  }
  for (const Statement &statement : function.statements)
    names.callsIndirect |= callsByAddress(module, function, statement);
  return names;
}

/// The functions that `kernel` may reach, itself first.
std::vector<uint32_t> reachable(const ParsedModule &module,
                                const std::vector<Names> &names,
                                uint32_t kernel) {
  std::vector<bool> seen(module.functions.size());
  std::vector<uint32_t> list{kernel};
  seen[kernel] = true;
  auto add = [&](uint32_t f) {
    if (f < seen.size() && !seen[f]) {
      seen[f] = true;
      list.push_back(f);
    }
  };
  for (size_t k = 0; k < list.size(); ++k) {
    const Names &at = names[list[k]];
    for (uint32_t f : at.functions)
      add(f);
    for (uint32_t f = 0; at.callsIndirect && f < module.functions.size(); ++f)
      if (!module.functions[f].entry)
        add(f);
  }
  return list;
}

} // namespace

const Symbol *placeShared(ParsedModule &module, uint64_t limit,
                          std::vector<KernelLayout> &layouts) {
  std::vector<Names> names;
  for (const ParsedFunction &function : module.functions)
    names.push_back(namesIn(module, function));
  // Kernels that hold each variable.
  std::vector<std::vector<uint32_t>> holders(module.symbols.size());
  for (uint32_t f = 0; f < module.functions.size(); ++f) {
    if (!module.functions[f].entry || !module.functions[f].defined)
      continue;
    for (uint32_t g : reachable(module, names, f))
      for (uint32_t s : names[g].shared)
        if (holders[s].empty() || holders[s].back() != f)
          holders[s].push_back(f);
  }
  std::vector<uint64_t> ends(module.functions.size(), 0);
  std::vector<uint32_t> alignments(module.functions.size(), 16);
  for (uint32_t s = 0; s < module.symbols.size(); ++s) {
    Symbol &symbol = module.symbols[s];
    if (!isShared(symbol))
      continue;
    // Variables of a kernel count even when nothing names them.
    if (holders[s].empty() && symbol.owner >= 0 &&
        module.functions[size_t(symbol.owner)].entry)
      holders[s].push_back(uint32_t(symbol.owner));
    if (symbol.dynamicSize) {
      for (uint32_t f : holders[s])
        alignments[f] = std::max(alignments[f], symbol.alignment);
      continue;
    }
    uint64_t at = 0;
    for (uint32_t f : holders[s])
      at = std::max(at, ends[f]);
    at = (at + symbol.alignment - 1) & ~uint64_t(symbol.alignment - 1);
    symbol.offset = sharedBegin + at;
    if (at > limit || symbol.bytes > limit - at)
      return &symbol;
    for (uint32_t f : holders[s])
      ends[f] = at + symbol.bytes;
  }
  layouts.resize(module.functions.size());
  for (size_t f = 0; f < layouts.size(); ++f) {
    uint64_t mask = alignments[f] - 1;
    layouts[f].staticShared = uint32_t(ends[f]);
    layouts[f].dynamicOffset = uint32_t((ends[f] + mask) & ~mask);
  }
  return nullptr;
}

} // namespace vgpu
