// LoadStore.cpp - ld, st, ldu and prefetch.
#include "tools/vgpu/core/Builder.h"
#include "tools/vgpu/core/LaneOps.h"
#include "tools/vgpu/core/Memory.h"
#include "tools/vgpu/core/Polling.h"

namespace vgpu {

namespace {

const uint32_t *elementRefs(const Warp &w, const Insn &i) {
  return &w.worker->launch->program->ext[i.ext];
}
unsigned elements(const Insn &i) { return i.aux32 & MemVector; }

/// Stores a loaded element, extended, in a register of any width.
void putElement(const Warp &w, Ref ref, unsigned lane, const uint8_t *bytes,
                unsigned size, unsigned width, bool isSigned) {
  if (size == 16) {
    std::memcpy(w.at<uint8_t>(ref) + lane * 8, bytes, 8);
    std::memcpy(w.at<uint8_t>(ref) + 256 + lane * 8, bytes + 8, 8);
    return;
  }
  uint64_t value = 0;
  std::memcpy(&value, bytes, size);
  if (isSigned && size < 8) {
    unsigned shift = 64 - 8 * size;
    value = uint64_t(int64_t(value << shift) >> shift);
  }
  std::memcpy(w.at<uint8_t>(ref) + lane * width, &value, width);
}

void getElement(const Warp &w, Ref ref, unsigned lane, uint8_t *bytes,
                unsigned size, unsigned width) {
  if (size == 16) {
    std::memcpy(bytes, w.at<uint8_t>(ref) + lane * 8, 8);
    std::memcpy(bytes + 8, w.at<uint8_t>(ref) + 256 + lane * 8, 8);
    return;
  }
  std::memcpy(bytes, w.at<uint8_t>(ref) + lane * width, size);
}

/// Any space, any shape.
void loadGeneral(Warp &w, const Insn &i, uint32_t mask,
                 const uint64_t (&addresses)[32]) {
  unsigned size = i.aux, count = elements(i), total = size * count;
  unsigned width = i.aux32 >> memRegisterShift & 255;
  Access access;
  if (!resolve(w, mask, memSpace(i), addresses, total, total, AccessKind::Read,
               access))
    return;
  access.strong = i.aux32 & MemStrong;
  if (w.worker->instrumented)
    observe(w, i, access);
  const uint32_t *refs = elementRefs(w, i);
  bool isSigned = i.aux32 & MemSigned;
  forEachLane(mask, [&](unsigned l) {
    alignas(16) uint8_t bytes[64];
    readView(w, access.lanes[l], l, bytes, total);
    for (unsigned k = 0; k < count; ++k)
      putElement(w, refs[k], l, bytes + k * size, size, width, isSigned);
  });
  if (i.aux32 & MemStrong) {
    afterStrongLoad(w, i, mask, access);
    uint64_t value = 0;
    std::memcpy(&value, w.at<uint8_t>(refs[0]) + std::countr_zero(mask) * width,
                std::min(width, 8u));
    notePoll(w, value);
  }
}

void storeGeneral(Warp &w, const Insn &i, uint32_t mask,
                  const uint64_t (&addresses)[32]) {
  unsigned size = i.aux, count = elements(i), total = size * count;
  unsigned width = i.aux32 >> memRegisterShift & 255;
  Access access;
  if (!resolve(w, mask, memSpace(i), addresses, total, total, AccessKind::Write,
               access))
    return;
  access.strong = i.aux32 & MemStrong;
  const uint32_t *refs = elementRefs(w, i);
  if (w.worker->instrumented) {
    beforeStrongStore(w, i, mask, access);
    observe(w, i, access);
  }
  forEachLane(mask, [&](unsigned l) {
    alignas(16) uint8_t bytes[64];
    for (unsigned k = 0; k < count; ++k)
      getElement(w, refs[k], l, bytes + k * size, size, width);
    if (i.aux32 & MemStrong)
      std::atomic_thread_fence(std::memory_order_release);
    writeView(w, access.lanes[l], l, bytes, total);
  });
}

template <class T> bool unitStride(const T (&addresses)[32], unsigned bytes) {
  T bad = 0;
  for (unsigned l = 0; l < 32; ++l)
    bad |= addresses[l] ^ T(addresses[0] + T(l * bytes));
  return bad == 0;
}

/// Elements of E bytes into registers of E bytes, from host addresses.
template <unsigned E, unsigned V, class P>
void gather(Warp &w, const Insn &i, uint32_t mask, P pointer) {
  using T = std::conditional_t<E == 2, uint16_t,
                               std::conditional_t<E == 4, uint32_t, uint64_t>>;
  const uint32_t *refs = elementRefs(w, i);
  T *out[V];
  for (unsigned k = 0; k < V; ++k)
    out[k] = w.at<T>(refs[k]);
  auto one = [&](unsigned l) {
    T values[V];
    std::memcpy(values, pointer(l), E * V);
    for (unsigned k = 0; k < V; ++k)
      out[k][l] = values[k];
  };
  if (mask == allLanes) {
    for (unsigned l = 0; l < 32; ++l)
      one(l);
    return;
  }
  forEachLane(mask, one);
}

template <unsigned E, unsigned V, class P>
void scatter(Warp &w, const Insn &i, uint32_t mask, P pointer) {
  using T = std::conditional_t<E == 2, uint16_t,
                               std::conditional_t<E == 4, uint32_t, uint64_t>>;
  const uint32_t *refs = elementRefs(w, i);
  const T *in[V];
  for (unsigned k = 0; k < V; ++k)
    in[k] = w.read<T>(refs[k]);
  auto one = [&](unsigned l) {
    T values[V];
    for (unsigned k = 0; k < V; ++k)
      values[k] = in[k][l];
    std::memcpy(pointer(l), values, E * V);
  };
  if (mask == allLanes) {
    for (unsigned l = 0; l < 32; ++l)
      one(l);
    return;
  }
  forEachLane(mask, one);
}

/// The general way, for what the quick ones leave.
void accessGeneral(Warp &w, const Insn &i, uint32_t mask, bool store) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  if (store)
    storeGeneral(w, i, mask, addresses);
  else
    loadGeneral(w, i, mask, addresses);
}

/// Between registers and the lanes' bytes at pointer(lane); `together` when
/// they lie side by side in lane order.
template <unsigned E, unsigned V, bool Store, class P>
void moveLanes(Warp &w, const Insn &i, uint32_t mask, bool together,
               P pointer) {
  if (V == 1 && mask == allLanes && together) {
    uint8_t *registers = w.at<uint8_t>(elementRefs(w, i)[0]);
    std::memcpy(Store ? pointer(0) : registers, Store ? registers : pointer(0),
                32 * E);
  } else if constexpr (Store) {
    scatter<E, V>(w, i, mask, pointer);
  } else {
    gather<E, V>(w, i, mask, pointer);
  }
}

/// Global or generic addresses that all lie in a recently used allocation.
template <unsigned E, unsigned V, bool Store>
void accessGlobal(Warp &w, const Insn &i, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  if (!cachedGlobal(*w.worker, addresses, E * V, E * V) ||
      (i.aux32 & MemStrong))
    return Store ? storeGeneral(w, i, mask, addresses)
                 : loadGeneral(w, i, mask, addresses);
  if (w.worker->instrumented)
    observeGlobal(w, i, mask, addresses, E * V,
                  Store ? AccessKind::Write : AccessKind::Read);
  moveLanes<E, V, Store>(
      w, i, mask, V == 1 && unitStride(addresses, E),
      [&](unsigned l) { return reinterpret_cast<uint8_t *>(addresses[l]); });
}

/// Offsets in the block's own shared memory; false when a lane leaves it.
bool sharedOffsets(const Warp &w, const Insn &i, uint32_t mask, unsigned bytes,
                   uint32_t (&offsets)[32]) {
  uint32_t offset = uint32_t(i.imm) - sharedBegin;
  uint32_t high = 0;
  if (i.aux32 & MemWide) {
    const uint64_t *base = w.read<uint64_t>(i.a);
    for (unsigned l = 0; l < 32; ++l) {
      offsets[l] = uint32_t(base[l]) + offset;
      high |= mask >> l & 1 ? uint32_t((base[l] + uint64_t(i.imm)) >> 32) : 0;
    }
  } else {
    const uint32_t *base = w.read<uint32_t>(i.a);
    for (unsigned l = 0; l < 32; ++l)
      offsets[l] = base[l] + offset;
  }
  if (mask != allLanes) {
    uint32_t first = offsets[std::countr_zero(mask)];
    for (unsigned l = 0; l < 32; ++l)
      offsets[l] = mask >> l & 1 ? offsets[l] : first;
  }
  uint32_t size = w.block->sharedBytes;
  if (size < bytes || high)
    return false;
  uint32_t most = size - bytes, bad = 0, low = 0;
  for (unsigned l = 0; l < 32; ++l) {
    bad |= uint32_t(offsets[l] > most);
    low |= offsets[l];
  }
  return !bad && (low & (bytes - 1)) == 0;
}

template <unsigned E, unsigned V, bool Store>
void accessShared(Warp &w, const Insn &i, uint32_t mask) {
  uint32_t offsets[32];
  if (!sharedOffsets(w, i, mask, E * V, offsets) || (i.aux32 & MemStrong))
    return accessGeneral(w, i, mask, Store);
  if (w.worker->instrumented)
    observeShared(w, i, mask, offsets, E * V,
                  Store ? AccessKind::Write : AccessKind::Read);
  uint8_t *shared = w.block->shared;
  moveLanes<E, V, Store>(w, i, mask, V == 1 && unitStride(offsets, E),
                         [&](unsigned l) { return shared + offsets[l]; });
}

void loadAny(Warp &w, const Insn &i, uint32_t mask) {
  accessGeneral(w, i, mask, false);
}
void storeAny(Warp &w, const Insn &i, uint32_t mask) {
  accessGeneral(w, i, mask, true);
}

/// A kernel parameter at a fixed offset: the same for all lanes.
void loadParameter(Warp &w, const Insn &i, uint32_t mask) {
  unsigned size = i.aux, count = elements(i);
  unsigned width = i.aux32 >> memRegisterShift & 255;
  const LaunchState &launch = *w.worker->launch;
  uint64_t at = w.read<uint64_t>(i.a)[0] + uint64_t(i.imm);
  if (at > launch.parameters.size() ||
      size * count > launch.parameters.size() - at)
    return loadAny(w, i, mask);
  const uint32_t *refs = elementRefs(w, i);
  for (unsigned k = 0; k < count; ++k) {
    const uint8_t *from = launch.parameters.data() + at + k * size;
    if (size == 4 && width == 4) {
      uint32_t value;
      std::memcpy(&value, from, 4);
      writeLanes<uint32_t>(w, refs[k], mask, [=](unsigned) { return value; });
    } else if (size == 8 && width == 8) {
      uint64_t value;
      std::memcpy(&value, from, 8);
      writeLanes<uint64_t>(w, refs[k], mask, [=](unsigned) { return value; });
    } else {
      forEachLane(mask, [&](unsigned l) {
        putElement(w, refs[k], l, from, size, width, i.aux32 & MemSigned);
      });
    }
  }
}

/// Local words at one offset for all lanes: 128 bytes that lie together.
template <bool Store> void localWords(Warp &w, const Insn &i, uint32_t mask) {
  uint64_t addresses[32];
  laneAddresses(w, i, mask, addresses);
  unsigned size = i.aux, count = elements(i), total = size * count;
  bool same = mask == allLanes && unitStride(addresses, 0);
  uint64_t end =
      w.frame->localBase +
      w.worker->launch->program->functions[w.frame->function].frameBytes;
  uint64_t at = addresses[0];
  if (!same || size != 4 || (at & (total - 1)) || at > end ||
      total > end - at || w.worker->instrumented)
    return Store ? storeGeneral(w, i, mask, addresses)
                 : loadGeneral(w, i, mask, addresses);
  const uint32_t *refs = elementRefs(w, i);
  for (unsigned k = 0; k < count; ++k) {
    uint8_t *words = &w.local[size_t(at / 4 + k) * 128];
    if (Store)
      std::memcpy(words, w.at<uint8_t>(refs[k]), 128);
    else
      std::memcpy(w.at<uint8_t>(refs[k]), words, 128);
  }
}

template <unsigned E, unsigned V> Handler quick(Space space, bool store) {
  switch (space) {
  case Space::Global:
  case Space::Const:
  case Space::Generic:
    return store ? accessGlobal<E, V, true> : accessGlobal<E, V, false>;
  case Space::Shared:
    return store ? accessShared<E, V, true> : accessShared<E, V, false>;
  default:
    return nullptr;
  }
}

Handler quickHandler(unsigned size, unsigned count, unsigned width, Space space,
                     bool store) {
  if (size != width)
    return nullptr;
  switch (size * 16 + count) {
  case 0x21:
    return quick<2, 1>(space, store);
  case 0x22:
    return quick<2, 2>(space, store);
  case 0x24:
    return quick<2, 4>(space, store);
  case 0x41:
    return quick<4, 1>(space, store);
  case 0x42:
    return quick<4, 2>(space, store);
  case 0x44:
    return quick<4, 4>(space, store);
  case 0x81:
    return quick<8, 1>(space, store);
  case 0x82:
    return quick<8, 2>(space, store);
  default:
    return nullptr;
  }
}

void takeCacheHints(Builder &b, bool &policy) {
  static const std::initializer_list<std::string_view> hints = {
      "ca",
      "cg",
      "cs",
      "lu",
      "cv",
      "wb",
      "wt",
      "nc",
      "L1::evict_normal",
      "L1::evict_unchanged",
      "L1::evict_first",
      "L1::evict_last",
      "L1::no_allocate",
      "L2::evict_last",
      "L2::evict_first",
      "L2::evict_normal",
      "L2::64B",
      "L2::128B",
      "L2::256B"};
  while (b.takeOneOf(hints) >= 0) {
  }
  policy = b.take("L2::cache_hint");
}

InstructionClass memoryClass(Space space, bool store) {
  using C = InstructionClass;
  switch (space) {
  case Space::Shared:
    return store ? C::StoreShared : C::LoadShared;
  case Space::Local:
    return store ? C::StoreLocal : C::LoadLocal;
  case Space::Param:
    return C::LoadParam;
  case Space::Const:
    return C::LoadParam;
  default:
    return store ? C::StoreGlobal : C::LoadGlobal;
  }
}

/// The space that a .param access really uses: parameters of functions and
/// calls lie in the frame's local memory.
Space parameterSpace(Builder &b, const Operand &address) {
  if (address.kind != Operand::Kind::Address)
    return Space::Param;
  const Operand &inner = b.child(address, 0);
  if (inner.kind == Operand::Kind::Symbol)
    return b.symbol(inner.index).kind == Symbol::Kind::KernelParam
               ? Space::Param
               : Space::Local;
  return b.function.entry ? Space::Param : Space::Local;
}

bool memoryElements(Builder &b, Insn &insn, const Operand &data, Type type,
                    unsigned count, bool store, unsigned &width) {
  width = 0;
  Ref refs[8];
  if (count > 1 && (data.kind != Operand::Kind::Vector || data.count != count))
    return b.fail("expected a vector of " + std::to_string(count) +
                  " registers");
  for (unsigned k = 0; k < count; ++k) {
    const Operand &one = count > 1 || data.kind == Operand::Kind::Vector
                             ? b.child(data, k)
                             : data;
    unsigned bytes = b.registerBytes(one);
    if (bytes == 0)
      bytes = std::max(typeBytes(type), 2u);
    bytes = std::max(bytes, 2u);
    if (width != 0 && bytes != width)
      return b.fail("expected registers of one width");
    width = bytes;
    bool good = store ? b.source(one, type, refs[k], true)
                      : b.destination(one, type, refs[k], true);
    if (!good)
      return false;
    // A sink has the type's own width, whatever its neighbours have.
    if (!store && one.kind == Operand::Kind::Sink)
      refs[k] = b.temporary(16);
  }
  for (unsigned k = 0; k < count; ++k) {
    uint32_t at = b.addExt(refs[k]);
    if (k == 0)
      insn.ext = at;
  }
  return true;
}

bool decodeLoadStore(Builder &b, bool store) {
  Insn insn;
  Space space = b.takeSpace();
  bool constant = b.hasModifier("nc") || space == Space::Const;
  bool policy = false;
  takeCacheHints(b, policy);
  int order = b.takeOneOf(
      {"weak", "volatile", "relaxed", "acquire", "release", "mmio"});
  if (order == 2 && b.take("mmio"))
    order = 2;
  int scope = b.takeOneOf({"cta", "cluster", "gpu", "sys"});
  b.take("unified");
  unsigned count = b.takeVector();
  Type type = b.takeType();
  unsigned size = typeBytes(type);
  if (size == 0 || size * count > 32)
    return false;
  if (!b.expectOperands(2, policy ? 3 : 2))
    return false;
  const Operand &address = b.operand(store ? 0 : 1);
  const Operand &data = b.operand(store ? 1 : 0);
  if (space == Space::Param)
    space = parameterSpace(b, address);
  bool wide;
  if (!b.address(address, space, insn.a, insn.imm, wide))
    return false;
  unsigned width;
  if (!memoryElements(b, insn, data, type, count, store, width))
    return false;
  insn.aux = uint8_t(size);
  insn.aux32 = count | (wide ? MemWide : 0) |
               (isSignedType(type) ? MemSigned : 0) |
               width << memRegisterShift | uint32_t(space) << memSpaceShift |
               (constant ? MemConstant : 0) | (order >= 1 ? MemStrong : 0) |
               (order == 3 ? MemAcquire : 0) | (order == 4 ? MemRelease : 0) |
               (scope == 0 ? MemBlockScope : 0);
  insn.run = quickHandler(size, count, width, space, store);
  if (space == Space::Local)
    insn.run = width == 4 ? (store ? localWords<true> : localWords<false>)
                          : (store ? storeAny : loadAny);
  if (space == Space::Param && (insn.a & constantRef) && !store)
    insn.run = loadParameter;
  if (!insn.run)
    insn.run = store ? storeAny : loadAny;
  insn.flags = FlagOwnUndefined;
  b.emit(insn, memoryClass(space, store));
  return true;
}

void runNothing(Warp &, const Insn &, uint32_t) {}

} // namespace

