// MemoryEntry.cpp: device, pinned, registered and managed memory.

#include "tools/vgpu/driver/State.h"

#include <cstdlib>
#include <sys/mman.h>

using namespace vgpu;
using namespace vgpu::driver;

namespace vgpu::driver {

bool releaseMemory(Driver &driver, uint64_t address) {
  auto found = driver.memory.find(address);
  if (found == driver.memory.end())
    return false;
  MemoryRecord record = found->second;
  driver.memory.erase(found);
  Device &device = driver.deviceOf(record.context);
  if (record.pool)
    record.pool->used -= record.bytes;
  if (record.type == CU_MEMORYTYPE_DEVICE)
    return device.free(address);
  device.removeHostRange(address);
  if (!record.registered)
    std::free(reinterpret_cast<void *>(address));
  return true;
}

} // namespace vgpu::driver

static CUresult allocate(Call &call, CUdeviceptr *pointer, size_t bytes,
                         AllocationKind kind) {
  if (!pointer || bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  uint64_t address = call.device().allocate(bytes, 256, kind);
  if (!address)
    return CUDA_ERROR_OUT_OF_MEMORY;
  MemoryRecord record;
  record.bytes = bytes;
  record.managed = kind == AllocationKind::Managed;
  record.context = call.context;
  record.id = call.driver.nextId++;
  call.driver.memory[address] = record;
  // The host may write managed memory without the driver seeing it.
  if (record.managed)
    call.device().markInitialised(address, bytes);
  *pointer = address;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemGetInfo(size_t *available, size_t *total) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!available || !total)
    return CUDA_ERROR_INVALID_VALUE;
  *total = call.device().memoryLimit();
  *available = *total - call.device().memoryUsed();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemAlloc(CUdeviceptr *pointer, size_t bytes) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  return allocate(call, pointer, bytes, AllocationKind::Device);
}

CUresult CUDAAPI cuMemAllocPitch(CUdeviceptr *pointer, size_t *pitch,
                                 size_t width, size_t height,
                                 unsigned elementBytes) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!pitch || width == 0 || height == 0 ||
      (elementBytes != 4 && elementBytes != 8 && elementBytes != 16))
    return CUDA_ERROR_INVALID_VALUE;
  size_t bytes = 0;
  if (width > SIZE_MAX - 511)
    return CUDA_ERROR_OUT_OF_MEMORY;
  *pitch = (width + 511) / 512 * 512;
  if (__builtin_mul_overflow(*pitch, height, &bytes))
    return CUDA_ERROR_OUT_OF_MEMORY;
  return allocate(call, pointer, bytes, AllocationKind::Device);
}

CUresult CUDAAPI cuMemAllocManaged(CUdeviceptr *pointer, size_t bytes,
                                   unsigned flags) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST)
    return CUDA_ERROR_INVALID_VALUE;
  return allocate(call, pointer, bytes, AllocationKind::Managed);
}

CUresult CUDAAPI cuMemFree(CUdeviceptr pointer) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (pointer == 0)
    return CUDA_SUCCESS;
  auto found = call.driver.memory.find(pointer);
  if (found == call.driver.memory.end() ||
      found->second.type != CU_MEMORYTYPE_DEVICE)
    return CUDA_ERROR_INVALID_VALUE;
  // Freeing waits for everything that may still use the memory.
  VGPU_TRY(call.drain());
  return releaseMemory(call.driver, pointer) ? CUDA_SUCCESS
                                             : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuMemGetAddressRange(CUdeviceptr *base, size_t *bytes,
                                      CUdeviceptr pointer) {
  Call call;
  VGPU_TRY(call.needContext());
  auto found = call.driver.findMemory(pointer);
  if (found == call.driver.memory.end())
    return CUDA_ERROR_NOT_FOUND;
  if (base)
    *base = found->first;
  if (bytes)
    *bytes = found->second.bytes;
  return CUDA_SUCCESS;
}

static CUresult addHost(Call &call, void *pointer, size_t bytes, unsigned flags,
                        bool registered) {
  uint64_t address = reinterpret_cast<uint64_t>(pointer);
  if (!call.device().addHostRange(address, bytes))
    return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
  MemoryRecord record;
  record.bytes = bytes;
  record.type = CU_MEMORYTYPE_HOST;
  record.registered = registered;
  record.hostFlags = flags;
  record.context = call.context;
  record.id = call.driver.nextId++;
  call.driver.memory[address] = record;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  constexpr unsigned known = CU_MEMHOSTALLOC_PORTABLE |
                             CU_MEMHOSTALLOC_DEVICEMAP |
                             CU_MEMHOSTALLOC_WRITECOMBINED;
  if (!pointer || bytes == 0 || flags & ~known)
    return CUDA_ERROR_INVALID_VALUE;
  constexpr size_t page = 4096;
  if (bytes > SIZE_MAX - page)
    return CUDA_ERROR_OUT_OF_MEMORY;
  void *memory = std::aligned_alloc(page, (bytes + page - 1) / page * page);
  if (!memory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  CUresult result = addHost(call, memory, bytes, flags, false);
  if (result != CUDA_SUCCESS)
    std::free(memory);
  else
    *pointer = memory;
  return result;
}

CUresult CUDAAPI cuMemAllocHost(void **pointer, size_t bytes) {
  return cuMemHostAlloc(pointer, bytes, 0);
}

CUresult CUDAAPI cuMemFreeHost(void *pointer) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!pointer)
    return CUDA_SUCCESS;
  auto found = call.driver.memory.find(reinterpret_cast<uint64_t>(pointer));
  if (found == call.driver.memory.end() ||
      found->second.type != CU_MEMORYTYPE_HOST || found->second.registered)
    return CUDA_ERROR_INVALID_VALUE;
  VGPU_TRY(call.drain());
  releaseMemory(call.driver, reinterpret_cast<uint64_t>(pointer));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemHostRegister(void *pointer, size_t bytes,
                                   unsigned flags) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  constexpr unsigned known =
      CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP;
  if (!pointer || bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (flags & ~known)
    return CUDA_ERROR_NOT_SUPPORTED;
  return addHost(call, pointer, bytes, flags, true);
}

