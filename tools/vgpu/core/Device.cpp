// Device.cpp - the address range of a device and its allocations.
#include "tools/vgpu/core/Device.h"

#include "tools/vgpu/core/RaceShadow.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <sys/mman.h>

namespace vgpu {

namespace {
/// Address space between allocations, so that running over one's end is seen.
constexpr uint64_t guardBytes = 4096;
constexpr uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}
void *reserve(uint64_t bytes) {
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}
} // namespace

Device::Device(const DeviceModel &model, int ordinal)
    : deviceModel(model), deviceOrdinal(ordinal) {}

std::unique_ptr<Device> Device::create(const DeviceModel &model, int ordinal,
                                       std::string &error,
                                       uint64_t memoryLimit) {
  std::unique_ptr<Device> device(new Device(model, ordinal));
  device->limit = memoryLimit ? memoryLimit : model.totalMemory;
  // Twice the memory, so that guards and holes never make it run out.
  uint64_t bytes = alignUp(2 * device->limit + (uint64_t(1) << 30), 1 << 21);
  void *range = reserve(bytes);
  if (range == MAP_FAILED) {
    error = "the host refused to reserve " + std::to_string(bytes) +
            " bytes of address space";
    return nullptr;
  }
  device->begin = reinterpret_cast<uint64_t>(range);
  device->end = device->begin + bytes;
  void *map = reserve(bytes);
  if (map == MAP_FAILED) {
    error = "the host refused to reserve " + std::to_string(bytes) +
            " bytes of address space";
    return nullptr;
  }
  device->initialised = static_cast<uint8_t *>(map);
  // The first page stays unused: small offsets from null never hit.
  device->freeRanges[device->begin + (1 << 16)] = bytes - (1 << 16);
  return device;
}

Device::~Device() {
  if (begin)
    munmap(reinterpret_cast<void *>(begin), end - begin);
  if (initialised)
    munmap(initialised, end - begin);
}

uint64_t Device::memoryUsed() const {
  std::shared_lock lock(mutex);
  return used;
}

uint64_t Device::allocate(uint64_t bytes, uint64_t alignment,
                          AllocationKind kind) {
  alignment = std::max<uint64_t>(alignment, 256);
  if (bytes == 0 || bytes > limit || (alignment & (alignment - 1)))
    return 0;
  std::unique_lock lock(mutex);
  if (used + bytes > limit)
    return 0;
  for (auto at = freeRanges.begin(); at != freeRanges.end(); ++at) {
    uint64_t first = alignUp(at->first, alignment);
    uint64_t skipped = first - at->first;
    uint64_t need = alignUp(bytes, 256) + guardBytes;
    if (at->second < skipped + need)
      continue;
    uint64_t rest = at->second - skipped - need, hole = at->first;
    freeRanges.erase(at);
    if (skipped)
      freeRanges[hole] = skipped;
    if (rest)
      freeRanges[first + need] = rest;
    live[first] = {first, bytes, kind};
    used += bytes;
    ++version;
    // Whole pages go back to zero for nothing; small ones get a pattern that
    // shows in results.
    if (bytes <= (1 << 20))
      std::memset(reinterpret_cast<void *>(first), 0xcd, bytes);
    return first;
  }
  return 0;
}

bool Device::free(uint64_t address) {
  std::unique_lock lock(mutex);
  auto at = live.find(address);
  if (at == live.end() || !inRange(address))
    return false;
  uint64_t bytes = at->second.bytes;
  uint64_t span = alignUp(bytes, 256) + guardBytes;
  live.erase(at);
  used -= bytes;
  ++version;
  // Give whole pages back to the host; forget what was initialised.
  uint64_t pageBegin = alignUp(address, 4096);
  uint64_t pageEnd = (address + bytes) & ~uint64_t(4095);
  if (pageEnd > pageBegin) {
    madvise(reinterpret_cast<void *>(pageBegin), pageEnd - pageBegin,
            MADV_DONTNEED);
    if (tracking)
      madvise(initialised + (pageBegin - begin), pageEnd - pageBegin,
              MADV_DONTNEED);
  }
  auto clear = [&](uint64_t from, uint64_t to) {
    if (tracking && to > from)
      std::memset(initialised + (from - begin), 0, to - from);
  };
  if (pageEnd > pageBegin) {
    clear(address, pageBegin);
    clear(pageEnd, address + bytes);
  } else {
    clear(address, address + bytes);
  }
  // Join with the free neighbours.
  uint64_t first = address;
  auto next = freeRanges.lower_bound(first);
  if (next != freeRanges.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == first) {
      first = previous->first;
      span += previous->second;
      freeRanges.erase(previous);
    }
  }
  if (next != freeRanges.end() && first + span == next->first) {
    span += next->second;
    freeRanges.erase(next);
  }
  freeRanges[first] = span;
  return true;
}

