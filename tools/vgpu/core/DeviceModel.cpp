// DeviceModel.cpp - the numbers of the H100 and the A100.
#include "tools/vgpu/core/DeviceModel.h"

namespace vgpu {

const DeviceModel &h100() {
  static constexpr DeviceModel model = {
      .key = "h100",
      .name = "NVIDIA H100 80GB HBM3 (virtual)",
      .computeMajor = 9,
      .computeMinor = 0,
      .multiprocessors = 132,
      .maxThreadsPerBlock = 1024,
      .maxThreadsPerMultiprocessor = 2048,
      .maxBlocksPerMultiprocessor = 32,
      .maxBlock = {1024, 1024, 64},
      .maxGrid = {2147483647, 65535, 65535},
      .registersPerMultiprocessor = 65536,
      .registersPerBlock = 65536,
      .maxRegistersPerThread = 255,
      .sharedPerBlock = 49152,
      .sharedPerBlockOptin = 232448,
      .sharedPerMultiprocessor = 233472,
      .sharedReservedPerBlock = 1024,
      .maxClusterPortable = 8,
      .maxCluster = 16,
      .constantMemory = 65536,
      .totalMemory = 85520809984ull,
      .l2Bytes = 52428800,
      .clockKHz = 1980000,
      .memoryClockKHz = 2619000,
      .memoryBusBits = 5120,
      .copyEngines = 3,
  };
  return model;
}

const DeviceModel &a100() {
  static constexpr DeviceModel model = {
      .key = "a100",
      .name = "NVIDIA A100-SXM4-80GB (virtual)",
      .computeMajor = 8,
      .computeMinor = 0,
      .multiprocessors = 108,
      .maxThreadsPerBlock = 1024,
      .maxThreadsPerMultiprocessor = 2048,
      .maxBlocksPerMultiprocessor = 32,
      .maxBlock = {1024, 1024, 64},
      .maxGrid = {2147483647, 65535, 65535},
      .registersPerMultiprocessor = 65536,
      .registersPerBlock = 65536,
      .maxRegistersPerThread = 255,
      .sharedPerBlock = 49152,
      .sharedPerBlockOptin = 166912,
      .sharedPerMultiprocessor = 167936,
      .sharedReservedPerBlock = 1024,
      .maxClusterPortable = 1,
      .maxCluster = 1,
      .constantMemory = 65536,
      .totalMemory = 85097971712ull,
      .l2Bytes = 41943040,
      .clockKHz = 1410000,
      .memoryClockKHz = 1593000,
      .memoryBusBits = 5120,
      .copyEngines = 3,
  };
  return model;
}

const DeviceModel *findDeviceModel(std::string_view key) {
  for (const DeviceModel *model : {&h100(), &a100()})
    if (model->key == key)
      return model;
  return nullptr;
}

} // namespace vgpu
