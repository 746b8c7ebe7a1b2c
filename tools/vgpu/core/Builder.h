// Builder.h - turns one parsed instruction into decoded ones.
#pragma once

#include "tools/vgpu/core/Module.h"
#include "tools/vgpu/core/Program.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vgpu {

/// The state of decoding one function, and the tools that the instruction
/// families use. A family's decode function takes the modifiers that it knows,
/// fills `insn` and calls emit(); it returns false after fail(). Modifiers left
/// over are an error.
class Builder {
public:
  Builder(Program &program, const ParsedModule &module, uint32_t function,
          LoadError &error);
  bool decode();

  // Modifiers: the parts of the opcode behind the mnemonic.
  /// Takes the modifier if it is there, anywhere in the opcode.
  bool take(std::string_view modifier);
  /// Takes the first of the listed modifiers that is there; returns its
  /// position or -1.
  int takeOneOf(std::initializer_list<std::string_view> modifiers);
  /// Takes the first modifier that names a type.
  Type takeType();
  /// Takes the state space, Generic when none is named.
  Space takeSpace();
  /// Takes a vector size: 1, 2, 4 or 8.
  unsigned takeVector();
  /// True when the modifier is there, taken or not.
  bool hasModifier(std::string_view modifier) const;
  /// The last modifier that names a type, left in place.
  Type lastType() const;
  bool modifiersDone() const;
  std::string_view mnemonic() const { return parts[0]; }
  /// The opcode split at its dots.
  const std::vector<std::string_view> &opcodeParts() const { return parts; }
  /// The first modifier that is left.
  std::string_view peekModifier() const;

  // Operands.
  unsigned operandCount() const { return statement->operandCount; }
  const Operand &operand(unsigned i) const;
  const Operand &child(const Operand &parent, unsigned i) const {
    return function.operands[parent.index + i];
  }
  /// Checks the number of operands.
  bool expectOperands(unsigned least, unsigned most);
  bool expectOperands(unsigned count) { return expectOperands(count, count); }
  /// The slot of a source of `bytes` bytes (0: a predicate). `loose` accepts
  /// wider registers. Integers and floats become constants of `type`.
  bool source(const Operand &operand, Type type, Ref &ref, bool loose = false);
  bool destination(const Operand &operand, Type type, Ref &ref,
                   bool loose = false);
  bool source(unsigned i, Type type, Ref &ref, bool loose = false) {
    return source(operand(i), type, ref, loose);
  }
  bool destination(unsigned i, Type type, Ref &ref, bool loose = false) {
    return destination(operand(i), type, ref, loose);
  }
  /// The base and offset of an address; `wide` tells a 64-bit base.
  bool address(const Operand &operand, Space space, Ref &base, int64_t &offset,
               bool &wide);
  /// An integer known at decode time.
  bool integer(const Operand &operand, int64_t &value);
  /// Bytes of the register behind an operand, 0 when it is none.
  unsigned registerBytes(const Operand &operand) const;
  Type registerType(const Operand &operand) const;
  Ref constant(uint64_t value, unsigned bytes);
  Ref temporary(unsigned bytes);
  /// Program counter of a label operand, resolved when the function ends.
  bool labelTarget(const Operand &operand, uint32_t &label);
  const Label &resolveLabel(uint32_t label) const;
  const Symbol &symbol(uint32_t index) const { return module.symbols[index]; }

  /// Appends the instruction with the statement's guard.
  void emit(const Insn &insn, InstructionClass cls);
  /// Registers an extra operand list entry; returns its index in ext.
  uint32_t addExt(uint32_t value);
  /// A branch whose imm must become the program counter of `label`.
  void fixBranch(uint32_t label);
  void fixExt(uint32_t extIndex, uint32_t label);
  void noteCallee(uint32_t function);
  void noteIndirectCall();

  bool fail(std::string text, bool unsupported = false);

  Program &program;
  const ParsedModule &module;
  const ParsedFunction &function;
  DecodedFunction &decoded;
  uint32_t functionIndex;
  uint32_t line() const { return statement->line; }
  bool atLeast(int architecture) const { return module.target >= architecture; }

private:
  /// Bytes that 32 lanes of an operand of `bytes` bytes take; see Ref.
  static unsigned slotBytes(unsigned bytes);
  bool decodeStatement(const Statement &next);
  void splitOpcode();
  bool symbolAddress(const Operand &operand, Type type, Ref &ref);
  void emitSpecial(SpecialRegister reg, int64_t addend, Ref target,
                   unsigned bytes);
  void emitHidden(const Insn &insn, Ref read, Ref written);
  void noteRead(Ref ref);
  void noteWrite(Ref ref);
  unsigned flopsOf(InstructionClass cls) const;
  void finish();
  void estimateRegisters();

  LoadError &error;
  const Statement *statement = nullptr;
  std::vector<std::string_view> parts;
  std::vector<bool> taken;
  std::vector<Ref> slots;
  std::vector<Ref> reads, writes;
  std::vector<std::pair<uint32_t, uint32_t>> branchFixes, extFixes;
  std::vector<uint32_t> statementPc;
  std::unordered_map<uint64_t, Ref> constantRefs[4];
  std::vector<std::pair<uint32_t, std::pair<uint64_t, unsigned>>> constantList;
  uint32_t constantBytes = 0;
  Ref guardRef = noRef;
};

using DecodeFunction = bool (*)(Builder &);
/// The family that decodes a mnemonic, or null.
DecodeFunction findDecoder(std::string_view mnemonic);

// The families; each in its own file.
bool decodeIntegerInsn(Builder &);
bool decodeBitInsn(Builder &);
bool decodeFloatInsn(Builder &);
bool decodeHalfInsn(Builder &);
bool decodeSpecialFunctionInsn(Builder &);
bool decodeCompareInsn(Builder &);
bool decodeConvertInsn(Builder &);
bool decodeMoveInsn(Builder &);
bool decodeMemoryInsn(Builder &);
bool decodeAtomicInsn(Builder &);
bool decodeControlInsn(Builder &);
bool decodeBarrierInsn(Builder &);
bool decodeExchangeInsn(Builder &);
bool decodeCopyInsn(Builder &);
bool decodeMbarrierInsn(Builder &);
bool decodeTensorCopyInsn(Builder &);
bool decodeMatrixInsn(Builder &);
bool decodeWgmmaInsn(Builder &);

/// The handler that reads a special register: aux = SpecialRegister,
/// aux32 = bytes, imm is added.
void runReadSpecial(Warp &, const Insn &, uint32_t mask);

} // namespace vgpu
