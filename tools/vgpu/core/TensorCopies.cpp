// TensorCopies.cpp - the instructions of bulk and tensor copies.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/BulkCopy.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Race.h"

namespace vgpu {

namespace {

/// The operands of one instruction, in ext from Insn::ext on.
enum : unsigned {
  ExtFlags,
  ExtDst, ///< base slot, offset low, offset high, wide
  ExtSrc = ExtDst + 4,
  ExtBar = ExtSrc + 4,
  ExtSize = ExtBar + 4,
  ExtMask,
  ExtCoords, ///< five slots
  ExtCount = ExtCoords + 5,
};

uint64_t addressAt(const Warp &w, const uint32_t *ext, unsigned lane) {
  uint64_t offset = uint64_t(ext[1]) | uint64_t(ext[2]) << 32;
  uint64_t base =
      ext[3] ? w.read<uint64_t>(ext[0])[lane] : w.read<uint32_t>(ext[0])[lane];
  return ext[3] ? base + offset : uint32_t(base + offset);
}

/// aux: BulkShape; aux32: redop | type << 8 | rank << 16.
void runBulk(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  forEachLane(mask, [&](unsigned l) {
    if (stopping(w))
      return;
    BulkCopy copy;
    copy.shape = BulkShape(i.aux);
    copy.lane = l;
    copy.reduction = BulkReduction(i.aux32 & 255);
    copy.type = Type(i.aux32 >> 8 & 255);
    copy.rank = i.aux32 >> 16 & 255;
    copy.target = addressAt(w, ext + ExtDst, l);
    copy.source = addressAt(w, ext + ExtSrc, l);
    if (ext[ExtBar] != noRef)
      copy.barrier = addressAt(w, ext + ExtBar, l);
    if (ext[ExtSize] != noRef)
      copy.bytes = w.read<uint32_t>(ext[ExtSize])[l];
    if (ext[ExtMask] != noRef)
      copy.ctaMask = w.read<uint16_t>(ext[ExtMask])[l];
    copy.multicast = ext[ExtMask] != noRef;
    for (unsigned d = 0; d < copy.rank; ++d)
      copy.coordinates[d] = w.read<int32_t>(ext[ExtCoords + d])[l];
    issueBulk(w, copy);
  });
}

void runCommit(Warp &w, const Insn &, uint32_t mask) {
  for (Warp::BulkGroup &group : w.bulkGroups)
    if (mask >> group.lane & 1)
      group.committed = true;
}

/// imm: groups that may stay; aux: .read
void runWait(Warp &w, const Insn &i, uint32_t mask) {
  waitBulk(w, mask, uint64_t(i.imm));
}

void runNothing(Warp &, const Insn &, uint32_t) {}

bool addAddress(Builder &b, const Operand &operand, Space space) {
  Ref base;
  int64_t offset;
  bool wide;
  if (!b.address(operand, space, base, offset, wide))
    return false;
  b.addExt(base);
  b.addExt(uint32_t(uint64_t(offset)));
  b.addExt(uint32_t(uint64_t(offset) >> 32));
  b.addExt(wide);
  return true;
}

void addNothing(Builder &b, unsigned count) {
  for (unsigned k = 0; k < count; ++k)
    b.addExt(k == 0 ? noRef : 0);
}

struct Parsed {
  bool reduce = false, tensor = false, multicast = false, policy = false;
  unsigned rank = 0;
  BulkShape shape = BulkShape::GlobalToShared;
  BulkReduction reduction = BulkReduction::None;
  Type type = Type::None;
};

/// Source and target spaces, in the order that the opcode names them.
bool takeShape(Builder &b, Parsed &p) {
  bool sharedTarget = false;
  std::string_view first = b.peekModifier();
  if (first == "shared::cluster" || first == "shared::cta")
    sharedTarget = true;
  else if (first != "global")
    return false;
  b.take(first);
  std::string_view second = b.peekModifier();
  if (!b.take(second))
    return false;
  if (sharedTarget)
    p.shape = second == "global" ? BulkShape::GlobalToShared
                                 : BulkShape::SharedToShared;
  else
    p.shape = BulkShape::SharedToGlobal;
  return second == "global" || second == "shared::cta" ||
         second == "shared::cluster";
}

bool takeReduction(Builder &b, Parsed &p) {
  static const std::initializer_list<std::string_view> names = {
      "add", "min", "max", "inc", "dec", "and", "or", "xor"};
  int op = b.takeOneOf(names);
  if (op < 0)
    return false;
  p.reduction = BulkReduction(op + 1);
  b.take("noftz");
  if (!p.tensor)
    p.type = b.takeType();
  return true;
}

bool emitBulk(Builder &b, const Parsed &p) {
  Insn insn;
  insn.run = runBulk;
  bool load = p.shape != BulkShape::SharedToGlobal;
  unsigned at = 0, count = b.operandCount();
  std::vector<Ref> coords;
  const Operand &target = b.operand(0), &source = b.operand(1);
  const Operand &map = load ? source : target;
  if (p.tensor) {
    if (map.kind != Operand::Kind::Address || map.count < 2)
      return b.fail("expected [tensor map, {coordinates}]");
    const Operand &list = b.child(map, 1);
    if (list.kind != Operand::Kind::Vector || list.count != p.rank)
      return b.fail("expected " + std::to_string(p.rank) + " coordinates");
    for (unsigned d = 0; d < p.rank; ++d) {
      Ref ref;
      if (!b.source(b.child(list, d), Type::B32, ref))
        return false;
      coords.push_back(ref);
    }
  }
  // The slots of the addresses must lie together: sources that need hidden
  // instructions emit them first.
  insn.ext = b.addExt(0);
  Space targetSpace = load       ? Space::Shared
                      : p.tensor ? Space::Generic
                                 : Space::Global;
  Space sourceSpace = p.shape == BulkShape::GlobalToShared
                          ? (p.tensor ? Space::Generic : Space::Global)
                          : Space::Shared;
  if (!addAddress(b, target, targetSpace) ||
      !addAddress(b, source, sourceSpace))
    return false;
  at = 2;
  Ref size = noRef, mask = noRef;
  if (!p.tensor) {
    if (at >= count || !b.source(at++, Type::B32, size))
      return b.fail("expected a count of bytes");
  }
  if (load && at < count) {
    if (!addAddress(b, b.operand(at++), Space::Shared))
      return false;
  } else {
    addNothing(b, 4);
  }
  if (p.multicast && (at >= count || !b.source(at++, Type::B16, mask)))
    return b.fail("expected a mask of blocks");
  if (p.policy && at < count)
    ++at;
  if (at != count)
    return b.fail("unexpected operands");
  b.addExt(size);
  b.addExt(mask);
  for (unsigned d = 0; d < 5; ++d)
    b.addExt(d < coords.size() ? coords[d] : noRef);
  insn.aux = uint8_t(p.shape);
  insn.aux32 = uint32_t(p.reduction) | uint32_t(p.type) << 8 | p.rank << 16;
  b.program.usesAsyncProxy = true;
  b.emit(insn, InstructionClass::AsyncCopy);
  return true;
}

} // namespace

bool decodeTensorCopyInsn(Builder &b) {
  Insn insn;
  Parsed p;
  p.reduce = b.take("reduce");
  if (!b.take("async") || !b.take("bulk"))
    return false;
  if (b.take("commit_group")) {
    insn.run = runCommit;
    b.emit(insn, InstructionClass::AsyncCopy);
    return true;
  }
  if (b.take("wait_group")) {
    insn.run = runWait;
    insn.aux = b.take("read");
    if (!b.expectOperands(1) || !b.integer(b.operand(0), insn.imm) ||
        insn.imm < 0)
      return false;
    b.emit(insn, InstructionClass::AsyncCopy);
    return true;
  }
  bool prefetch = b.take("prefetch");
  p.tensor = b.take("tensor");
  int rank = b.takeOneOf({"1d", "2d", "3d", "4d", "5d"});
  p.rank = uint32_t(rank + 1);
  if (p.tensor != (rank >= 0))
    return false;
  p.policy = b.take("L2::cache_hint");
  if (prefetch) {
    while (b.takeOneOf({"L2", "global", "tile", "shared::cta"}) >= 0) {
    }
    insn.run = runNothing;
    b.emit(insn, InstructionClass::Other);
    return true;
  }
  if (!takeShape(b, p))
    return false;
  b.take("tile");
  p.multicast = b.take("multicast::cluster");
  b.take("mbarrier::complete_tx::bytes");
  b.take("bulk_group");
  if (p.reduce && !takeReduction(b, p))
    return false;
  if (p.reduce && p.tensor)
    b.takeType();
  return emitBulk(b, p);
}

} // namespace vgpu
