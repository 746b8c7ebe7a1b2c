// Builder.cpp - the tools that decode one function's instructions.
#include "tools/vgpu/core/Builder.h"

#include "tools/vgpu/core/Warp.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace vgpu {

Builder::Builder(Program &program, const ParsedModule &module,
                 uint32_t functionIndex, LoadError &error)
    : program(program), module(module),
      function(module.functions[functionIndex]),
      decoded(program.functions[functionIndex]), functionIndex(functionIndex),
      error(error) {}

bool Builder::decode() {
  decoded.begin = uint32_t(program.code.size());
  slots.reserve(function.registers.size());
  for (Type type : function.registers) {
    slots.push_back(decoded.registerBytes);
    decoded.registerBytes += slotBytes(typeBytes(type));
    if (decoded.registerBytes > (64u << 20)) {
      error.line = function.line;
      error.text = "expected at most 64 MiB of registers per warp in '" +
                   std::string(function.name) + "'";
      return false;
    }
  }
  for (const Statement &next : function.statements)
    if (!decodeStatement(next))
      return false;
  finish();
  return true;
}

bool Builder::decodeStatement(const Statement &next) {
  statement = &next;
  statementPc.push_back(uint32_t(program.code.size()));
  splitOpcode();
  reads.clear();
  writes.clear();
  guardRef = next.guard >= 0 ? slots[size_t(next.guard)] : noRef;
  size_t before = program.code.size();
  DecodeFunction family = findDecoder(mnemonic());
  if (!family)
    return fail("instruction '" + std::string(next.opcode.substr(0, 80)) +
                    "' is not modelled",
                true);
  if (!family(*this)) {
    if (error.text.empty())
      return fail("instruction '" + std::string(next.opcode.substr(0, 80)) +
                      "' is not modelled in this form",
                  true);
    return false;
  }
  if (!modifiersDone())
    return fail("instruction '" + std::string(next.opcode.substr(0, 80)) +
                    "' is not modelled with '." + std::string(peekModifier()) +
                    "'",
                true);
  for (size_t i = before; i + 1 < program.code.size(); ++i)
    program.code[i].flags |= FlagHidden;
  return true;
}

void Builder::splitOpcode() {
  parts.clear();
  std::string_view rest = statement->opcode;
  while (true) {
    size_t dot = rest.find('.');
    parts.push_back(rest.substr(0, dot));
    if (dot == rest.npos)
      break;
    rest = rest.substr(dot + 1);
  }
  taken.assign(parts.size(), false);
  taken[0] = true;
}

bool Builder::fail(std::string text, bool unsupported) {
  if (!error.text.empty())
    return false;
  error.line = statement ? statement->line : function.line;
  error.column = statement ? statement->column : 1;
  error.unsupported = unsupported;
  error.text = std::move(text);
  if (statement && statement->end) {
    std::string_view whole(statement->opcode.data(),
                           size_t(statement->end - statement->opcode.data()));
    error.text += ": " + std::string(whole.substr(0, 160));
    std::replace(error.text.begin(), error.text.end(), '\n', ' ');
    std::replace(error.text.begin(), error.text.end(), '\t', ' ');
  }
  return false;
}

bool Builder::take(std::string_view modifier) {
  for (size_t i = 1; i < parts.size(); ++i)
    if (!taken[i] && parts[i] == modifier) {
      taken[i] = true;
      return true;
    }
  return false;
}

int Builder::takeOneOf(std::initializer_list<std::string_view> modifiers) {
  int index = 0;
  for (std::string_view modifier : modifiers) {
    if (take(modifier))
      return index;
    ++index;
  }
  return -1;
}

Type Builder::takeType() {
  for (size_t i = 1; i < parts.size(); ++i)
    if (!taken[i]) {
      Type type = parseType(parts[i]);
      if (type != Type::None) {
        taken[i] = true;
        return type;
      }
    }
  return Type::None;
}

