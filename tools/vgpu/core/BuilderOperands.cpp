// BuilderOperands.cpp - operands of a statement to slots of registers and
// constants.
#include "tools/vgpu/core/Builder.h"

#include "tools/vgpu/core/Warp.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace vgpu {

unsigned Builder::slotBytes(unsigned bytes) {
  return bytes <= 2 ? 64 : bytes * 32;
}

const Operand &Builder::operand(unsigned i) const {
  static const Operand none;
  return i < statement->operandCount
             ? function.operands[statement->firstOperand + i]
             : none;
}

bool Builder::expectOperands(unsigned least, unsigned most) {
  unsigned count = operandCount();
  if (count >= least && count <= most)
    return true;
  return fail("expected " + std::to_string(least) +
              (least == most ? "" : " to " + std::to_string(most)) +
              " operands, but got " + std::to_string(count));
}

Type Builder::registerType(const Operand &operand) const {
  return operand.kind == Operand::Kind::Register
             ? function.registers[operand.index]
             : Type::None;
}

unsigned Builder::registerBytes(const Operand &operand) const {
  return typeBytes(registerType(operand));
}

void Builder::noteRead(Ref ref) {
  if (!(ref & constantRef) && ref != noRef)
    reads.push_back(ref);
}
void Builder::noteWrite(Ref ref) { writes.push_back(ref); }

Ref Builder::constant(uint64_t value, unsigned bytes) {
  unsigned kind = bytes <= 2 ? 0 : bytes == 4 ? 1 : bytes == 8 ? 2 : 3;
  if (bytes == 0)
    value = (value ? 0xffffffffu : 0u) | (uint64_t(1) << 40); // a mask
  else if (bytes < 8)
    value &= (uint64_t(1) << (8 * bytes)) - 1;
  auto [at, fresh] = constantRefs[kind].try_emplace(value, constantBytes);
  if (fresh) {
    constantList.push_back({constantBytes, {value, bytes}});
    constantBytes += slotBytes(bytes);
  }
  return at->second | constantRef;
}

Ref Builder::temporary(unsigned bytes) {
  Ref ref = decoded.registerBytes;
  decoded.registerBytes += slotBytes(bytes);
  return ref;
}

/// Bits of a float literal as a value of `type`.
static bool floatBits(const Operand &operand, Type type, uint64_t &bits) {
  unsigned bytes = typeBytes(type);
  bits = uint64_t(operand.value);
  if (bytes == operand.width)
    return true;
  if (operand.width == 4 && bytes == 8) {
    double wide = std::bit_cast<float>(uint32_t(bits));
    bits = std::bit_cast<uint64_t>(wide);
    return true;
  }
  if (operand.width == 8 && bytes == 4) {
    bits = std::bit_cast<uint32_t>(float(std::bit_cast<double>(bits)));
    return true;
  }
  return false;
}

bool Builder::source(const Operand &operand, Type type, Ref &ref, bool loose) {
  unsigned bytes = typeBytes(type);
  using Kind = Operand::Kind;
  switch (operand.kind) {
  case Kind::Register: {
    Type have = registerType(operand);
    unsigned haveBytes =
        std::max(typeBytes(have), have == Type::Pred ? 0u : 2u);
    unsigned wantBytes = type == Type::Pred ? 0 : std::max(bytes, 2u);
    if (haveBytes != wantBytes &&
        !(loose && haveBytes > wantBytes && wantBytes))
      return fail("expected a register of " + std::to_string(8 * bytes) +
                  " bits, but got '" +
                  std::string(function.registerNames[operand.index]) + "' of " +
                  std::to_string(8 * haveBytes));
    ref = slots[operand.index];
    noteRead(ref);
    if (operand.negated) {
      if (type != Type::Pred)
        return fail("expected '!' only before a predicate");
      Insn insn;
      insn.run = runNotPredicate;
      insn.a = ref;
      insn.d = ref = temporary(0);
      reads.pop_back();
      emitHidden(insn, insn.a, ref);
      noteRead(ref);
    }
    return true;
  }
  case Kind::Integer:
    ref = constant(uint64_t(operand.value), bytes);
    return true;
  case Kind::Float: {
    uint64_t bits;
    if (!floatBits(operand, type, bits))
      return fail("a literal of this width does not fit the operand");
    ref = constant(bits, bytes);
    return true;
  }
  case Kind::Special: {
    auto reg = SpecialRegister(operand.index);
    unsigned natural = specialRegisterBytes(reg);
    if (bytes != natural && !(bytes == 4 || bytes == 8 || bytes == 2))
      return fail("a special register cannot be read with this type");
    ref = temporary(bytes);
    emitSpecial(reg, operand.value, ref, bytes);
    return true;
  }
  case Kind::Symbol:
    return symbolAddress(operand, type, ref);
  case Kind::Label:
    return fail("unknown name '" +
                std::string(function.labels[operand.index].name) + "'");
  default:
    return fail("expected a register or a constant");
  }
}

