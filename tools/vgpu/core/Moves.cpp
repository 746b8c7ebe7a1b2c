// Moves.cpp - mov, packing and unpacking, cvta, isspacep, special registers.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"

#include <chrono>

namespace vgpu {

void runNotPredicate(Warp &w, const Insn &i, uint32_t mask) {
  writePredicate(w, i.d, mask, ~w.predicate(i.a));
}

namespace {

using SR = SpecialRegister;

/// Registers whose value is the same for all lanes.
uint64_t uniformSpecial(const Warp &w, SR reg) {
  const LaunchState &launch = *w.worker->launch;
  const Block &block = *w.block;
  const Dim3 &grid = launch.config.grid, &threads = launch.config.block;
  const Dim3 &size = launch.cluster;
  switch (reg) {
  case SR::NtidX:
    return threads.x;
  case SR::NtidY:
    return threads.y;
  case SR::NtidZ:
    return threads.z;
  case SR::CtaidX:
    return block.index.x;
  case SR::CtaidY:
    return block.index.y;
  case SR::CtaidZ:
    return block.index.z;
  case SR::NctaidX:
    return grid.x;
  case SR::NctaidY:
    return grid.y;
  case SR::NctaidZ:
    return grid.z;
  case SR::WarpId:
    return w.index;
  case SR::NwarpId:
    return launch.device->model().maxThreadsPerMultiprocessor / 32;
  case SR::SmId:
    return block.linear % launch.device->model().multiprocessors;
  case SR::NsmId:
    return launch.device->model().multiprocessors;
  case SR::GridId:
    return launch.gridId;
  case SR::Clock:
  case SR::Clock64:
    return w.worker->ticks;
  case SR::ClockHi:
    return w.worker->ticks >> 32;
  case SR::GlobalTimer:
  case SR::GlobalTimerLo:
    return w.worker->ticks;
  case SR::GlobalTimerHi:
    return w.worker->ticks >> 32;
  case SR::ClusterIdX:
    return block.index.x / size.x;
  case SR::ClusterIdY:
    return block.index.y / size.y;
  case SR::ClusterIdZ:
    return block.index.z / size.z;
  case SR::NclusterIdX:
    return grid.x / size.x;
  case SR::NclusterIdY:
    return grid.y / size.y;
  case SR::NclusterIdZ:
    return grid.z / size.z;
  case SR::ClusterCtaidX:
    return block.index.x % size.x;
  case SR::ClusterCtaidY:
    return block.index.y % size.y;
  case SR::ClusterCtaidZ:
    return block.index.z % size.z;
  case SR::ClusterNctaidX:
    return size.x;
  case SR::ClusterNctaidY:
    return size.y;
  case SR::ClusterNctaidZ:
    return size.z;
  case SR::ClusterCtarank:
    return block.rank;
  case SR::ClusterNctarank:
    return size.count();
  case SR::IsExplicitCluster:
    return size.count() > 1;
  case SR::DynamicSmemSize:
    return launch.config.dynamicShared;
  case SR::TotalSmemSize:
  case SR::AggrSmemSize:
    return launch.sharedBytes;
  case SR::ReservedSmemOffsetBegin:
    return 0;
  case SR::ReservedSmemOffsetEnd:
  case SR::ReservedSmemOffsetCap:
    return sharedBegin;
  case SR::EnvReg1:
    return launch.gridWorkspace >> 32;
  case SR::EnvReg2:
    return uint32_t(launch.gridWorkspace);
  case SR::DynamicShared:
    return sharedBegin + launch.dynamicOffset;
  case SR::FrameLocal:
    return w.frame->localBase;
  default:
    return 0;
  }
}

uint32_t laneSpecial(const Warp &w, SR reg, unsigned l) {
  switch (reg) {
  case SR::TidX:
    return w.tid[0][l];
  case SR::TidY:
    return w.tid[1][l];
  case SR::TidZ:
    return w.tid[2][l];
  case SR::LaneId:
    return l;
  case SR::LanemaskEq:
    return 1u << l;
  case SR::LanemaskLe:
    return uint32_t((uint64_t(2) << l) - 1);
  case SR::LanemaskLt:
    return (1u << l) - 1;
  case SR::LanemaskGe:
    return ~((1u << l) - 1);
  default: // LanemaskGt
    return ~uint32_t((uint64_t(2) << l) - 1);
  }
}

bool perLane(SR reg) {
  return reg <= SR::TidZ || reg == SR::LaneId ||
         (reg >= SR::LanemaskEq && reg <= SR::LanemaskGt);
}

template <class T> void runMov(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  writeLanes<T>(w, i.d, mask, [=](unsigned l) { return a[l]; });
}
void runMov128(Warp &w, const Insn &i, uint32_t mask) {
  const uint64_t *a = w.read<uint64_t>(i.a);
  uint64_t *d = w.at<uint64_t>(i.d);
  forEachLane(mask, [&](unsigned l) {
    d[l] = a[l];
    d[l + 32] = a[l + 32];
  });
}
void runMovPredicate(Warp &w, const Insn &i, uint32_t mask) {
  writePredicate(w, i.d, mask, w.predicate(i.a));
}

/// Bytes of lane l of a slot of `width` bytes per lane.
uint8_t *lanePart(const Warp &w, Ref ref, unsigned l, unsigned width,
                  unsigned part) {
  // 128-bit slots keep their halves apart.
  return w.at<uint8_t>(ref) +
         (width == 16 ? (part / 8) * 256 + l * 8 + part % 8 : l * width + part);
}

/// aux: parts; aux32: bytes of the whole; ext: the parts' slots (noRef: sink).
void runPack(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *parts = &w.worker->launch->program->ext[i.ext];
  unsigned bytes = i.aux32 / i.aux;
  forEachLane(mask, [&](unsigned l) {
    uint8_t whole[16];
    for (unsigned p = 0; p < i.aux; ++p)
      std::memcpy(whole + p * bytes,
                  w.at<uint8_t>(parts[p]) + l * (bytes < 2 ? 2 : bytes), bytes);
    for (unsigned k = 0; k < i.aux32; k += 2)
      std::memcpy(lanePart(w, i.d, l, i.aux32, k), whole + k, 2);
  });
}
void runUnpack(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *parts = &w.worker->launch->program->ext[i.ext];
  unsigned bytes = i.aux32 / i.aux;
  forEachLane(mask, [&](unsigned l) {
    uint8_t whole[16];
    for (unsigned k = 0; k < i.aux32; k += 2)
      std::memcpy(whole + k, lanePart(w, i.a, l, i.aux32, k), 2);
    for (unsigned p = 0; p < i.aux; ++p) {
      uint64_t value = 0;
      std::memcpy(&value, whole + p * bytes, bytes);
      unsigned width = bytes < 2 ? 2 : bytes;
      std::memcpy(w.at<uint8_t>(parts[p]) + l * width, &value, width);
    }
  });
}

/// Two 16-bit halves, the usual case.
void runPackHalves(Warp &w, const Insn &i, uint32_t mask) {
  const uint16_t *a = w.read<uint16_t>(i.a), *b = w.read<uint16_t>(i.b);
  writeLanes<uint32_t>(w, i.d, mask, [=](unsigned l) {
    return uint32_t(a[l]) | uint32_t(b[l]) << 16;
  });
}
void runPackWords(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *a = w.read<uint32_t>(i.a), *b = w.read<uint32_t>(i.b);
  writeLanes<uint64_t>(w, i.d, mask, [=](unsigned l) {
    return uint64_t(a[l]) | uint64_t(b[l]) << 32;
  });
}

/// cvta: aux32 bit 0: to the space; imm: the window. The result of aux bytes.
template <class T> void runCvta(Warp &w, const Insn &i, uint32_t mask) {
  const T *a = w.read<T>(i.a);
  uint64_t window = uint64_t(i.imm);
  bool to = i.aux32;
  writeLanes<T>(w, i.d, mask, [=](unsigned l) {
    uint64_t x = a[l];
    return T(to ? x & ~window : x | window);
  });
}

/// isspacep: aux = Space; aux32: cluster.
void runIsSpace(Warp &w, const Insn &i, uint32_t mask) {
  const uint64_t *a = w.read<uint64_t>(i.a);
  uint64_t window = 0;
  switch (Space(i.aux)) {
  case Space::Shared:
    window = sharedWindow;
    break;
  case Space::Local:
    window = localWindow;
    break;
  case Space::Param:
    window = paramWindow;
    break;
  default:
    break;
  }
  uint32_t result =
      maskOf([=](unsigned l) { return a[l] >> 56 == window >> 56; });
  if (Space(i.aux) == Space::Shared && !i.aux32) // shared::cta: own block only
    result &= maskOf(
        [=](unsigned l) { return (uint32_t(a[l]) >> clusterRankShift) == 0; });
  writePredicate(w, i.d, mask, result);
}

bool decodeVectorMove(Builder &b, Type type, bool pack) {
  const Operand &vector = b.operand(pack ? 1 : 0);
  unsigned bytes = typeBytes(type);
  Insn insn;
  insn.aux = uint8_t(vector.count);
  insn.aux32 = bytes;
  if (vector.count < 2 || vector.count > 8 || bytes % vector.count != 0)
    return b.fail("expected 2, 4 or 8 parts that fill the whole");
  unsigned part = bytes / vector.count;
  Type partType = part == 8   ? Type::B64
                  : part == 4 ? Type::B32
                  : part == 2 ? Type::B16
                              : Type::B8;
  Ref refs[8];
  for (unsigned p = 0; p < vector.count; ++p) {
    const Operand &operand = b.child(vector, p);
    if (!(pack ? b.source(operand, partType, refs[p])
               : b.destination(operand, partType, refs[p])))
      return false;
  }
  insn.run = pack ? runPack : runUnpack;
  if (!(pack ? b.destination(0, type, insn.d) : b.source(1, type, insn.a)))
    return false;
  if (pack && vector.count == 2 && (bytes == 4 || bytes == 8)) {
    insn.run = bytes == 4 ? runPackHalves : runPackWords;
    insn.a = refs[0];
    insn.b = refs[1];
  }
  for (unsigned p = 0; p < vector.count; ++p) {
    uint32_t at = b.addExt(refs[p]);
    if (p == 0)
      insn.ext = at;
  }
  insn.flags = FlagMove;
  b.emit(insn, InstructionClass::Move);
  return true;
}

bool decodeMov(Builder &b) {
  Type type = b.takeType();
  if (type == Type::None || !b.expectOperands(2))
    return false;
  using Kind = Operand::Kind;
  if (b.operand(1).kind == Kind::Vector || b.operand(0).kind == Kind::Vector) {
    if (b.operand(1).kind == b.operand(0).kind)
      return false;
    return decodeVectorMove(b, type, b.operand(1).kind == Kind::Vector);
  }
  Insn insn;
  unsigned bytes = typeBytes(type);
  if (b.operand(1).kind == Kind::Special) {
    insn.run = runReadSpecial;
    insn.aux = uint8_t(b.operand(1).index);
    insn.aux32 = bytes;
    if (bytes == 0 || !b.destination(0, type, insn.d))
      return false;
    b.emit(insn, InstructionClass::Move);
    return true;
  }
  insn.run = bytes == 0   ? runMovPredicate
             : bytes <= 2 ? runMov<uint16_t>
             : bytes == 4 ? runMov<uint32_t>
             : bytes == 8 ? runMov<uint64_t>
                          : runMov128;
  if (!b.destination(0, type, insn.d) || !b.source(1, type, insn.a))
    return false;
  insn.flags = FlagMove;
  b.emit(insn, InstructionClass::Move);
  return true;
}

bool decodeCvta(Builder &b) {
  Insn insn;
  insn.aux32 = b.take("to");
  Space space = b.takeSpace();
  Type type = b.takeType();
  switch (space) {
  case Space::Shared:
    insn.imm = int64_t(sharedWindow);
    break;
  case Space::Local:
    insn.imm = int64_t(localWindow);
    break;
  case Space::Param:
    insn.imm = int64_t(paramWindow);
    break;
  case Space::Generic:
    return false;
  default:
    break;
  }
  // cvta.param of a device function's parameter: it lies in local memory.
  if (b.operand(1).kind == Operand::Kind::Symbol &&
      b.symbol(b.operand(1).index).kind == Symbol::Kind::FrameParam)
    insn.imm = int64_t(localWindow);
  insn.run = typeBytes(type) == 8   ? runCvta<uint64_t>
             : typeBytes(type) == 4 ? runCvta<uint32_t>
                                    : nullptr;
  if (!insn.run || !b.expectOperands(2) || !b.destination(0, type, insn.d) ||
      !b.source(1, type, insn.a))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

} // namespace

void runReadSpecial(Warp &w, const Insn &i, uint32_t mask) {
  SR reg = SR(i.aux);
  uint64_t add = uint64_t(i.imm);
  auto store = [&](auto zero, auto value) {
    using T = decltype(zero);
    writeLanes<T>(w, i.d, mask, [=](unsigned l) { return T(value(l) + add); });
  };
  auto all = [&](auto value) {
    if (i.aux32 == 8)
      store(uint64_t(), value);
    else if (i.aux32 == 4)
      store(uint32_t(), value);
    else
      store(uint16_t(), value);
  };
  if (perLane(reg)) {
    all([&](unsigned l) { return uint64_t(laneSpecial(w, reg, l)); });
    return;
  }
  if (reg >= SR::Clock && reg <= SR::GlobalTimerHi) {
    // Time passes with the instructions of the worker.
    w.worker->ticks += 20;
    w.fragmentPoll = true;
  }
  uint64_t value = uniformSpecial(w, reg);
  all([=](unsigned) { return value; });
}

bool decodeMoveInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "mov")
    return decodeMov(b);
  if (name == "cvta")
    return decodeCvta(b);
  // isspacep
  Insn insn;
  insn.aux32 = b.hasModifier("shared::cluster");
  insn.aux = uint8_t(b.takeSpace());
  insn.run = runIsSpace;
  if (!b.expectOperands(2) || !b.destination(0, Type::Pred, insn.d) ||
      !b.source(1, Type::B64, insn.a))
    return false;
  b.emit(insn, InstructionClass::Integer);
  return true;
}

} // namespace vgpu
