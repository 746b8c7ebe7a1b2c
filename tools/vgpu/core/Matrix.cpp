// Matrix.cpp - ldmatrix, stmatrix and movmatrix.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"

namespace vgpu {

bool decodeMmaInsn(Builder &); // Mma.cpp

namespace {

// Eight rows of eight 16-bit values: row r of matrix i is at the address that
// lane 8 i + r gives; lane l holds row l / 4, columns 2 (l % 4) and the next.

/// aux: matrices; aux32: flags of Memory.h; imm: offset; c: 1 transposed,
/// 2 store.
void runLdmatrix(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  bool transpose = i.c & 1, store = i.c & 2;
  uint32_t rows = i.aux == 4 ? allLanes : (1u << (8 * i.aux)) - 1;
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  Access access;
  if (!resolve(w, rows, memSpace(i), addresses, 16, 16,
               store ? AccessKind::Write : AccessKind::Read, access))
    return;
  const uint32_t *refs = &w.worker->launch->program->ext[i.ext];
  for (unsigned m = 0; m < 8; ++m)
    w.storeUndefined[m] = w.loadUndefined[m] = 0;
  if (store && w.worker->checkUninitialised)
    for (unsigned m = 0; m < i.aux; ++m)
      if (uint32_t bad = w.frame->undefined[refs[m] >> 6])
        // A row is undefined when a lane that holds a part of it is.
        forEachLane(bad, [&](unsigned l) {
          for (unsigned r = 0; r < 8; ++r)
            if (transpose || r == l / 4)
              w.storeUndefined[0] |= 1u << (8 * m + r);
        });
  if (w.worker->instrumented)
    observe(w, i, access);
  uint32_t undefinedRows = w.loadUndefined[0];
  for (unsigned m = 0; m < i.aux; ++m) {
    uint32_t *reg = w.at<uint32_t>(refs[m]);
    for (unsigned l = 0; l < 32; ++l) {
      for (unsigned h = 0; h < 2; ++h) {
        unsigned row = l / 4, column = 2 * (l % 4) + h;
        if (transpose)
          std::swap(row, column);
        uint8_t *at = access.lanes[8 * m + row].pointer + 2 * column;
        auto *half = reinterpret_cast<uint8_t *>(&reg[l]) + 2 * h;
        if (store)
          std::memcpy(at, half, 2);
        else
          std::memcpy(half, at, 2);
      }
    }
    if (!store && w.worker->checkUninitialised) {
      uint32_t lanes = 0, rowsOf = undefinedRows >> (8 * m) & 255;
      for (unsigned l = 0; l < 32; ++l)
        lanes |= uint32_t(transpose ? rowsOf != 0 : (rowsOf >> (l / 4) & 1))
                 << l;
      w.frame->undefined[refs[m] >> 6] = lanes;
      w.frame->origin[refs[m] >> 6] = w.pc - 1;
    }
  }
}

void runMovmatrix(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const uint16_t *a = w.read<uint16_t>(i.a);
  uint16_t in[64];
  std::copy_n(a, 64, in);
  uint16_t *d = w.at<uint16_t>(i.d);
  // Element e of the register file is row e / 8, column e % 8.
  for (unsigned r = 0; r < 8; ++r)
    for (unsigned c = 0; c < 8; ++c)
      d[r * 8 + c] = in[c * 8 + r];
}

bool matrixRegisters(Builder &b, const Operand &list, unsigned count,
                     bool store, Insn &insn) {
  Ref refs[4];
  if (list.kind != Operand::Kind::Vector || list.count != count)
    return b.fail("expected " + std::to_string(count) + " registers");
  for (unsigned k = 0; k < count; ++k)
    if (!(store ? b.source(b.child(list, k), Type::B32, refs[k])
                : b.destination(b.child(list, k), Type::B32, refs[k])))
      return false;
  for (unsigned k = 0; k < count; ++k) {
    uint32_t at = b.addExt(refs[k]);
    if (k == 0)
      insn.ext = at;
  }
  return true;
}

bool decodeLdmatrix(Builder &b, bool store) {
  Insn insn;
  if (!b.take("sync") || !b.take("aligned") || !b.take("m8n8"))
    return false;
  int count = b.takeOneOf({"x1", "x2", "x4"});
  bool transpose = b.take("trans");
  Space space = b.takeSpace();
  b.takeType();
  if (count < 0 || !b.expectOperands(2))
    return false;
  insn.aux = uint8_t(1 << count);
  bool wide;
  if (!b.address(b.operand(store ? 0 : 1), space, insn.a, insn.imm, wide) ||
      !matrixRegisters(b, b.operand(store ? 1 : 0), insn.aux, store, insn))
    return false;
  insn.aux32 = 1 | (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
  insn.c = Ref((transpose ? 1 : 0) | (store ? 2 : 0));
  insn.run = runLdmatrix;
  insn.flags = FlagSync | FlagOwnUndefined | FlagMatrix;
  b.emit(insn,
         store ? InstructionClass::StoreShared : InstructionClass::LoadShared);
  return true;
}

} // namespace

bool decodeMatrixInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "ldmatrix" || name == "stmatrix")
    return decodeLdmatrix(b, name == "stmatrix");
  if (name == "mma")
    return decodeMmaInsn(b);
  Insn insn;
  if (!b.take("sync") || !b.take("aligned") || !b.take("m8n8") ||
      !b.take("trans"))
    return false;
  b.takeType();
  insn.run = runMovmatrix;
  if (!b.expectOperands(2) || !b.destination(0, Type::B32, insn.d) ||
      !b.source(1, Type::B32, insn.a))
    return false;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

} // namespace vgpu
