// Atomics.cpp - atom and red on global, shared and cluster memory.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Numbers.h"
#include "tools/vgpu/core/Polling.h"

namespace vgpu {

namespace {

enum class Op : uint8_t {
  Add,
  Min,
  Max,
  And,
  Or,
  Xor,
  Inc,
  Dec,
  Exch,
  Cas,
};

/// aux of atomics: the operation; the element's type lies in ext.
struct Shape {
  Op op;
  Type type;
  unsigned elements;
  bool flush; ///< f32 add in global memory flushes subnormals
};

template <class T> T combine(Op op, T old, T a, T b) {
  switch (op) {
  case Op::Add:
    return T(old + a);
  case Op::Min:
    return old < a ? old : a;
  case Op::Max:
    return old > a ? old : a;
  case Op::Inc:
    return old >= a ? T(0) : T(old + 1);
  case Op::Dec:
    return old == 0 || old > a ? a : T(old - 1);
  case Op::Exch:
    return a;
  case Op::Cas:
    return old == a ? b : old;
  default:
    break;
  }
  if constexpr (std::is_integral_v<T>) {
    switch (op) {
    case Op::And:
      return old & a;
    case Op::Or:
      return old | a;
    default:
      return old ^ a;
    }
  }
  return old;
}

float combineFloat(Op op, float old, float a, bool flush) {
  if (flush) {
    old = flushed(old);
    a = flushed(a);
  }
  float r = op == Op::Add   ? canonical(old + a)
            : op == Op::Min ? std::fmin(old, a)
                            : std::fmax(old, a);
  return flush ? flushed(r) : r;
}

uint16_t combineHalf(Op op, uint16_t old, uint16_t a, bool bf) {
  float x = bf ? bfloatValue(old) : halfValue(old);
  float y = bf ? bfloatValue(a) : halfValue(a);
  float r = op == Op::Add   ? x + y
            : op == Op::Min ? std::fmin(x, y)
                            : std::fmax(x, y);
  return bf ? bfloatBits(r) : halfBits(r);
}

/// The new bits of one element.
uint64_t apply(const Shape &shape, uint64_t old, uint64_t a, uint64_t b) {
  switch (shape.type) {
  case Type::S32:
    return uint32_t(combine<int32_t>(shape.op, int32_t(old), int32_t(a), 0));
  case Type::S64:
    return uint64_t(combine<int64_t>(shape.op, int64_t(old), int64_t(a), 0));
  case Type::U64:
  case Type::B64:
    return combine<uint64_t>(shape.op, old, a, b);
  case Type::F32:
    if (shape.op == Op::Exch)
      return uint32_t(a);
    return std::bit_cast<uint32_t>(
        combineFloat(shape.op, std::bit_cast<float>(uint32_t(old)),
                     std::bit_cast<float>(uint32_t(a)), shape.flush));
  case Type::F64:
    return std::bit_cast<uint64_t>(std::bit_cast<double>(old) +
                                   std::bit_cast<double>(a));
  case Type::F16:
  case Type::BF16:
    return combineHalf(shape.op, uint16_t(old), uint16_t(a),
                       shape.type == Type::BF16);
  case Type::F16x2:
  case Type::BF16x2: {
    bool bf = shape.type == Type::BF16x2;
    return combineHalf(shape.op, uint16_t(old), uint16_t(a), bf) |
           uint32_t(combineHalf(shape.op, uint16_t(old >> 16),
                                uint16_t(a >> 16), bf))
               << 16;
  }
  case Type::B16:
    return combine<uint16_t>(shape.op, uint16_t(old), uint16_t(a), uint16_t(b));
  default:
    return combine<uint32_t>(shape.op, uint32_t(old), uint32_t(a), uint32_t(b));
  }
}

template <class T>
T exchangeLoop(uint8_t *pointer, const Shape &shape, uint64_t a, uint64_t b) {
  T *at = reinterpret_cast<T *>(pointer);
  T old = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (true) {
    T fresh = T(apply(shape, old, a, b));
    if (__atomic_compare_exchange_n(at, &old, fresh, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST))
      return old;
  }
}

uint64_t atomicOne(Warp &w, const LaneView &view, unsigned lane,
                   const Shape &shape, unsigned skip, uint64_t a, uint64_t b) {
  unsigned size = typeBytes(shape.type);
  if (view.space == Space::Local) {
    uint64_t old = 0;
    readView(w, view, lane, &old, size, skip);
    uint64_t fresh = apply(shape, old, a, b);
    writeView(w, view, lane, &fresh, size, skip);
    return old;
  }
  uint8_t *pointer = view.pointer + skip;
  switch (size) {
  case 2:
    return exchangeLoop<uint16_t>(pointer, shape, a, b);
  case 4:
    return exchangeLoop<uint32_t>(pointer, shape, a, b);
  default:
    return exchangeLoop<uint64_t>(pointer, shape, a, b);
  }
}

uint64_t element(const Warp &w, Ref ref, unsigned lane, unsigned size) {
  uint64_t value = 0;
  std::memcpy(&value, w.at<uint8_t>(ref) + lane * size, size);
  return value;
}

/// ext: type, elements, then per element: result (noRef for red), operand,
/// second operand (cas).
void runAtomic(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  Shape shape{Op(i.aux), Type(ext[0]), ext[1], false};
  unsigned size = typeBytes(shape.type), total = size * shape.elements;
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  Access access;
  if (!resolve(w, mask, memSpace(i), addresses, total, total,
               AccessKind::Atomic, access))
    return;
  access.strong = true;
  if (w.worker->instrumented) {
    beforeStrongStore(w, i, mask, access);
    observe(w, i, access);
  }
  forEachLane(mask, [&](unsigned l) {
    const LaneView &view = access.lanes[l];
    shape.flush = shape.type == Type::F32 && view.space == Space::Global;
    for (unsigned k = 0; k < shape.elements; ++k) {
      const uint32_t *refs = ext + 2 + 3 * k;
      uint64_t a = element(w, refs[1], l, size);
      uint64_t b = refs[2] == noRef ? 0 : element(w, refs[2], l, size);
      uint64_t old = atomicOne(w, view, l, shape, k * size, a, b);
      if (refs[0] != noRef)
        std::memcpy(w.at<uint8_t>(refs[0]) + l * size, &old, size);
    }
  });
  if (w.worker->instrumented)
    afterStrongLoad(w, i, mask, access);
  if (ext[2] != noRef)
    notePoll(w, element(w, ext[2], unsigned(std::countr_zero(mask)), size));
}

/// atom.exch.b128 and atom.cas.b128: one lane at a time under a lock.
void runAtomic128(Warp &w, const Insn &i, uint32_t mask) {
  const uint32_t *ext = &w.worker->launch->program->ext[i.ext];
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  Access access;
  if (!resolve(w, mask, memSpace(i), addresses, 16, 16, AccessKind::Atomic,
               access))
    return;
  access.strong = true;
  if (w.worker->instrumented) {
    beforeStrongStore(w, i, mask, access);
    observe(w, i, access);
  }
  static std::mutex lock; // whole-device order of 16-byte atomics
  auto part = [&](Ref ref, unsigned l, unsigned h) -> uint64_t & {
    return w.at<uint64_t>(ref)[h * 32 + l];
  };
  forEachLane(mask, [&](unsigned l) {
    std::lock_guard<std::mutex> guard(lock);
    uint64_t old[2], fresh[2];
    readView(w, access.lanes[l], l, old, 16);
    bool exchange = Op(i.aux) == Op::Exch;
    for (unsigned h = 0; h < 2; ++h)
      fresh[h] = part(exchange ? ext[3] : ext[4], l, h);
    bool same = exchange ||
                (old[0] == part(ext[3], l, 0) && old[1] == part(ext[3], l, 1));
    if (same)
      writeView(w, access.lanes[l], l, fresh, 16);
    if (ext[2] != noRef)
      for (unsigned h = 0; h < 2; ++h)
        part(ext[2], l, h) = old[h];
  });
  if (w.worker->instrumented)
    afterStrongLoad(w, i, mask, access);
}

bool supported(Op op, Type type) {
  unsigned size = typeBytes(type);
  switch (op) {
  case Op::And:
  case Op::Or:
  case Op::Xor:
    return type == Type::B32 || type == Type::B64 || type == Type::U32 ||
           type == Type::S32 || type == Type::U64 || type == Type::S64;
  case Op::Inc:
  case Op::Dec:
    return type == Type::U32;
  case Op::Exch:
    return size >= 4;
  case Op::Cas:
    return !isFloatType(type) && size >= 2;
  case Op::Add:
    return type != Type::Pred && !(type == Type::B16 || type == Type::B8) &&
           size >= 2 && type != Type::B128;
  default:
    return type == Type::U32 || type == Type::S32 || type == Type::U64 ||
           type == Type::S64 || type == Type::F16 || type == Type::F16x2 ||
           type == Type::BF16 || type == Type::BF16x2 || type == Type::F32;
  }
}

} // namespace

bool decodeAtomicInsn(Builder &b) {
  bool reduction = b.mnemonic() == "red";
  Insn insn;
  int order = b.takeOneOf({"relaxed", "acquire", "release", "acq_rel"});
  int scope = b.takeOneOf({"cta", "cluster", "gpu", "sys"});
  Space space = b.takeSpace();
  int op = b.takeOneOf(
      {"add", "min", "max", "and", "or", "xor", "inc", "dec", "exch", "cas"});
  b.take("noftz");
  bool policy = b.take("L2::cache_hint");
  unsigned count = b.takeVector();
  Type type = b.takeType();
  if (op < 0 || !supported(Op(op), type) ||
      (reduction && (Op(op) == Op::Exch || Op(op) == Op::Cas)))
    return false;
  bool cas = Op(op) == Op::Cas;
  unsigned first = reduction ? 0 : 1;
  unsigned want = first + (cas ? 3 : 2);
  if (!b.expectOperands(want, want + (policy ? 1 : 0)))
    return false;
  bool wide;
  if (!b.address(b.operand(first), space, insn.a, insn.imm, wide))
    return false;
  insn.ext = b.addExt(uint32_t(type));
  b.addExt(count);
  for (unsigned k = 0; k < count; ++k) {
    auto pick = [&](unsigned i) -> const Operand & {
      const Operand &o = b.operand(i);
      return o.kind == Operand::Kind::Vector && k < o.count ? b.child(o, k) : o;
    };
    Ref d = noRef, a, c = noRef;
    if ((!reduction && !b.destination(pick(0), type, d)) ||
        !b.source(pick(first + 1), type, a) ||
        (cas && !b.source(pick(first + 2), type, c)))
      return false;
    b.addExt(d);
    b.addExt(a);
    b.addExt(c);
  }
  insn.run = type == Type::B128 ? runAtomic128 : runAtomic;
  insn.aux = uint8_t(op);
  insn.aux32 = count | (wide ? MemWide : 0) | MemStrong |
               uint32_t(space) << memSpaceShift |
               (order == 1 || order == 3 ? MemAcquire : 0) |
               (order == 2 || order == 3 ? MemRelease : 0) |
               (scope == 0 ? MemBlockScope : 0);
  insn.flags = FlagOwnUndefined;
  b.emit(insn, InstructionClass::Atomic);
  return true;
}

} // namespace vgpu
