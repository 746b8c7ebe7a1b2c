// Device.h - one virtual device: an address range and what lives in it.
#pragma once

#include "tools/vgpu/core/DeviceModel.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

namespace vgpu {

class RaceShadow;

/// What an allocation is for.
enum class AllocationKind : uint8_t {
  Device,     ///< cuMemAlloc and friends
  ModuleData, ///< a module's globals; read-only where constant
  Host,       ///< host memory that kernels may use (pinned, registered)
  Managed,    ///< one address for host and device
};

struct Allocation {
  uint64_t address = 0;
  uint64_t bytes = 0;
  AllocationKind kind = AllocationKind::Device;
};

/// One virtual GPU. Device pointers are host addresses inside a range that the
/// device reserves when it is made, so the pointers of two devices never
/// overlap. All functions may be called from several threads.
class Device {
public:
  /// Reserves the address range. Returns null and sets `error` when the host
  /// has no room for it. `memoryLimit` is what allocations may take together;
  /// 0 means the model's total memory.
  static std::unique_ptr<Device> create(const DeviceModel &model, int ordinal,
                                        std::string &error,
                                        uint64_t memoryLimit = 0);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const DeviceModel &model() const { return deviceModel; }
  int ordinal() const { return deviceOrdinal; }
  uint64_t rangeBegin() const { return begin; }
  uint64_t rangeEnd() const { return end; }
  uint64_t memoryLimit() const { return limit; }
  uint64_t memoryUsed() const;

  /// Allocates `bytes` (at least 1) aligned to 256 or to a larger power of
  /// two. The content is undefined and filled with a pattern. Returns 0 when
  /// memory is out.
  uint64_t allocate(uint64_t bytes, uint64_t alignment = 256,
                    AllocationKind kind = AllocationKind::Device);
  /// Frees an allocation by its first address; false when there is none.
  bool free(uint64_t address);
  /// Lets kernels use [address, address + bytes) of host memory; its content
  /// counts as initialised. False when it overlaps a known allocation.
  bool addHostRange(uint64_t address, uint64_t bytes,
                    AllocationKind kind = AllocationKind::Host);
  bool removeHostRange(uint64_t address);
  /// The live allocation that holds `address`.
  std::optional<Allocation> find(uint64_t address) const;
  /// True when [address, address + bytes) lies in one live allocation.
  bool accessible(uint64_t address, uint64_t bytes) const;
  /// A number that changes whenever the set of allocations does.
  uint64_t allocationVersion() const;
  /// The live allocations in order of address.
  std::vector<Allocation> allocations() const;

  /// Copies and fills by the host. The caller has checked the ranges with
  /// accessible(); either side of a copy may be plain host memory. They keep
  /// track of which device bytes are initialised.
  void copy(uint64_t target, uint64_t source, uint64_t bytes);
  /// Writes `count` elements of `width` bytes (1, 2 or 4), each `value`.
  void fill(uint64_t target, uint32_t value, unsigned width, uint64_t count);
  /// Marks bytes that the host wrote through their pointer as initialised.
  void markInitialised(uint64_t address, uint64_t bytes);
  /// The first byte of the range that nothing has written, if any.
  std::optional<uint64_t> firstUninitialised(uint64_t address,
                                             uint64_t bytes) const;

  /// Starts keeping track of initialised bytes; call it before the first
  /// allocation. Without it every byte counts as initialised.
  void trackInitialised() { tracking = true; }
  bool tracksInitialised() const { return tracking; }

  /// The byte map of initialised bytes (one byte each, 0 = never written) for
  /// an address in this device's range; for the interpreter.
  uint8_t *initialisedMap(uint64_t address) const {
    return initialised + (address - begin);
  }
  bool inRange(uint64_t address) const {
    return address >= begin && address < end;
  }
  /// Last accesses per 4-byte cell; made on first use.
  RaceShadow &raceShadow();

private:
  Device(const DeviceModel &model, int ordinal);

  const DeviceModel &deviceModel;
  int deviceOrdinal;
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t limit = 0;
  uint64_t used = 0;
  uint64_t version = 1;
  bool tracking = false;
  uint8_t *initialised = nullptr;
  mutable std::shared_mutex mutex;
  std::map<uint64_t, Allocation> live;
  /// Free ranges in the device's own addresses: first address -> bytes.
  std::map<uint64_t, uint64_t> freeRanges;
  std::unique_ptr<RaceShadow> shadow;
};

} // namespace vgpu