CUresult CUDAAPI cuMemHostUnregister(void *pointer) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  auto found = call.driver.memory.find(reinterpret_cast<uint64_t>(pointer));
  if (found == call.driver.memory.end() || !found->second.registered)
    return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  VGPU_TRY(call.drain());
  releaseMemory(call.driver, reinterpret_cast<uint64_t>(pointer));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemHostGetDevicePointer(CUdeviceptr *device, void *pointer,
                                           unsigned flags) {
  Call call;
  VGPU_TRY(call.needContext());
  uint64_t address = reinterpret_cast<uint64_t>(pointer);
  auto found = call.driver.findMemory(address);
  if (!device || flags != 0 || found == call.driver.memory.end() ||
      found->second.type != CU_MEMORYTYPE_HOST)
    return CUDA_ERROR_INVALID_VALUE;
  *device = address;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemHostGetFlags(unsigned *flags, void *pointer) {
  Call call;
  VGPU_TRY(call.needContext());
  auto found = call.driver.findMemory(reinterpret_cast<uint64_t>(pointer));
  if (!flags || found == call.driver.memory.end() ||
      found->second.type != CU_MEMORYTYPE_HOST || found->second.registered)
    return CUDA_ERROR_INVALID_VALUE;
  // Unified addressing maps every pinned allocation.
  *flags = found->second.hostFlags | CU_MEMHOSTALLOC_DEVICEMAP;
  return CUDA_SUCCESS;
}

/// One attribute of `pointer` into `data`.
static CUresult pointerAttribute(Call &call, void *data,
                                 CUpointer_attribute attribute,
                                 CUdeviceptr pointer) {
  auto found = call.driver.findMemory(pointer);
  if (found == call.driver.memory.end())
    return CUDA_ERROR_INVALID_VALUE;
  const auto &[base, record] = *found;
  bool host = record.type == CU_MEMORYTYPE_HOST;
  auto put = [&](auto value) {
    *static_cast<decltype(value) *>(data) = value;
    return CUDA_SUCCESS;
  };
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_CONTEXT:
    return put(record.context);
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    return put(unsigned(record.type));
  case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
    return put(pointer);
  case CU_POINTER_ATTRIBUTE_HOST_POINTER:
    return host || record.managed ? put(reinterpret_cast<void *>(pointer))
                                  : CUDA_ERROR_INVALID_VALUE;
  case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
  case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
  case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    return put(0u);
  case CU_POINTER_ATTRIBUTE_BUFFER_ID:
    return put(record.id);
  case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    return put(unsigned(record.managed));
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    return put(record.context->device);
  case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
  case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
    return put(CUdeviceptr(base));
  case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
  case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
    return put(size_t(record.bytes));
  case CU_POINTER_ATTRIBUTE_MAPPED:
    return put(1u);
  case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
    return put(0ull);
  case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
    return put(CU_POINTER_ATTRIBUTE_ACCESS_FLAG_READWRITE);
  case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
    return put(record.pool);
  default:
    return CUDA_ERROR_NOT_SUPPORTED;
  }
}

CUresult CUDAAPI cuPointerGetAttribute(void *data,
                                       CUpointer_attribute attribute,
                                       CUdeviceptr pointer) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!data)
    return CUDA_ERROR_INVALID_VALUE;
  return pointerAttribute(call, data, attribute, pointer);
}

CUresult CUDAAPI cuPointerGetAttributes(unsigned count,
                                        CUpointer_attribute *attributes,
                                        void **data, CUdeviceptr pointer) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!attributes || !data)
    return CUDA_ERROR_INVALID_VALUE;
  bool known = call.driver.findMemory(pointer) != call.driver.memory.end();
  for (unsigned i = 0; i < count; ++i) {
    CUresult result =
        known ? pointerAttribute(call, data[i], attributes[i], pointer)
              : CUDA_ERROR_INVALID_VALUE;
    // A pointer that the driver does not know has attributes of zero.
    if (result != CUDA_SUCCESS)
      *static_cast<unsigned *>(data[i]) = 0;
  }
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemPrefetchAsync(CUdeviceptr pointer, size_t bytes,
                                    CUmemLocation, unsigned flags,
                                    CUstream handle) {
  Call call;
  VGPU_TRY(call.needContext());
  auto found = call.driver.findMemory(pointer);
  if (flags != 0 || bytes == 0 || !call.stream(handle) ||
      found == call.driver.memory.end() || !found->second.managed)
    return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemAdvise(CUdeviceptr pointer, size_t bytes, CUmem_advise,
                             CUmemLocation) {
  Call call;
  VGPU_TRY(call.needContext());
  auto found = call.driver.findMemory(pointer);
  if (bytes == 0 || found == call.driver.memory.end() || !found->second.managed)
    return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}
