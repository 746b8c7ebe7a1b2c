// DeviceEntry.cpp: cuInit and what the driver tells about its devices.

#include "tools/vgpu/driver/State.h"

#include <algorithm>
#include <cstring>

using namespace vgpu;
using namespace vgpu::driver;

CUresult CUDAAPI cuInit(unsigned int flags) {
  if (flags != 0)
    return CUDA_ERROR_INVALID_VALUE;
  Call call;
  return call.driver.initialise();
}

CUresult CUDAAPI cuDriverGetVersion(int *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  *version = CUDA_VERSION;
  return CUDA_SUCCESS;
}

static CUresult findDevice(Call &call, CUdevice device,
                           const DeviceModel *&model) {
  VGPU_TRY(call.ready());
  if (device < 0 || size_t(device) >= call.driver.devices.size())
    return CUDA_ERROR_INVALID_DEVICE;
  model = &call.driver.devices[device].device->model();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetCount(int *count) {
  Call call;
  VGPU_TRY(call.ready());
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  *count = int(call.driver.devices.size());
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGet(CUdevice *device, int ordinal) {
  Call call;
  const DeviceModel *model;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  VGPU_TRY(findDevice(call, ordinal, model));
  *device = ordinal;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetName(char *name, int length, CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!name || length <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  size_t bytes = std::min(size_t(length) - 1, model->name.size());
  std::memcpy(name, model->name.data(), bytes);
  name[bytes] = '\0';
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!uuid)
    return CUDA_ERROR_INVALID_VALUE;
  std::memset(uuid, 0, sizeof *uuid);
  std::memcpy(uuid->bytes, "tresse-vgpu", 11);
  uuid->bytes[15] = char(device);
  return CUDA_SUCCESS;
}

#undef cuDeviceGetUuid
extern "C" CUresult CUDAAPI cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
  return cuDeviceGetUuid_v2(uuid, device);
}

CUresult CUDAAPI cuDeviceTotalMem(size_t *bytes, CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  *bytes = call.driver.devices[device].device->memoryLimit();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceComputeCapability(int *major, int *minor,
                                           CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!major || !minor)
    return CUDA_ERROR_INVALID_VALUE;
  *major = model->computeMajor;
  *minor = model->computeMinor;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetPCIBusId(char *id, int length, CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!id || length < 13)
    return CUDA_ERROR_INVALID_VALUE;
  std::snprintf(id, size_t(length), "0000:%02X:00.0", unsigned(device) + 1);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetByPCIBusId(CUdevice *device, const char *id) {
  Call call;
  VGPU_TRY(call.ready());
  if (!device || !id)
    return CUDA_ERROR_INVALID_VALUE;
  unsigned domain = 0, bus = 0;
  if (std::sscanf(id, "%x:%x:", &domain, &bus) != 2 || bus == 0 ||
      bus > call.driver.devices.size())
    return CUDA_ERROR_INVALID_DEVICE;
  *device = int(bus) - 1;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceCanAccessPeer(int *can, CUdevice device,
                                       CUdevice peer) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  VGPU_TRY(findDevice(call, peer, model));
  if (!can)
    return CUDA_ERROR_INVALID_VALUE;
  *can = 0;
  return CUDA_SUCCESS;
}

/// The value of an attribute that follows from the model; false when none.
static bool modelAttribute(const DeviceModel &m, CUdevice_attribute attribute,
                           int &value) {
  switch (attribute) {
#define ATTRIBUTE(name, expression)                                            \
  case CU_DEVICE_ATTRIBUTE_##name:                                             \
    value = int(expression);                                                   \
    return true
    ATTRIBUTE(MAX_THREADS_PER_BLOCK, m.maxThreadsPerBlock);
    ATTRIBUTE(MAX_BLOCK_DIM_X, m.maxBlock[0]);
    ATTRIBUTE(MAX_BLOCK_DIM_Y, m.maxBlock[1]);
    ATTRIBUTE(MAX_BLOCK_DIM_Z, m.maxBlock[2]);
    ATTRIBUTE(MAX_GRID_DIM_X, m.maxGrid[0]);
    ATTRIBUTE(MAX_GRID_DIM_Y, m.maxGrid[1]);
    ATTRIBUTE(MAX_GRID_DIM_Z, m.maxGrid[2]);
    ATTRIBUTE(MAX_SHARED_MEMORY_PER_BLOCK, m.sharedPerBlock);
    ATTRIBUTE(MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, m.sharedPerBlockOptin);
    ATTRIBUTE(MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, m.sharedPerMultiprocessor);
    ATTRIBUTE(RESERVED_SHARED_MEMORY_PER_BLOCK, m.sharedReservedPerBlock);
    ATTRIBUTE(TOTAL_CONSTANT_MEMORY, m.constantMemory);
    ATTRIBUTE(MAX_REGISTERS_PER_BLOCK, m.registersPerBlock);
    ATTRIBUTE(MAX_REGISTERS_PER_MULTIPROCESSOR, m.registersPerMultiprocessor);
    ATTRIBUTE(CLOCK_RATE, m.clockKHz);
    ATTRIBUTE(MEMORY_CLOCK_RATE, m.memoryClockKHz);
    ATTRIBUTE(GLOBAL_MEMORY_BUS_WIDTH, m.memoryBusBits);
    ATTRIBUTE(L2_CACHE_SIZE, m.l2Bytes);
    ATTRIBUTE(MULTIPROCESSOR_COUNT, m.multiprocessors);
    ATTRIBUTE(MAX_THREADS_PER_MULTIPROCESSOR, m.maxThreadsPerMultiprocessor);
    ATTRIBUTE(MAX_BLOCKS_PER_MULTIPROCESSOR, m.maxBlocksPerMultiprocessor);
    ATTRIBUTE(ASYNC_ENGINE_COUNT, m.copyEngines);
    ATTRIBUTE(COMPUTE_CAPABILITY_MAJOR, m.computeMajor);
    ATTRIBUTE(COMPUTE_CAPABILITY_MINOR, m.computeMinor);
    ATTRIBUTE(CLUSTER_LAUNCH, m.maxCluster > 1);
    ATTRIBUTE(TENSOR_MAP_ACCESS_SUPPORTED, m.computeMajor >= 9);
    ATTRIBUTE(MEM_SYNC_DOMAIN_COUNT, m.computeMajor >= 9 ? 4 : 1);
    ATTRIBUTE(MAX_PERSISTING_L2_CACHE_SIZE, m.l2Bytes / 8 * 5);
#undef ATTRIBUTE
  default:
    return false;
  }
}

/// The value of an attribute that is the same on both devices. What the
/// virtual driver lacks (textures, virtual memory, IPC) is 0.
static int commonAttribute(CUdevice_attribute attribute, CUdevice device) {
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_WARP_SIZE:
    return 32;
  case CU_DEVICE_ATTRIBUTE_MAX_PITCH:
    return 0x7fffffff;
  case CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT:
  case CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT:
    return 512;
  case CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT:
    return 32;
  case CU_DEVICE_ATTRIBUTE_PCI_BUS_ID:
    return device + 1;
  case CU_DEVICE_ATTRIBUTE_SINGLE_TO_DOUBLE_PRECISION_PERF_RATIO:
    return 2;
  case CU_DEVICE_ATTRIBUTE_MAX_ACCESS_POLICY_WINDOW_SIZE:
    return 0x8000000;
  case CU_DEVICE_ATTRIBUTE_NUMA_ID:
  case CU_DEVICE_ATTRIBUTE_HOST_NUMA_ID:
    return -1;
  case CU_DEVICE_ATTRIBUTE_GPU_OVERLAP:
  case CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY:
  case CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS:
  case CU_DEVICE_ATTRIBUTE_ECC_ENABLED:
  case CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING:
  case CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY:
  case CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM:
  case CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH:
  case CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED:
  case CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED:
    return 1;
  default:
    return 0;
  }
}

CUresult CUDAAPI cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                                      CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!value || attribute <= 0 || attribute >= CU_DEVICE_ATTRIBUTE_MAX)
    return CUDA_ERROR_INVALID_VALUE;
  if (!modelAttribute(*model, attribute, *value))
    *value = commonAttribute(attribute, device);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetProperties(CUdevprop *properties, CUdevice device) {
  Call call;
  const DeviceModel *model;
  VGPU_TRY(findDevice(call, device, model));
  if (!properties)
    return CUDA_ERROR_INVALID_VALUE;
  *properties = {};
  properties->maxThreadsPerBlock = int(model->maxThreadsPerBlock);
  for (int i = 0; i < 3; ++i) {
    properties->maxThreadsDim[i] = int(model->maxBlock[i]);
    properties->maxGridSize[i] = int(model->maxGrid[i]);
  }
  properties->sharedMemPerBlock = int(model->sharedPerBlock);
  properties->totalConstantMemory = int(model->constantMemory);
  properties->SIMDWidth = 32;
  properties->memPitch = 0x7fffffff;
  properties->regsPerBlock = int(model->registersPerBlock);
  properties->clockRate = int(model->clockKHz);
  properties->textureAlign = 512;
  return CUDA_SUCCESS;
}
