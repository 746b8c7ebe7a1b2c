//===- Device.h - one GPU: its context, memory and stream -----------------===//
#ifndef TRESSE_RUNTIME_CUDA_DEVICE_H
#define TRESSE_RUNTIME_CUDA_DEVICE_H

#include "runtime/core/model/Plan.h"
#include "runtime/cuda/Driver.h"

namespace tresse::runtime::cuda {

/// The first device, checked against the plan's architecture, with a stream.
class Device {
public:
  explicit Device(const Plan &plan);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  /// Fails with the bytes that are missing when `bytes` are not free.
  void expectFree(uint64_t bytes) const;
  /// Waits for the stream; `what` names what ran.
  void finish(const std::string &what) const {
    driver.check(driver.streamSynchronize(stream), what);
  }

  const Driver driver;
  Handle stream = nullptr;

private:
  void checkArchitecture(const Plan &plan) const;
  int number = 0;
  Handle context = nullptr;
};

/// Bytes on the device, or pinned ones on the host, returned at the end of the
/// scope.
class DeviceBytes {
public:
  /// Zeroed.
  DeviceBytes(const Device &device, uint64_t bytes, const char *what);
  ~DeviceBytes();
  DeviceBytes(const DeviceBytes &) = delete;
  DeviceBytes &operator=(const DeviceBytes &) = delete;
  Address address() const { return base; }

private:
  const Device &device;
  Address base = 0;
};
class PinnedBytes {
public:
  /// Zeroed.
  PinnedBytes(const Device &device, uint64_t bytes);
  ~PinnedBytes();
  PinnedBytes(const PinnedBytes &) = delete;
  PinnedBytes &operator=(const PinnedBytes &) = delete;
  char *data() const { return static_cast<char *>(base); }

private:
  const Device &device;
  void *base = nullptr;
};

/// The arena, the persistent block and the kernels' scratch on the device.
class DeviceMemory {
public:
  DeviceMemory(const Plan &plan, const Device &device);

  Address buffer(uint32_t index) const;
  Address tensor(uint32_t index) const {
    const tresse_tensor &record = plan.tensors[index];
    return buffer(record.buffer) + record.offset;
  }
  Address scratchAddress() const { return scratch.address(); }
  Address workspaceAddress() const { return workspace.address(); }
  /// What matrix products may use for themselves.
  static constexpr uint64_t workspaceBytes = 32u << 20;

private:
  const Plan &plan;
  DeviceBytes arena, persistent, scratch, workspace;
};

} // namespace tresse::runtime::cuda

#endif