bool decodeMemoryInsn(Builder &b) {
  std::string_view name = b.mnemonic();
  if (name == "ld" || name == "ldu" || name == "st")
    return decodeLoadStore(b, name == "st");
  // prefetch, prefetchu, applypriority, discard, createpolicy: hints.
  Insn insn;
  insn.run = runNothing;
  if (name == "createpolicy") {
    static const std::initializer_list<std::string_view> words = {
        "fractional",
        "range",
        "cvt",
        "global",
        "L2",
        "b64",
        "L2::evict_last",
        "L2::evict_normal",
        "L2::evict_first",
        "L2::evict_unchanged"};
    while (b.takeOneOf(words) >= 0) {
    }
    Ref target;
    if (!b.destination(0, Type::B64, target))
      return false;
    insn.run = runReadSpecial;
    insn.d = target;
    insn.aux = uint8_t(SpecialRegister::Zero);
    insn.aux32 = 8;
    b.emit(insn, InstructionClass::Other);
    return true;
  }
  static const std::initializer_list<std::string_view> words = {
      "global",
      "local",
      "L1",
      "L2",
      "tensormap",
      "param",
      "const",
      "L2::evict_last",
      "L2::evict_normal",
      "global::L2::evict_last",
      "L2::128"};
  while (b.takeOneOf(words) >= 0) {
  }
  b.emit(insn, InstructionClass::Other);
  return true;
}

} // namespace vgpu