bool Builder::symbolAddress(const Operand &operand, Type type, Ref &ref) {
  unsigned bytes = typeBytes(type);
  const Symbol &named = symbol(operand.index);
  uint64_t addend = uint64_t(operand.value);
  if (bytes != 4 && bytes != 8)
    return fail("an address needs a 32- or 64-bit operand");
  if (named.kind == Symbol::Kind::Function) {
    noteIndirectCall();
    ref = constant(functionWindow | named.offset, bytes);
    return true;
  }
  switch (named.space) {
  case Space::Shared:
    if (named.dynamicSize) {
      ref = temporary(bytes);
      emitSpecial(SpecialRegister::DynamicShared, int64_t(addend), ref, bytes);
    } else {
      ref = constant(named.offset + addend, bytes);
    }
    return true;
  case Space::Local:
  case Space::Param:
    if (named.kind != Symbol::Kind::KernelParam && !decoded.entry) {
      ref = temporary(bytes);
      emitSpecial(SpecialRegister::FrameLocal, int64_t(named.offset + addend),
                  ref, bytes);
    } else {
      ref = constant(named.offset + addend, bytes);
    }
    return true;
  default:
    if (named.external)
      return fail("'" + std::string(named.name) +
                  "' is declared .extern and "
                  "defined nowhere");
    ref = constant(named.offset + addend, bytes);
    return true;
  }
}

void Builder::emitSpecial(SpecialRegister reg, int64_t addend, Ref target,
                          unsigned bytes) {
  Insn insn;
  insn.run = runReadSpecial;
  insn.d = target;
  insn.aux = uint8_t(reg);
  insn.aux32 = bytes;
  insn.imm = addend;
  emitHidden(insn, noRef, target);
}

/// Emits an instruction in front of the statement's own.
void Builder::emitHidden(const Insn &insn, Ref read, Ref written) {
  Ref guard = std::exchange(guardRef, noRef);
  std::vector<Ref> keptReads = std::move(reads);
  std::vector<Ref> keptWrites = std::move(writes);
  reads.clear();
  noteRead(read);
  writes = {written};
  emit(insn, InstructionClass::Move);
  reads = std::move(keptReads);
  writes = std::move(keptWrites);
  guardRef = guard;
}

bool Builder::destination(const Operand &operand, Type type, Ref &ref,
                          bool loose) {
  unsigned bytes = typeBytes(type);
  if (operand.kind == Operand::Kind::Sink) {
    ref = temporary(std::max(bytes, 8u));
    return true;
  }
  if (operand.kind != Operand::Kind::Register || operand.negated)
    return fail("expected a register as the result");
  Type have = registerType(operand);
  unsigned haveBytes = have == Type::Pred ? 0 : std::max(typeBytes(have), 2u);
  unsigned wantBytes = type == Type::Pred ? 0 : std::max(bytes, 2u);
  if (haveBytes != wantBytes && !(loose && haveBytes > wantBytes && wantBytes))
    return fail("expected a register of " + std::to_string(8 * bytes) +
                " bits, but got '" +
                std::string(function.registerNames[operand.index]) + "' of " +
                std::to_string(8 * haveBytes));
  ref = slots[operand.index];
  noteWrite(ref);
  return true;
}

bool Builder::address(const Operand &operand, Space space, Ref &base,
                      int64_t &offset, bool &wide) {
  if (operand.kind != Operand::Kind::Address)
    return fail("expected an address in brackets");
  const Operand &inner = child(operand, 0);
  offset = operand.value;
  if (inner.kind == Operand::Kind::Register) {
    unsigned bytes = registerBytes(inner);
    if (bytes != 4 && bytes != 8)
      return fail("expected an address register of 32 or 64 bits");
    wide = bytes == 8;
    return source(inner, wide ? Type::B64 : Type::B32, base);
  }
  wide = true;
  if (inner.kind == Operand::Kind::Symbol) {
    const Symbol &named = symbol(inner.index);
    Operand plain = inner;
    plain.value = 0;
    if (space == Space::Generic && named.kind != Symbol::Kind::Function) {
      // A generic access to a named variable: add its window.
      if (named.space == Space::Shared)
        offset += int64_t(sharedWindow);
      else if (named.space == Space::Local ||
               named.kind == Symbol::Kind::FrameParam)
        offset += int64_t(localWindow);
      else if (named.kind == Symbol::Kind::KernelParam)
        offset += int64_t(paramWindow);
    }
    return symbolAddress(plain, Type::B64, base);
  }
  if (inner.kind == Operand::Kind::Integer) {
    base = constant(uint64_t(inner.value), 8);
    return true;
  }
  return fail("expected a register or a name between '[' and ']'");
}

bool Builder::integer(const Operand &operand, int64_t &value) {
  if (operand.kind != Operand::Kind::Integer)
    return fail("expected an integer constant");
  value = operand.value;
  return true;
}

} // namespace vgpu
