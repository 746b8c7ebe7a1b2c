// Exchange.cpp - shfl, vote, match, redux, elect, activemask.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"

namespace vgpu {

namespace {

std::string hexMask(uint32_t mask) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

/// Waits for the lanes of the member mask in `slot`, which every lane must
/// agree on. True when they are all here; `mask` then holds those that execute.
bool gatherMembers(Warp &w, Ref slot, uint32_t &mask) {
  const uint32_t *masks = w.read<uint32_t>(slot);
  uint32_t members = masks[std::countr_zero(mask)];
  // Lanes with other masks form groups of their own.
  uint32_t same = 0;
  forEachLane(mask, [&](unsigned l) {
    if (masks[l] == members)
      same |= 1u << l;
  });
  if (same != mask) {
    splitFragment(w, same, w.pc - 1);
    // Lanes that the guard kept out go on behind the instruction; those in
    // the new fragment run it again, guarded as before.
  }
  uint32_t outside = same & ~members;
  if (outside) {
    report(w, ReportKind::InvalidOperand, std::countr_zero(outside), 0,
           "the lane is not in its own member mask " + hexMask(members));
    return false;
  }
  if (!gatherLanes(w, same, members))
    return false;
  mask &= w.active;
  return true;
}

enum class Shuffle : uint8_t { Up, Down, Bfly, Idx };

/// d = a of another lane. b: lane or distance, c: clamp and segment mask;
/// aux: Shuffle; aux32: the predicate result or noRef; imm: the mask's slot.
void runShuffle(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherMembers(w, Ref(i.imm), mask))
    return;
  const uint32_t *a = w.read<uint32_t>(i.a), *b = w.read<uint32_t>(i.b),
                 *c = w.read<uint32_t>(i.c);
  uint32_t result[32], in = 0;
  for (unsigned l = 0; l < 32; ++l) {
    uint32_t bval = b[l] & 31, cval = c[l] & 31, segment = c[l] >> 8 & 31;
    uint32_t most = (l & segment) | (cval & ~segment);
    uint32_t least = l & segment;
    int32_t j = 0;
    bool p = false;
    switch (Shuffle(i.aux)) {
    case Shuffle::Up:
      j = int32_t(l) - int32_t(bval);
      p = j >= int32_t(most);
      break;
    case Shuffle::Down:
      j = int32_t(l + bval);
      p = j <= int32_t(most);
      break;
    case Shuffle::Bfly:
      j = int32_t(l ^ bval);
      p = j <= int32_t(most);
      break;
    case Shuffle::Idx:
      j = int32_t(least | (bval & ~segment));
      p = j <= int32_t(most);
      break;
    }
    if (!p)
      j = int32_t(l);
    result[l] = a[j & 31];
    in |= uint32_t(p) << l;
    if ((mask >> l & 1) && p && !(mask >> (j & 31) & 1) &&
        w.worker->checkUninitialised && !stopping(w)) {
      report(w, ReportKind::Uninitialised, int(l), 0,
             "the shuffle reads lane " + std::to_string(j & 31) +
                 ", which does not take part");
    }
  }
  if (w.worker->checkUninitialised && !w.frame->undefined.empty() &&
      !(i.a & constantRef)) {
    // Undefined travels with the value.
    uint32_t have = w.frame->undefined[i.a >> 6], moved = 0;
    for (unsigned l = 0; l < 32; ++l) {
      uint32_t bval = b[l] & 31, segment = c[l] >> 8 & 31;
      uint32_t j = l;
      if (in >> l & 1)
        j = Shuffle(i.aux) == Shuffle::Up     ? l - bval
            : Shuffle(i.aux) == Shuffle::Down ? l + bval
            : Shuffle(i.aux) == Shuffle::Bfly
                ? l ^ bval
                : (l & segment) | (bval & ~segment);
      moved |= (have >> (j & 31) & 1) << l;
    }
    w.frame->undefined[i.d >> 6] =
        (w.frame->undefined[i.d >> 6] & ~mask) | (moved & mask);
    w.frame->origin[i.d >> 6] = w.frame->origin[i.a >> 6];
    if (i.aux32 != noRef)
      w.frame->undefined[i.aux32 >> 6] &= ~mask;
  } else if (w.worker->checkUninitialised && !w.frame->undefined.empty()) {
    w.frame->undefined[i.d >> 6] &= ~mask;
    if (i.aux32 != noRef)
      w.frame->undefined[i.aux32 >> 6] &= ~mask;
  }
  writeLanes<uint32_t>(w, i.d, mask, [&](unsigned l) { return result[l]; });
  if (i.aux32 != noRef)
    writePredicate(w, i.aux32, mask, in);
}

/// aux: 0 all, 1 any, 2 uni, 3 ballot.
void runVote(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherMembers(w, i.b, mask))
    return;
  uint32_t votes = w.predicate(i.a) & mask;
  if (i.aux == 3) {
    writeLanes<uint32_t>(w, i.d, mask, [=](unsigned) { return votes; });
    return;
  }
  bool value = i.aux == 0   ? votes == mask
               : i.aux == 1 ? votes != 0
                            : votes == 0 || votes == mask;
  writePredicate(w, i.d, mask, value ? allLanes : 0);
}

