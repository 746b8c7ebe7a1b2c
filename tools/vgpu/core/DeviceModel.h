// DeviceModel.h - the limits of the GPUs that can be modelled.
#pragma once

#include <cstdint>
#include <string_view>

namespace vgpu {

/// What a GPU allows and what it answers when asked about itself. Sizes are in
/// bytes, clocks in kHz.
struct DeviceModel {
  /// The name on the command line: "h100", "a100".
  std::string_view key;
  /// The name that the driver reports.
  std::string_view name;
  int computeMajor;
  int computeMinor;
  uint32_t multiprocessors;
  uint32_t maxThreadsPerBlock;
  uint32_t maxThreadsPerMultiprocessor;
  uint32_t maxBlocksPerMultiprocessor;
  uint32_t maxBlock[3];
  uint32_t maxGrid[3];
  uint32_t registersPerMultiprocessor;
  uint32_t registersPerBlock;
  uint32_t maxRegistersPerThread;
  /// Shared memory that a block may use without and with opting in.
  uint32_t sharedPerBlock;
  uint32_t sharedPerBlockOptin;
  uint32_t sharedPerMultiprocessor;
  /// Shared memory that the system takes from each block.
  uint32_t sharedReservedPerBlock;
  /// Blocks in a cluster without and with the non-portable attribute; 1 where
  /// the device has no clusters.
  uint32_t maxClusterPortable;
  uint32_t maxCluster;
  uint32_t constantMemory;
  uint64_t totalMemory;
  uint32_t l2Bytes;
  uint32_t clockKHz;
  uint32_t memoryClockKHz;
  uint32_t memoryBusBits;
  uint32_t copyEngines;

  /// 10 * major + minor: 80, 90.
  int architecture() const { return 10 * computeMajor + computeMinor; }
};

/// NVIDIA H100 SXM5 80 GB, compute capability 9.0.
const DeviceModel &h100();
/// NVIDIA A100 SXM4 80 GB, compute capability 8.0.
const DeviceModel &a100();
/// The model with this key, or null.
const DeviceModel *findDeviceModel(std::string_view key);

} // namespace vgpu