Space Builder::takeSpace() {
  switch (
      takeOneOf({"global", "shared", "shared::cta", "shared::cluster", "local",
                 "const", "param", "param::entry", "param::func"})) {
  case 0:
    return Space::Global;
  case 1:
  case 2:
  case 3:
    return Space::Shared;
  case 4:
    return Space::Local;
  case 5:
    return Space::Const;
  case 6:
  case 7:
  case 8:
    return Space::Param;
  default:
    return Space::Generic;
  }
}

unsigned Builder::takeVector() {
  return take("v2") ? 2 : take("v4") ? 4 : take("v8") ? 8 : 1;
}

bool Builder::hasModifier(std::string_view modifier) const {
  return std::find(parts.begin() + 1, parts.end(), modifier) != parts.end();
}

Type Builder::lastType() const {
  for (size_t i = parts.size(); i-- > 1;)
    if (Type type = parseType(parts[i]); type != Type::None)
      return type;
  return Type::None;
}

bool Builder::modifiersDone() const {
  return std::find(taken.begin(), taken.end(), false) == taken.end();
}

std::string_view Builder::peekModifier() const {
  for (size_t i = 1; i < parts.size(); ++i)
    if (!taken[i])
      return parts[i];
  return {};
}

const Label &Builder::resolveLabel(uint32_t label) const {
  const Label *at = &function.labels[label];
  while (at->kind == Label::Kind::Forward)
    at = &function.labels[at->statement];
  return *at;
}

bool Builder::labelTarget(const Operand &operand, uint32_t &label) {
  if (operand.kind != Operand::Kind::Label)
    return fail("expected a label");
  if (resolveLabel(operand.index).kind != Label::Kind::Position)
    return fail("expected a label of an instruction");
  label = operand.index;
  return true;
}

uint32_t Builder::addExt(uint32_t value) {
  program.ext.push_back(value);
  return uint32_t(program.ext.size() - 1);
}

void Builder::fixBranch(uint32_t label) {
  branchFixes.push_back({uint32_t(program.code.size()), label});
}
void Builder::fixExt(uint32_t extIndex, uint32_t label) {
  extFixes.push_back({extIndex, label});
}
void Builder::noteCallee(uint32_t callee) { decoded.callees.push_back(callee); }
void Builder::noteIndirectCall() { decoded.callsIndirect = true; }

/// Floating-point operations of one lane; see KernelStatistics::flops.
unsigned Builder::flopsOf(InstructionClass cls) const {
  if (cls == InstructionClass::SpecialFunction)
    return hasModifier("f16x2") || hasModifier("bf16x2") ? 2 : 1;
  if (cls != InstructionClass::Float16 && cls != InstructionClass::Float32 &&
      cls != InstructionClass::Float64)
    return 0;
  std::string_view name = mnemonic();
  unsigned each = name == "fma" || name == "mad" ? 2
                  : name == "add" || name == "sub" || name == "mul" ||
                          name == "div" || name == "sqrt" || name == "rcp"
                      ? 1
                      : 0;
  bool packed =
      hasModifier("f16x2") || hasModifier("bf16x2") || hasModifier("f32x2");
  return packed ? 2 * each : each;
}

void Builder::emit(const Insn &given, InstructionClass cls) {
  Insn insn = given;
  insn.cls = uint8_t(cls);
  insn.guard = guardRef;
  insn.guardNegated = statement->guardNegated;
  InsnInfo info;
  info.line = statement->line;
  info.function = functionIndex;
  info.textBegin = uint32_t(statement->opcode.data() - program.text.data());
  info.textBytes = uint32_t(statement->end - statement->opcode.data());
  info.location = statement->location;
  if (statement->opcode.size())
    info.flops = uint8_t(flopsOf(cls));
  info.firstReg = uint32_t(program.regs.size());
  if (guardRef != noRef)
    reads.push_back(guardRef);
  info.reads = uint16_t(reads.size());
  info.writes = uint16_t(writes.size());
  program.regs.insert(program.regs.end(), reads.begin(), reads.end());
  program.regs.insert(program.regs.end(), writes.begin(), writes.end());
  reads.clear();
  writes.clear();
  program.code.push_back(insn);
  program.info.push_back(info);
}