/// match: aux bit 0 all; aux32: predicate result or noRef.
template <class T> void runMatch(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherMembers(w, i.b, mask))
    return;
  const T *a = w.read<T>(i.a);
  uint32_t result[32] = {}, agreed = 0;
  forEachLane(mask, [&](unsigned l) {
    forEachLane(mask, [&](unsigned k) {
      if (a[k] == a[l])
        result[l] |= 1u << k;
    });
    if (i.aux & 1) {
      bool all = result[l] == mask;
      agreed |= uint32_t(all) << l;
      if (!all)
        result[l] = 0;
    }
  });
  writeLanes<uint32_t>(w, i.d, mask, [&](unsigned l) { return result[l]; });
  if (i.aux32 != noRef)
    writePredicate(w, i.aux32, mask, agreed);
}

/// redux: aux 0 add, 1 min.u, 2 max.u, 3 min.s, 4 max.s, 5 and, 6 or, 7 xor.
void runRedux(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherMembers(w, i.b, mask))
    return;
  const uint32_t *a = w.read<uint32_t>(i.a);
  uint32_t total = a[std::countr_zero(mask)];
  forEachLane(mask & (mask - 1), [&](unsigned l) {
    uint32_t x = a[l];
    switch (i.aux) {
    case 0:
      total += x;
      break;
    case 1:
      total = std::min(total, x);
      break;
    case 2:
      total = std::max(total, x);
      break;
    case 3:
      total = uint32_t(std::min(int32_t(total), int32_t(x)));
      break;
    case 4:
      total = uint32_t(std::max(int32_t(total), int32_t(x)));
      break;
    case 5:
      total &= x;
      break;
    case 6:
      total |= x;
      break;
    default:
      total ^= x;
      break;
    }
  });
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned) { return total; });
}

/// elect.sync d|p, members: the lowest lane.
void runElect(Warp &w, const Insn &i, uint32_t mask) {
  if (!gatherMembers(w, i.a, mask))
    return;
  uint32_t leader = uint32_t(std::countr_zero(mask));
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned) { return leader; });
  writePredicate(w, i.aux32, mask, 1u << leader);
}

void runActivemask(Warp &w, const Insn &i, uint32_t mask) {
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned) { return mask; });
}

/// The result `d` or `d|p`: d and aux32, which is noRef without a predicate.
bool valueAndPredicate(Builder &b, Insn &insn) {
  const Operand &target = b.operand(0);
  insn.aux32 = noRef;
  if (target.kind != Operand::Kind::Pair)
    return b.destination(target, Type::B32, insn.d);
  return b.destination(b.child(target, 0), Type::B32, insn.d) &&
         b.destination(b.child(target, 1), Type::Pred, insn.aux32);
}

