// AsyncStore.cpp - st.async and red.async: stores to a block of the cluster
// that signal an mbarrier there when they land.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/BulkCopy.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"

namespace vgpu {

namespace {

/// aux: element bytes; aux32: flags, elements; ext: values, then the mbarrier's
/// base, offset low, high, wide, then reduction and type.
void runAsyncStore(Warp &w, const Insn &i, uint32_t mask) {
  unsigned count = i.aux32 & MemVector, size = i.aux, total = size * count;
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  const uint32_t *bar = ext + count;
  uint64_t targets[32];
  laneAddresses(w, i, mask, targets);
  uint64_t offset = uint64_t(bar[1]) | uint64_t(bar[2]) << 32;
  Cluster &cluster = *w.block->cluster;
  forEachLane(mask, [&](unsigned l) {
    LaneView target, barrier;
    uint64_t at = bar[3] ? w.read<uint64_t>(bar[0])[l] + offset
                         : uint32_t(w.read<uint32_t>(bar[0])[l] + offset);
    if (stopping(w) ||
        !resolveOne(w, l, memSpace(i), targets[l], total, total,
                    AccessKind::Write, target) ||
        !findMbarrier(w, l, memSpace(i), at, barrier))
      return;
    std::array<uint8_t, 16> bytes{};
    for (unsigned k = 0; k < count; ++k)
      std::memcpy(&bytes[k * size], w.at<uint8_t>(ext[k]) + l * size, size);
    auto reduction = BulkReduction(bar[4]);
    Type type = Type(bar[5]);
    AsyncAgent agent = beginAsync(w, 1u << l, AgentKind::Mbarrier,
                                  *barrier.block, barrier.offset);
    asyncAccess(w, w.pc - 1, agent, target, total,
                reduction == BulkReduction::None ? AccessKind::Write
                                                 : AccessKind::Atomic,
                false);
    if (w.worker->checkUninitialised && target.block)
      std::memset(&target.block->sharedInitialised[target.offset], 1, total);
    AsyncOperation op;
    op.id = cluster.nextOperation++;
    op.block = w.block;
    op.warp = &w;
    op.pc = w.pc - 1;
    op.lane = l;
    op.delay = w.worker->random ? uint32_t(w.worker->rng() % 32) : 0;
    op.perform = [target, bytes, total, reduction, type] {
      if (reduction == BulkReduction::None)
        std::memcpy(target.pointer, bytes.data(), total);
      else
        reduceElement(reduction, type, target.pointer, bytes.data());
    };
    op.signal = [&w, barrier, agent, total, pc = op.pc, l] {
      asyncToMbarrier(*barrier.block, barrier.offset, agent);
      completeBytes(w, pc, int(l), barrier, total);
    };
    cluster.operations.push_back(std::move(op));
  });
}

} // namespace

bool decodeAsyncStoreInsn(Builder &b) {
  Insn insn;
  bool reduce = b.mnemonic() == "red";
  b.take("async");
  b.takeOneOf({"weak", "relaxed"});
  b.take("cluster");
  Space space = b.takeSpace();
  b.take("mbarrier::complete_tx::bytes");
  uint32_t reduction = 0;
  if (reduce) {
    int op =
        b.takeOneOf({"add", "min", "max", "inc", "dec", "and", "or", "xor"});
    if (op < 0)
      return false;
    reduction = uint32_t(op + 1);
  }
  unsigned count = b.takeVector();
  Type type = b.takeType();
  unsigned size = typeBytes(type);
  if (size < 4 || size > 8 || size * count > 16 || space != Space::Shared ||
      !b.expectOperands(3))
    return false;
  bool wide, barrierWide;
  if (!b.address(b.operand(0), space, insn.a, insn.imm, wide))
    return false;
  Ref refs[4], base;
  const Operand &data = b.operand(1);
  for (unsigned k = 0; k < count; ++k) {
    bool vector = data.kind == Operand::Kind::Vector && k < data.count;
    if (!b.source(vector ? b.child(data, k) : data, type, refs[k]))
      return false;
  }
  int64_t offset;
  if (!b.address(b.operand(2), space, base, offset, barrierWide))
    return false;
  insn.ext = b.addExt(refs[0]);
  for (unsigned k = 1; k < count; ++k)
    b.addExt(refs[k]);
  for (uint32_t value :
       {base, uint32_t(uint64_t(offset)), uint32_t(uint64_t(offset) >> 32),
        uint32_t(barrierWide), reduction, uint32_t(type)})
    b.addExt(value);
  // Its writes are an mbarrier's, like those of a bulk copy.
  b.program.usesAsyncProxy = true;
  insn.aux = uint8_t(size);
  insn.aux32 = count | (wide ? MemWide : 0) | uint32_t(space) << memSpaceShift;
  insn.run = runAsyncStore;
  b.emit(insn, InstructionClass::AsyncCopy);
  return true;
}

} // namespace vgpu
