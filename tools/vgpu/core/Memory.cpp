// Memory.cpp - address resolution and bounds checks of warp accesses.
#include "tools/vgpu/core/Memory.h"

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/LaneOps.h"

#include <cinttypes>

namespace vgpu {

namespace {

std::string hex(uint64_t value) {
  char text[24];
  snprintf(text, sizeof text, "0x%" PRIx64, value);
  return text;
}

const char *verb(AccessKind kind) {
  return kind == AccessKind::Read    ? "read"
         : kind == AccessKind::Write ? "write"
                                     : "atomic operation";
}

std::string nearestAllocation(const Device &device, uint64_t address) {
  uint64_t below = 0, belowBytes = 0;
  for (const Allocation &a : device.allocations())
    if (a.address <= address) {
      below = a.address;
      belowBytes = a.bytes;
    }
  if (below == 0)
    return "no allocation lies below it";
  return "the allocation below it is " + hex(below) + " of " +
         std::to_string(belowBytes) + " bytes, which end " +
         std::to_string(address - below - belowBytes) + " bytes before it";
}

bool failBounds(Warp &w, unsigned lane, const char *space, uint64_t address,
                uint64_t bytes, AccessKind kind, std::string more) {
  report(w, ReportKind::OutOfBounds, int(lane), address,
         std::string(verb(kind)) + " of " + std::to_string(bytes) +
             " bytes of " + space + " memory at " + hex(address) + ": " +
             std::move(more));
  return false;
}

bool resolveGlobal(Warp &w, unsigned lane, uint64_t address, uint64_t bytes,
                   AccessKind kind, LaneView &view) {
  Worker &worker = *w.worker;
  view.space = Space::Global;
  view.pointer = reinterpret_cast<uint8_t *>(address);
  uint64_t span = worker.cacheEnd - worker.cacheBegin;
  if (span >= bytes && address - worker.cacheBegin <= span - bytes)
    return true;
  if (recallAllocation(worker, address) &&
      worker.cacheEnd - worker.cacheBegin >= bytes &&
      address - worker.cacheBegin <=
          worker.cacheEnd - worker.cacheBegin - bytes)
    return true;
  const Device &device = *worker.launch->device;
  std::optional<Allocation> found = device.find(address);
  if (!found)
    return failBounds(w, lane, "global", address, bytes, kind,
                      nearestAllocation(device, address));
  if (bytes > found->bytes || address - found->address > found->bytes - bytes)
    return failBounds(
        w, lane, "global", address, bytes, kind,
        "the allocation has " + std::to_string(found->bytes) +
            " bytes, the access ends " +
            std::to_string(address + bytes - found->address - found->bytes) +
            " bytes behind it");
  worker.cacheBegin = found->address;
  worker.cacheEnd = found->address + found->bytes;
  unsigned slot = worker.recentNext++ % Worker::recentCount;
  worker.recentBegin[slot] = worker.cacheBegin;
  worker.recentEnd[slot] = worker.cacheEnd;
  return true;
}

bool resolveShared(Warp &w, unsigned lane, uint64_t address, uint64_t bytes,
                   AccessKind kind, LaneView &view) {
  view.space = Space::Shared;
  Block *block = w.block;
  uint32_t low = uint32_t(address) & ((1u << clusterRankShift) - 1);
  uint64_t rank = (address & 0xffffffffu) >> clusterRankShift;
  if (address >> 32 != 0)
    return failBounds(w, lane, "shared", address, bytes, kind,
                      "shared addresses have 32 bits");
  if (rank != 0) {
    const Cluster &cluster = *block->cluster;
    if (rank > cluster.blocks.size())
      return failBounds(w, lane, "shared", address, bytes, kind,
                        "it names block " + std::to_string(rank - 1) +
                            " of a cluster of " +
                            std::to_string(cluster.blocks.size()));
    block = cluster.blocks[rank - 1].get();
    if (block != w.block && block->liveWarps == 0)
      return failBounds(w, lane, "shared", address, bytes, kind,
                        "the block of the cluster that owns it has ended");
  }
  if (low < sharedBegin || bytes > block->sharedBytes ||
      low - sharedBegin > block->sharedBytes - bytes)
    return failBounds(w, lane, "shared", address, bytes, kind,
                      "the block's shared memory is " + hex(sharedBegin) +
                          " to " + hex(sharedBegin + block->sharedBytes));
  view.block = block;
  view.offset = low - sharedBegin;
  view.pointer = block->shared + view.offset;
  return true;
}

bool resolveLocal(Warp &w, unsigned lane, uint64_t address, uint64_t bytes,
                  AccessKind kind, LaneView &view) {
  view.space = Space::Local;
  const Frame &frame = *w.frame;
  uint64_t end =
      frame.localBase +
      w.worker->launch->program->functions[frame.function].frameBytes;
  if (address > end || bytes > end - address)
    return failBounds(w, lane, "local", address, bytes, kind,
                      "the thread's local memory ends at " + hex(end));
  view.offset = uint32_t(address);
  return true;
}

} // namespace

bool recallAllocation(Worker &worker, uint64_t address) {
  for (unsigned k = 0; k < Worker::recentCount; ++k)
    if (address >= worker.recentBegin[k] && address < worker.recentEnd[k]) {
      worker.cacheBegin = worker.recentBegin[k];
      worker.cacheEnd = worker.recentEnd[k];
      return true;
    }
  return false;
}

void forgetAllocations(Worker &worker) {
  worker.cacheBegin = worker.cacheEnd = 0;
  for (unsigned k = 0; k < Worker::recentCount; ++k)
    worker.recentBegin[k] = worker.recentEnd[k] = 0;
}

void laneAddresses(const Warp &w, const Insn &i, uint32_t mask,
                   uint64_t (&addresses)[32]) {
  uint64_t offset = uint64_t(i.imm);
  if (i.aux32 & MemWide) {
    const uint64_t *base = w.read<uint64_t>(i.a);
    for (unsigned l = 0; l < 32; ++l)
      addresses[l] = base[l] + offset;
  } else {
    const uint32_t *base = w.read<uint32_t>(i.a);
    for (unsigned l = 0; l < 32; ++l)
      addresses[l] = uint32_t(base[l] + uint32_t(offset));
  }
  if (mask != allLanes) {
    uint64_t first = addresses[std::countr_zero(mask)];
    for (unsigned l = 0; l < 32; ++l)
      addresses[l] = mask >> l & 1 ? addresses[l] : first;
  }
}

bool resolveOne(Warp &w, unsigned lane, Space space, uint64_t address,
                uint64_t bytes, unsigned alignment, AccessKind kind,
                LaneView &view) {
  view.address = address;
  if (address & (alignment - 1)) {
    report(w, ReportKind::Misaligned, int(lane), address,
           std::string(verb(kind)) + " of " + std::to_string(bytes) +
               " bytes at " + hex(address) +
               " expects an address that is a "
               "multiple of " +
               std::to_string(alignment));
    return false;
  }
  switch (space) {
  case Space::Shared:
    return resolveShared(w, lane, address, bytes, kind, view);
  case Space::Local:
    return resolveLocal(w, lane, address, bytes, kind, view);
  case Space::Param: {
    LaunchState &launch = *w.worker->launch;
    if (bytes > launch.parameters.size() ||
        address > launch.parameters.size() - bytes)
      return failBounds(w, lane, "parameter", address, bytes, kind,
                        "the kernel has " +
                            std::to_string(launch.parameters.size()) +
                            " bytes of parameters");
    view.space = Space::Param;
    view.pointer = launch.parameters.data() + address;
    return true;
  }
  case Space::Generic:
    switch (address >> 56) {
    case sharedWindow >> 56:
      return resolveShared(w, lane, address & ~sharedWindow, bytes, kind, view);
    case localWindow >> 56:
      return resolveLocal(w, lane, address & ~localWindow, bytes, kind, view);
    case paramWindow >> 56:
      return resolveOne(w, lane, Space::Param, address & ~paramWindow, bytes,
                        alignment, kind, view);
    default:
      return resolveGlobal(w, lane, address, bytes, kind, view);
    }
  default:
    return resolveGlobal(w, lane, address, bytes, kind, view);
  }
}

bool resolve(Warp &w, uint32_t mask, Space space,
             const uint64_t (&addresses)[32], unsigned bytes,
             unsigned alignment, AccessKind kind, Access &access) {
  access.mask = mask;
  access.bytes = bytes;
  access.kind = kind;
  bool good = true;
  forEachLane(mask, [&](unsigned l) {
    if (good)
      good = resolveOne(w, l, space, addresses[l], bytes, alignment, kind,
                        access.lanes[l]);
  });
  return good;
}

void readView(const Warp &w, const LaneView &view, unsigned lane, void *target,
              unsigned bytes, unsigned skip) {
  if (view.space != Space::Local) {
    std::memcpy(target, view.pointer + skip, bytes);
    return;
  }
  auto *out = static_cast<uint8_t *>(target);
  uint32_t offset = view.offset + skip;
  while (bytes > 0) {
    unsigned in = offset & 3, take = std::min(4 - in, bytes);
    std::memcpy(out, &w.local[size_t(offset >> 2) * 128 + lane * 4 + in], take);
    out += take;
    offset += take;
    bytes -= take;
  }
}

void writeView(Warp &w, const LaneView &view, unsigned lane, const void *source,
               unsigned bytes, unsigned skip) {
  if (view.space != Space::Local) {
    std::memcpy(view.pointer + skip, source, bytes);
    return;
  }
  auto *in = static_cast<const uint8_t *>(source);
  uint32_t offset = view.offset + skip;
  while (bytes > 0) {
    unsigned at = offset & 3, take = std::min(4 - at, bytes);
    std::memcpy(&w.local[size_t(offset >> 2) * 128 + lane * 4 + at], in, take);
    in += take;
    offset += take;
    bytes -= take;
  }
}

void reserveLocal(Warp &w, uint32_t bytes) {
  size_t total = size_t((bytes + 15) & ~15u) * 32;
  if (w.local.size() >= total)
    return;
  w.local.resize(total, 0xcd);
  if (w.worker->checkUninitialised)
    w.localInitialised.resize(total);
}

} // namespace vgpu
