// Memory.h - from the addresses of a warp's lanes to bytes on the host.
#pragma once

#include "tools/vgpu/core/Warp.h"

namespace vgpu {

/// What an access does, for checks and statistics.
enum class AccessKind : uint8_t { Read, Write, Atomic };

/// Where one lane's access goes.
struct LaneView {
  /// Host bytes; null for local memory, whose words are interleaved.
  uint8_t *pointer = nullptr;
  /// Offset in the block's shared or the thread's local memory.
  uint32_t offset = 0;
  Space space = Space::Global;
  /// The block whose shared memory it is.
  Block *block = nullptr;
  uint64_t address = 0; ///< as the program wrote it
};

/// A warp's access, resolved and checked.
struct Access {
  uint32_t mask = 0;
  uint32_t bytes = 0;
  AccessKind kind = AccessKind::Read;
  /// Relaxed, volatile, acquire, release or atomic: ordered with others.
  bool strong = false;
  LaneView lanes[32];
};

/// Bits of Insn::aux32 of memory instructions.
enum : uint32_t {
  MemVector = 15,        ///< elements
  MemWide = 1 << 4,      ///< the base register has 64 bits
  MemSigned = 1 << 5,    ///< narrower elements extend their sign
  MemStrong = 1 << 6,    ///< relaxed, volatile or stronger
  MemAcquire = 1 << 7,   ///< ld.acquire, atom.acquire
  MemRelease = 1 << 16,  ///< st.release, atom.release
  MemConstant = 1 << 17, ///< ld.const, ld.global.nc
  MemBlockScope = 1 << 18,
};
constexpr unsigned memRegisterShift = 8; ///< bytes of the registers
constexpr unsigned memSpaceShift = 20;
inline Space memSpace(const Insn &i) {
  return Space(i.aux32 >> memSpaceShift & 7);
}

/// Computes the lanes' addresses: base + offset. Lanes not in `mask` get the
/// address of the first lane in it.
void laneAddresses(const Warp &warp, const Insn &insn, uint32_t mask,
                   uint64_t (&addresses)[32]);

/// Resolves and checks every lane of an access of `bytes` bytes aligned to
/// `alignment`. Reports the first bad lane and returns false.
bool resolve(Warp &warp, uint32_t mask, Space space,
             const uint64_t (&addresses)[32], unsigned bytes,
             unsigned alignment, AccessKind kind, Access &access);
/// The same for one address; used by asynchronous copies. `lane` is named in
/// reports.
bool resolveOne(Warp &warp, unsigned lane, Space space, uint64_t address,
                uint64_t bytes, unsigned alignment, AccessKind kind,
                LaneView &view);

/// Moves bytes between a view and a buffer; local memory word by word.
void readView(const Warp &warp, const LaneView &view, unsigned lane,
              void *target, unsigned bytes, unsigned skip = 0);
void writeView(Warp &warp, const LaneView &view, unsigned lane,
               const void *source, unsigned bytes, unsigned skip = 0);
/// Grows the warp's local memory to `bytes` per thread.
void reserveLocal(Warp &warp, uint32_t bytes);

/// Makes the recently used allocation that holds `address` the worker's cached
/// one; false when none does.
bool recallAllocation(Worker &worker, uint64_t address);
/// Forgets all of them: an allocation was freed.
void forgetAllocations(Worker &worker);

/// True when one recently used allocation holds all of the addresses, which
/// are aligned.
inline bool cachedGlobal(Worker &worker, const uint64_t (&addresses)[32],
                         unsigned bytes, unsigned alignment) {
  for (unsigned attempt = 0; attempt < 2; ++attempt) {
    uint64_t begin = worker.cacheBegin;
    uint64_t span = worker.cacheEnd - begin;
    uint64_t most = span - bytes, bad = span < bytes, low = 0;
    for (unsigned l = 0; l < 32; ++l) {
      bad |= uint64_t(addresses[l] - begin > most);
      low |= addresses[l];
    }
    if (low & (alignment - 1))
      return false;
    if (!bad)
      return true;
    if (!recallAllocation(worker, addresses[0]))
      return false;
  }
  return false;
}

/// Tells checks and statistics about a resolved access. For reads, sets
/// warp.loadUndefined; for writes, uses warp.storeUndefined (both per element
/// of the instruction's vector).
void observe(Warp &warp, const Insn &insn, const Access &access);
/// The same for an access that the caller can describe with pointers only.
void observeGlobal(Warp &warp, const Insn &insn, uint32_t mask,
                   const uint64_t (&addresses)[32], unsigned bytes,
                   AccessKind kind);
void observeShared(Warp &warp, const Insn &insn, uint32_t mask,
                   const uint32_t (&offsets)[32], unsigned bytes,
                   AccessKind kind);

} // namespace vgpu