bool Device::addHostRange(uint64_t address, uint64_t bytes,
                          AllocationKind kind) {
  std::unique_lock lock(mutex);
  if (bytes == 0 || address + bytes < address ||
      (address < end && address + bytes > begin))
    return false;
  auto next = live.lower_bound(address);
  if (next != live.end() && next->first < address + bytes)
    return false;
  if (next != live.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second.bytes > address)
      return false;
  }
  live[address] = {address, bytes, kind};
  ++version;
  return true;
}

bool Device::removeHostRange(uint64_t address) {
  std::unique_lock lock(mutex);
  auto at = live.find(address);
  if (at == live.end() || inRange(address))
    return false;
  live.erase(at);
  ++version;
  return true;
}

std::optional<Allocation> Device::find(uint64_t address) const {
  std::shared_lock lock(mutex);
  auto next = live.upper_bound(address);
  if (next == live.begin())
    return std::nullopt;
  const Allocation &found = std::prev(next)->second;
  if (address - found.address >= found.bytes)
    return std::nullopt;
  return found;
}

bool Device::accessible(uint64_t address, uint64_t bytes) const {
  std::optional<Allocation> found = find(address);
  return found && bytes <= found->bytes - (address - found->address);
}

uint64_t Device::allocationVersion() const {
  std::shared_lock lock(mutex);
  return version;
}

std::vector<Allocation> Device::allocations() const {
  std::shared_lock lock(mutex);
  std::vector<Allocation> list;
  for (const auto &[address, allocation] : live)
    list.push_back(allocation);
  return list;
}

void Device::copy(uint64_t target, uint64_t source, uint64_t bytes) {
  if (bytes == 0)
    return;
  std::memmove(reinterpret_cast<void *>(target),
               reinterpret_cast<const void *>(source), bytes);
  if (!tracking || !inRange(target))
    return;
  if (inRange(source))
    std::memmove(initialisedMap(target), initialisedMap(source), bytes);
  else
    std::memset(initialisedMap(target), 1, bytes);
}

void Device::fill(uint64_t target, uint32_t value, unsigned width,
                  uint64_t count) {
  if (width == 1)
    std::memset(reinterpret_cast<void *>(target), int(value), count);
  else if (width == 2)
    std::fill_n(reinterpret_cast<uint16_t *>(target), count, uint16_t(value));
  else
    std::fill_n(reinterpret_cast<uint32_t *>(target), count, value);
  markInitialised(target, count * width);
}

void Device::markInitialised(uint64_t address, uint64_t bytes) {
  if (tracking && inRange(address) && bytes <= end - address)
    std::memset(initialisedMap(address), 1, bytes);
}

std::optional<uint64_t> Device::firstUninitialised(uint64_t address,
                                                   uint64_t bytes) const {
  if (!tracking || !inRange(address) || bytes > end - address)
    return std::nullopt;
  const uint8_t *map = initialisedMap(address);
  const void *zero = std::memchr(map, 0, bytes);
  if (!zero)
    return std::nullopt;
  return address + uint64_t(static_cast<const uint8_t *>(zero) - map);
}

RaceShadow &Device::raceShadow() {
  std::unique_lock lock(mutex);
  if (!shadow)
    shadow = std::make_unique<RaceShadow>();
  return *shadow;
}

} // namespace vgpu
