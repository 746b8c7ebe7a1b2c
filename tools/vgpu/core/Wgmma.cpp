// Wgmma.cpp - wgmma.mma_async: operands in shared memory, results later.
//
// Each warp of the warpgroup computes its own 16 rows of the 64. A product is
// performed when the group that it was committed to is waited for (or, in a
// random schedule, at once): until then its registers hold their old values.
#include "tools/vgpu/core/Wgmma.h"
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Race.h"

#include <algorithm>
#include <cstdio>

namespace vgpu {

namespace {

/// Marks or clears the result registers (and A's) of a product.
void markPending(const WgmmaOp &op, const WgmmaForm &f, bool pending) {
  if (op.frame->pending.empty())
    return;
  unsigned count = f.results + (f.registerA ? 4 : 0);
  for (unsigned r = 0; r < count; ++r)
    op.frame->pending[f.slots[r] >> 6] = pending ? allLanes : 0;
}

/// Tells the checks what the product reads of shared memory.
void noteShared(Warp &w, WgmmaOp &op, const WgmmaForm &f) {
  bool undefinedCheck = w.worker->checkUninitialised;
  if (!w.worker->checkRaces && !undefinedCheck)
    return;
  AsyncAgent agent =
      beginAsync(w, allLanes, AgentKind::Wgmma, *w.block, w.index);
  op.agent = agent.agent;
  op.clock = agent.clock;
  bool undefined = false;
  SharedCells cells(*w.block);
  auto touch = [&](unsigned, unsigned, uint32_t offset) {
    cells.add(offset, 16);
    if (undefinedCheck && !undefined)
      for (unsigned x = 0; x < 16; ++x)
        undefined |= !w.block->sharedInitialised[offset + x];
  };
  if (!f.registerA)
    eachChunk(w, op, wgmmaOperandA(w, op, f), touch);
  // Every warp waits for all of B.
  eachChunk(w, op, wgmmaOperandB(op, f), touch);
  asyncReads(w, op.pc, agent, cells);
  if (undefined)
    reportAt(w, op.pc, ReportKind::Uninitialised, -1, 0,
             "wgmma reads shared memory that nothing has written");
}

/// Registers that were written after the last wgmma.fence.
void checkFence(Warp &w, const WgmmaOp &op, const WgmmaForm &f) {
  if (!w.worker->checkRaces || op.frame->writtenAt.empty())
    return;
  unsigned count = f.results + (f.registerA ? 4 : 0);
  for (unsigned r = op.accumulate ? 0 : f.results; r < count; ++r) {
    uint32_t at = op.frame->writtenAt[f.slots[r] >> 6];
    if (at != 0 && at >= w.wgmmaFence) {
      reportAt(w, op.pc, ReportKind::Race, -1, 0,
               "a register of this wgmma was written after the last "
               "wgmma.fence");
      return;
    }
  }
}

/// Without accumulation the old results do not matter; undefined registers of
/// A make their lanes' results undefined.
void settleUndefined(Warp &w, const WgmmaOp &op, const WgmmaForm &f) {
  if (!w.worker->checkUninitialised)
    return;
  uint32_t lanes = 0, origin = ~0u;
  for (unsigned r = 0; f.registerA && r < 4; ++r) {
    Ref ref = f.slots[f.results + r];
    if (uint32_t bad = op.frame->undefined[ref >> 6]) {
      lanes |= bad;
      origin = op.frame->origin[ref >> 6];
    }
  }
  for (unsigned r = 0; r < f.results; ++r) {
    uint32_t &slot = op.frame->undefined[f.slots[r] >> 6];
    slot = (op.accumulate ? slot : 0) | lanes;
    if (lanes)
      op.frame->origin[f.slots[r] >> 6] = origin;
  }
}

/// a: descriptor of A or noRef, b: of B, c: scale-d predicate or noRef;
/// aux: scale-d as a constant.
void runWgmma(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  WgmmaForm f(w, i);
  auto op = std::make_unique<WgmmaOp>();
  op->insn = &i;
  op->frame = w.frame;
  op->pc = w.pc - 1;
  op->sequence = ++w.wgmmaIssued;
  if (i.a != noRef)
    op->descriptorA = w.read<uint64_t>(i.a)[0];
  op->descriptorB = w.read<uint64_t>(i.b)[0];
  op->accumulate = i.c != noRef ? (w.predicate(i.c) & 1) : i.aux;
  for (uint64_t d : {op->descriptorA, op->descriptorB})
    if (d >> 49 & 7) {
      report(w, ReportKind::InvalidOperand, -1, 0,
             "matrix descriptors with a base offset are not modelled");
      return;
    }
  if (w.block->warps.size() * 32 < (w.index / 4 + 1) * 128u) {
    report(w, ReportKind::InvalidOperand, -1, 0,
           "wgmma expects a warpgroup of 128 threads");
    return;
  }
  if (f.registerA)
    for (unsigned r = 0; r < 4; ++r)
      std::copy_n(w.read<uint32_t>(f.slots[f.results + r]), 32, op->a[r]);
  if (w.wgmmaFence == 0 && w.worker->checkRaces && op->accumulate)
    reportAt(w, op->pc, ReportKind::Race, -1, 0,
             "wgmma expects a wgmma.fence before the first one");
  checkFence(w, *op, f);
  noteShared(w, *op, f);
  settleUndefined(w, *op, f);
  markPending(*op, f, true);
  ++w.wgmmaPending;
  if (w.worker->random && (w.worker->rng() & 1)) {
    for (auto &earlier : w.wgmmaOpen)
      performWgmma(w, *earlier);
    for (auto &group : w.wgmmaGroups)
      for (auto &earlier : group)
        performWgmma(w, *earlier);
    performWgmma(w, *op);
  }
  w.wgmmaOpen.push_back(std::move(op));
}

void runFence(Warp &w, const Insn &, uint32_t mask) {
  if (gatherLanes(w, mask, allLanes))
    w.wgmmaFence = ++w.wgmmaClock;
}

void runCommit(Warp &w, const Insn &, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  w.wgmmaGroups.push_back(std::move(w.wgmmaOpen));
  w.wgmmaOpen.clear();
}

void runWait(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherLanes(w, mask, allLanes))
    return;
  while (w.wgmmaGroups.size() > size_t(i.imm)) {
    for (auto &op : w.wgmmaGroups.front()) {
      performWgmma(w, *op);
      markPending(*op, WgmmaForm(w, *op->insn), false);
      --w.wgmmaPending;
      if (op->clock)
        asyncToLanes(w, allLanes, {op->agent, op->clock});
    }
    w.wgmmaGroups.pop_front();
  }
  // Products still in flight keep their registers.
  for (auto &group : w.wgmmaGroups)
    for (auto &op : group)
      markPending(*op, WgmmaForm(w, *op->insn), true);
  for (auto &op : w.wgmmaOpen)
    markPending(*op, WgmmaForm(w, *op->insn), true);
}

/// m64nNkK
bool takeShape(Builder &b, unsigned &n, unsigned &k) {
  std::string text(b.peekModifier());
  unsigned m = 0;
  int used = 0;
  if (sscanf(text.c_str(), "m%3un%3uk%3u%n", &m, &n, &k, &used) != 3 ||
      size_t(used) != text.size() || m != 64 || n < 8 || n > 256 || n % 8)
    return false;
  return b.take(b.peekModifier());
}

bool decodeProduct(Builder &b) {
  Insn insn;
  Element ea, eb;
  unsigned n, k;
  if (!b.take("sync") || !b.take("aligned") || !takeShape(b, n, k))
    return false;
  insn.imm = b.take("satfinite");
  Type d = b.takeType();
  if (!elementOf(b.takeType(), ea) || !elementOf(b.takeType(), eb) ||
      ea == Element::F64 || eb == Element::F64 ||
      elementBytes(ea) != elementBytes(eb) || k * elementBytes(ea) != 32)
    return false;
  bool integer = isInteger(ea);
  if (integer != (d == Type::S32) ||
      (d != Type::F32 && d != Type::F16 && d != Type::S32) || insn.imm)
    return false;
  WgmmaResult kind = d == Type::F32   ? WgmmaResult::F32
                     : d == Type::F16 ? WgmmaResult::F16
                                      : WgmmaResult::S32;
  const Operand &results = b.operand(0);
  unsigned count = kind == WgmmaResult::F16 ? n / 4 : n / 2;
  if (results.kind != Operand::Kind::Vector || results.count != count)
    return b.fail("expected " + std::to_string(count) + " result registers");
  bool registerA = b.operand(1).kind == Operand::Kind::Vector;
  unsigned operands = b.operandCount();
  // D, A, B, scale-d [, sign A, sign B [, transpose A] [, transpose B]]
  std::vector<Ref> slots;
  for (unsigned r = 0; r < count; ++r) {
    Ref ref, again;
    if (!b.destination(b.child(results, r), Type::B32, ref) ||
        !b.source(b.child(results, r), Type::B32, again))
      return false;
    slots.push_back(ref);
  }
  if (registerA) {
    if (b.operand(1).count != 4)
      return b.fail("expected 4 registers of A");
    for (unsigned r = 0; r < 4; ++r) {
      Ref ref;
      if (!b.source(b.child(b.operand(1), r), Type::B32, ref))
        return false;
      if (ref & constantRef)
        return b.fail("expected registers of A");
      slots.push_back(ref);
    }
  } else if (!b.source(1, Type::B64, insn.a)) {
    return false;
  }
  if (operands < 4 || !b.source(2, Type::B64, insn.b))
    return false;
  insn.aux = 1;
  if (b.operand(3).kind == Operand::Kind::Integer)
    insn.aux = b.operand(3).value != 0;
  else if (!b.source(3, Type::Pred, insn.c))
    return false;
  int64_t rest[4] = {1, 1, 0, 0};
  for (unsigned o = 4; o < operands && o < 8; ++o)
    if (!b.integer(b.operand(o), rest[o - 4]))
      return false;
  // With A in registers the only transposition is B's.
  int64_t transA = registerA ? 0 : rest[2];
  int64_t transB = registerA ? rest[2] : rest[3];
  bool wide = elementBytes(ea) == 2;
  if ((transA || transB) && !wide)
    return b.fail("only 16-bit operands can be transposed");
  uint32_t header[WgmmaForm::entries] = {uint32_t(ea),
                                         uint32_t(eb),
                                         uint32_t(kind),
                                         n,
                                         k,
                                         registerA,
                                         transA != 0,
                                         transB != 0,
                                         rest[0] == -1,
                                         rest[1] == -1,
                                         count};
  insn.ext = b.addExt(header[0]);
  for (unsigned x = 1; x < WgmmaForm::entries; ++x)
    b.addExt(header[x]);
  for (Ref ref : slots)
    b.addExt(ref);
  insn.run = runWgmma;
  insn.flags = FlagSync | FlagWgmma | FlagOwnUndefined;
  b.program.usesWgmma = b.program.usesAsyncProxy = true;
  b.emit(insn, InstructionClass::Wgmma);
  return true;
}

} // namespace

void settleWgmma(Warp &w) {
  for (auto &group : w.wgmmaGroups)
    for (auto &op : group)
      performWgmma(w, *op);
  for (auto &op : w.wgmmaOpen)
    performWgmma(w, *op);
}

bool decodeWgmmaInsn(Builder &b) {
  if (!b.atLeast(90) || !b.module.architectureSpecific)
    return b.fail("wgmma expects a target of sm_90a");
  if (b.take("mma_async"))
    return decodeProduct(b);
  Insn insn;
  insn.flags = FlagSync | FlagWgmma;
  if (b.take("fence")) {
    insn.run = runFence;
  } else if (b.take("commit_group")) {
    insn.run = runCommit;
  } else if (b.take("wait_group")) {
    insn.run = runWait;
    if (!b.expectOperands(1) || !b.integer(b.operand(0), insn.imm) ||
        insn.imm < 0)
      return false;
  } else {
    return false;
  }
  if (!b.take("sync") || !b.take("aligned"))
    return false;
  b.emit(insn, InstructionClass::Wgmma);
  return true;
}

} // namespace vgpu
