// DeviceModel.cpp - the numbers of the H100 and the A100.
#include "tools/vgpu/core/DeviceModel.h"

namespace vgpu {

namespace {

constexpr DeviceModel h100Model = {
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

/// Only what differs from the H100.
constexpr DeviceModel makeA100() {
  DeviceModel model = h100Model;
  model.key = "a100";
  model.name = "NVIDIA A100-SXM4-80GB (virtual)";
  model.computeMajor = 8;
  model.multiprocessors = 108;
  model.sharedPerBlockOptin = 166912;
  model.sharedPerMultiprocessor = 167936;
  model.maxClusterPortable = 1;
  model.maxCluster = 1;
  model.totalMemory = 85097971712ull;
  model.l2Bytes = 41943040;
  model.clockKHz = 1410000;
  model.memoryClockKHz = 1593000;
  return model;
}
constexpr DeviceModel a100Model = makeA100();

} // namespace

const DeviceModel &h100() { return h100Model; }
const DeviceModel &a100() { return a100Model; }

const DeviceModel *findDeviceModel(std::string_view key) {
  for (const DeviceModel *model : {&h100(), &a100()})
    if (model->key == key)
      return model;
  return nullptr;
}

} // namespace vgpu
