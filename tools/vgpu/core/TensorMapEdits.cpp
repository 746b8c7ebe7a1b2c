// TensorMapEdits.cpp - tensormap.replace and tensormap.cp_fenceproxy.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Polling.h"
#include "tools/vgpu/core/TensorMap.h"

namespace vgpu {

namespace {

/// aux: TensorMapField; b: the new value; ext: its slot, then the dimension
/// and the value's bytes.
void runReplace(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  Access access;
  if (!resolve(w, mask, memSpace(i), addresses, tensorMapBytes, 64,
               AccessKind::Write, access))
    return;
  if (w.worker->instrumented)
    observe(w, i, access);
  forEachLane(mask, [&](unsigned l) {
    alignas(64) uint8_t bytes[tensorMapBytes];
    readView(w, access.lanes[l], l, bytes, tensorMapBytes);
    uint64_t value = ext[2] == 8 ? w.read<uint64_t>(i.b)[l]
                                 : uint64_t(w.read<uint32_t>(i.b)[l]);
    std::string error;
    if (!editTensorMap(bytes, TensorMapField(i.aux), ext[1], value, error)) {
      report(w, ReportKind::InvalidOperand, int(l), addresses[l], error);
      return;
    }
    writeView(w, access.lanes[l], l, bytes, tensorMapBytes);
  });
}

/// One copy of 128 bytes for the warp, then a release that TMA sees.
void runCopyFence(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  Insn from = i;
  from.a = ext[1];
  from.imm = int64_t(uint64_t(ext[2]) | uint64_t(ext[3]) << 32);
  from.aux32 =
      (ext[4] ? MemWide : 0) | 1 | uint32_t(Space::Shared) << memSpaceShift;
  unsigned lane = unsigned(std::countr_zero(mask));
  uint64_t targets[32], sources[32];
  laneAddresses(w, i, mask, targets);
  laneAddresses(w, from, mask, sources);
  Access target, source;
  uint32_t one = 1u << lane;
  if (!resolve(w, one, memSpace(i), targets, tensorMapBytes, 128,
               AccessKind::Write, target) ||
      !resolve(w, one, Space::Shared, sources, tensorMapBytes, 128,
               AccessKind::Read, source))
    return;
  if (w.worker->instrumented) {
    observe(w, from, source);
    for (unsigned k = 0; k < 8; ++k)
      w.storeUndefined[k] = w.loadUndefined[k];
    observe(w, i, target);
  }
  std::memcpy(target.lanes[lane].pointer, source.lanes[lane].pointer,
              tensorMapBytes);
  onFence(w, mask, 2);
  onProxyFence(w, mask);
}

bool decodeReplace(Builder &b) {
  Insn insn;
  if (!b.take("tile"))
    return false;
  int field = b.takeOneOf({"global_address", "rank", "box_dim", "global_dim",
                           "global_stride", "element_stride", "elemtype",
                           "interleave_layout", "swizzle_mode",
                           "swizzle_atomicity", "fill_mode"});
  Space space = b.takeSpace();
  if (field < 0 || !b.take("b1024"))
    return false;
  bool counted = field >= int(TensorMapField::BoxDim) &&
                 field <= int(TensorMapField::ElementStride);
  Type type = b.takeType();
  bool wide;
  int64_t dimension = 0;
  if ((type != Type::B32 && type != Type::B64) ||
      !b.expectOperands(counted ? 3 : 2) ||
      !b.address(b.operand(0), space, insn.a, insn.imm, wide) ||
      (counted && !b.integer(b.operand(1), dimension)) ||
      !b.source(counted ? 2 : 1, type, insn.b))
    return false;
  int64_t most = field == int(TensorMapField::GlobalStride) ? 3 : 4;
  if (dimension < 0 || dimension > most)
    return b.fail("expected a dimension of 0 to " + std::to_string(most));
  insn.ext = b.addExt(insn.b);
  b.addExt(uint32_t(dimension));
  b.addExt(typeBytes(type));
  insn.aux = uint8_t(field);
  insn.aux32 = 1 | (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
  insn.run = runReplace;
  insn.flags = FlagOwnUndefined;
  b.emit(insn, space == Space::Shared ? InstructionClass::StoreShared
                                      : InstructionClass::StoreGlobal);
  return true;
}

bool decodeCopyFence(Builder &b) {
  Insn insn;
  if (!b.take("global") || !b.take("shared::cta"))
    return false;
  if (!b.take("tensormap::generic") || !b.take("release") ||
      b.takeOneOf({"cta", "cluster", "gpu", "sys"}) < 0 || !b.take("sync") ||
      !b.take("aligned"))
    return false;
  Ref source;
  int64_t offset, bytes;
  bool wide, sourceWide;
  if (!b.expectOperands(3) ||
      !b.address(b.operand(0), Space::Global, insn.a, insn.imm, wide) ||
      !b.address(b.operand(1), Space::Shared, source, offset, sourceWide) ||
      !b.integer(b.operand(2), bytes))
    return false;
  if (bytes != tensorMapBytes)
    return b.fail("expected a size of 128, but got " + std::to_string(bytes));
  insn.ext = b.addExt(b.constant(0, 4));
  for (uint32_t word : {uint32_t(source), uint32_t(uint64_t(offset)),
                        uint32_t(uint64_t(offset) >> 32), uint32_t(sourceWide)})
    b.addExt(word);
  insn.aux32 =
      1 | (wide ? MemWide : 0) | uint32_t(Space::Global) << memSpaceShift;
  insn.run = runCopyFence;
  insn.flags = FlagSync | FlagOwnUndefined;
  b.emit(insn, InstructionClass::StoreGlobal);
  return true;
}

} // namespace

bool decodeTensorMapInsn(Builder &b) {
  if (b.take("replace"))
    return decodeReplace(b);
  return b.take("cp_fenceproxy") && decodeCopyFence(b);
}

} // namespace vgpu