bool decodeShuffle(Builder &b) {
  Insn insn;
  if (!b.take("sync"))
    return b.fail("shfl without .sync is not allowed from sm_70 on");
  int kind = b.takeOneOf({"up", "down", "bfly", "idx"});
  b.takeType();
  if (kind < 0 || !b.expectOperands(5))
    return false;
  insn.aux = uint8_t(kind);
  insn.run = runShuffle;
  if (!valueAndPredicate(b, insn))
    return false;
  Ref members;
  if (!b.source(1, Type::B32, insn.a) || !b.source(2, Type::B32, insn.b) ||
      !b.source(3, Type::B32, insn.c) || !b.source(4, Type::B32, members))
    return false;
  insn.imm = members;
  insn.flags = FlagSync | FlagOwnUndefined;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

bool decodeVote(Builder &b) {
  Insn insn;
  if (!b.take("sync"))
    return b.fail("vote without .sync is not allowed from sm_70 on");
  int kind = b.takeOneOf({"all", "any", "uni", "ballot"});
  b.takeType();
  if (kind < 0 || !b.expectOperands(3))
    return false;
  insn.aux = uint8_t(kind);
  insn.run = runVote;
  if (!b.destination(0, kind == 3 ? Type::B32 : Type::Pred, insn.d) ||
      !b.source(1, Type::Pred, insn.a) || !b.source(2, Type::B32, insn.b))
    return false;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

bool decodeMatch(Builder &b) {
  Insn insn;
  int kind = b.takeOneOf({"any", "all"});
  b.take("sync");
  Type type = b.takeType();
  if (kind < 0 || !b.expectOperands(3))
    return false;
  insn.aux = uint8_t(kind);
  insn.run = typeBytes(type) == 8 ? runMatch<uint64_t> : runMatch<uint32_t>;
  if (!valueAndPredicate(b, insn))
    return false;
  if (!b.source(1, type, insn.a) || !b.source(2, Type::B32, insn.b))
    return false;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

bool decodeRedux(Builder &b) {
  Insn insn;
  b.take("sync");
  int kind = b.takeOneOf({"add", "min", "max", "and", "or", "xor"});
  Type type = b.takeType();
  if (kind < 0 || typeBytes(type) != 4 || isFloatType(type) ||
      !b.expectOperands(3))
    return false;
  static constexpr uint8_t codes[] = {0, 1, 2, 5, 6, 7};
  insn.aux = codes[kind];
  if (isSignedType(type) && (kind == 1 || kind == 2))
    insn.aux += 2;
  insn.run = runRedux;
  if (!b.destination(0, type, insn.d) || !b.source(1, type, insn.a) ||
      !b.source(2, Type::B32, insn.b))
    return false;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

} // namespace

bool decodeExchangeInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "shfl")
    return decodeShuffle(b);
  if (name == "vote")
    return decodeVote(b);
  if (name == "match")
    return decodeMatch(b);
  if (name == "redux")
    return decodeRedux(b);
  Insn insn;
  if (name == "activemask") {
    b.takeType();
    insn.run = runActivemask;
    if (!b.expectOperands(1) || !b.destination(0, Type::B32, insn.d))
      return false;
    b.emit(insn, InstructionClass::WarpExchange);
    return true;
  }
  // elect.sync
  b.take("sync");
  const Operand &target = b.operand(0);
  insn.run = runElect;
  Ref second;
  if (!b.expectOperands(2) || target.kind != Operand::Kind::Pair ||
      !b.destination(b.child(target, 0), Type::B32, insn.d) ||
      !b.destination(b.child(target, 1), Type::Pred, second) ||
      !b.source(1, Type::B32, insn.a))
    return false;
  insn.aux32 = second;
  insn.flags = FlagSync;
  b.emit(insn, InstructionClass::WarpExchange);
  return true;
}

} // namespace vgpu