void Builder::finish() {
  // Falling off the end returns.
  Statement closing;
  closing.opcode = std::string_view(program.text).substr(0, 0);
  closing.end = closing.opcode.data();
  closing.line = statement ? statement->line : function.line;
  statement = &closing;
  guardRef = noRef;
  uint32_t endPc = uint32_t(program.code.size());
  Insn insn;
  insn.run = runReturn;
  emit(insn, InstructionClass::Control);
  statement = nullptr;
  auto pcOf = [&](uint32_t label) {
    uint32_t at = resolveLabel(label).statement;
    return at < statementPc.size() ? statementPc[at] : endPc;
  };
  for (auto [pc, label] : branchFixes)
    program.code[pc].imm = pcOf(label);
  for (auto [index, label] : extFixes)
    program.ext[index] = pcOf(label);
  decoded.end = uint32_t(program.code.size());

  decoded.constantStorage.reset(new uint8_t[constantBytes + 64]);
  auto at = reinterpret_cast<uintptr_t>(decoded.constantStorage.get());
  decoded.constants = decoded.constantStorage.get() + ((64 - at % 64) % 64);
  for (auto &[offset, entry] : constantList) {
    auto [value, bytes] = entry;
    uint8_t *slot = decoded.constants + offset;
    if (bytes == 0) {
      uint32_t mask = uint32_t(value);
      memcpy(slot, &mask, 4);
      continue;
    }
    unsigned width = std::max(bytes, 2u);
    for (unsigned lane = 0; lane < 32; ++lane)
      memcpy(slot + lane * std::min(width, 8u), &value, std::min(width, 8u));
    if (bytes == 16)
      memset(slot + 256, 0, 256);
  }
  estimateRegisters();
}

/// Intervals from first to last mention, stretched over the loops that they
/// enter; the answer is the widest overlap.
void Builder::estimateRegisters() {
  struct Interval {
    uint32_t first = ~0u, last = 0, units = 0;
  };
  std::unordered_map<Ref, Interval> intervals;
  uint32_t begin = decoded.begin, end = decoded.end;
  std::unordered_map<Ref, uint32_t> units;
  for (size_t i = 0; i < slots.size(); ++i) {
    unsigned bytes = typeBytes(function.registers[i]);
    units[slots[i]] = bytes == 0 ? 0 : std::max(1u, bytes / 4);
  }
  std::vector<std::pair<uint32_t, uint32_t>> loops;
  for (uint32_t pc = begin; pc < end; ++pc) {
    const InsnInfo &info = program.info[pc];
    for (uint32_t i = 0; i < uint32_t(info.reads + info.writes); ++i) {
      Ref ref = program.regs[info.firstReg + i];
      Interval &interval = intervals[ref];
      interval.first = std::min(interval.first, pc);
      interval.last = std::max(interval.last, pc);
      auto at = units.find(ref);
      interval.units = at == units.end() ? 0 : at->second;
    }
  }
  for (auto [pc, label] : branchFixes)
    if (program.code[pc].imm <= int64_t(pc))
      loops.push_back({uint32_t(program.code[pc].imm), pc});
  if (uint64_t(loops.size()) * intervals.size() < 20000000)
    for (auto [head, tail] : loops)
      for (auto &[ref, interval] : intervals)
        if (interval.first < head && interval.last >= head &&
            interval.last < tail)
          interval.last = tail;
  std::vector<int32_t> change(end - begin + 1);
  for (auto &[ref, interval] : intervals) {
    change[interval.first - begin] += int32_t(interval.units);
    change[interval.last - begin] -= int32_t(interval.units);
  }
  int32_t now = 0, most = 0;
  for (int32_t c : change)
    most = std::max(most, now += c);
  decoded.liveRegisters = uint32_t(most);
}

} // namespace vgpu
