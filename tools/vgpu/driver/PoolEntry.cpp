// PoolEntry.cpp: memory pools and stream-ordered allocation.

#include "tools/vgpu/driver/State.h"

using namespace vgpu;
using namespace vgpu::driver;

static CUresult findPool(Call &call, CUmemoryPool pool) {
  VGPU_TRY(call.ready());
  if (call.driver.pools.count(pool))
    return CUDA_SUCCESS;
  for (DeviceState &state : call.driver.devices)
    if (pool == &state.defaultPool)
      return CUDA_SUCCESS;
  return CUDA_ERROR_INVALID_VALUE;
}

static CUresult needDevice(Call &call, CUdevice device) {
  VGPU_TRY(call.ready());
  return device >= 0 && size_t(device) < call.driver.devices.size()
             ? CUDA_SUCCESS
             : CUDA_ERROR_INVALID_DEVICE;
}

CUresult CUDAAPI cuDeviceGetDefaultMemPool(CUmemoryPool *pool,
                                           CUdevice device) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  if (!pool)
    return CUDA_ERROR_INVALID_VALUE;
  *pool = &call.driver.devices[device].defaultPool;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  if (!pool)
    return CUDA_ERROR_INVALID_VALUE;
  *pool = call.driver.devices[device].currentPool;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDeviceSetMemPool(CUdevice device, CUmemoryPool pool) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  VGPU_TRY(findPool(call, pool));
  call.driver.devices[device].currentPool = pool;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemPoolCreate(CUmemoryPool *pool,
                                 const CUmemPoolProps *properties) {
  Call call;
  VGPU_TRY(call.ready());
  if (!pool || !properties ||
      properties->allocType != CU_MEM_ALLOCATION_TYPE_PINNED)
    return CUDA_ERROR_INVALID_VALUE;
  if (properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE ||
      properties->handleTypes != CU_MEM_HANDLE_TYPE_NONE)
    return CUDA_ERROR_NOT_SUPPORTED;
  VGPU_TRY(needDevice(call, properties->location.id));
  auto made = std::make_unique<CUmemPoolHandle_st>();
  made->device = properties->location.id;
  *pool = made.get();
  call.driver.pools.emplace(*pool, std::move(made));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemPoolDestroy(CUmemoryPool pool) {
  Call call;
  VGPU_TRY(call.ready());
  auto found = call.driver.pools.find(pool);
  if (found == call.driver.pools.end())
    return CUDA_ERROR_INVALID_VALUE;
  for (DeviceState &state : call.driver.devices)
    if (state.currentPool == pool)
      state.currentPool = &state.defaultPool;
  // What was allocated from it stays until it is freed.
  for (auto &[address, record] : call.driver.memory)
    if (record.pool == pool)
      record.pool = nullptr;
  call.driver.pools.erase(found);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
  Call call;
  return findPool(call, pool);
}

CUresult CUDAAPI cuMemPoolSetAttribute(CUmemoryPool pool,
                                       CUmemPool_attribute attribute,
                                       void *value) {
  Call call;
  VGPU_TRY(findPool(call, pool));
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
  case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
  case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
  case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
    pool->reuse[attribute - 1] = *static_cast<int *>(value);
    return CUDA_SUCCESS;
  case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
    pool->releaseThreshold = *static_cast<cuuint64_t *>(value);
    return CUDA_SUCCESS;
  case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
  case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
    if (*static_cast<cuuint64_t *>(value) != 0)
      return CUDA_ERROR_INVALID_VALUE;
    pool->usedHigh = pool->used;
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult CUDAAPI cuMemPoolGetAttribute(CUmemoryPool pool,
                                       CUmemPool_attribute attribute,
                                       void *value) {
  Call call;
  VGPU_TRY(findPool(call, pool));
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  auto put = [&](uint64_t bytes) {
    *static_cast<cuuint64_t *>(value) = bytes;
    return CUDA_SUCCESS;
  };
  switch (attribute) {
  case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
  case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
  case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES:
    *static_cast<int *>(value) = pool->reuse[attribute - 1];
    return CUDA_SUCCESS;
  case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD:
    return put(pool->releaseThreshold);
  case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT:
  case CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
    return put(pool->used);
  case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
  case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
    return put(pool->usedHigh);
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult CUDAAPI cuMemPoolSetAccess(CUmemoryPool pool, const CUmemAccessDesc *,
                                    size_t) {
  Call call;
  return findPool(call, pool);
}

CUresult CUDAAPI cuMemPoolGetAccess(CUmemAccess_flags *flags, CUmemoryPool pool,
                                    CUmemLocation *location) {
  Call call;
  VGPU_TRY(findPool(call, pool));
  if (!flags || !location)
    return CUDA_ERROR_INVALID_VALUE;
  bool own = location->type == CU_MEM_LOCATION_TYPE_DEVICE &&
             location->id == pool->device;
  *flags =
      own ? CU_MEM_ACCESS_FLAGS_PROT_READWRITE : CU_MEM_ACCESS_FLAGS_PROT_NONE;
  return CUDA_SUCCESS;
}

/// The address is known at once; the memory counts as the stream's from the
/// queued operation on.
static CUresult allocateAsync(Call &call, CUdeviceptr *pointer, size_t bytes,
                              CUmemoryPool pool, CUstream handle) {
  CUstream stream = call.stream(handle);
  if (!pointer || bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  uint64_t address = call.device().allocate(bytes);
  if (!address) {
    // What queued frees will give back may be enough.
    VGPU_TRY(call.drain());
    address = call.device().allocate(bytes);
  }
  if (!address)
    return CUDA_ERROR_OUT_OF_MEMORY;
  MemoryRecord record;
  record.bytes = bytes;
  record.context = call.context;
  record.pool = pool;
  record.id = call.driver.nextId++;
  call.driver.memory[address] = record;
  pool->used += bytes;
  pool->usedHigh = std::max(pool->usedHigh, pool->used);
  if (stream->capture)
    ownMemory(*stream->capture->graph, address);
  *pointer = address;
  return call.enqueue(stream, AllocateOperation{address, bytes});
}

CUresult CUDAAPI cuMemAllocAsync(CUdeviceptr *pointer, size_t bytes,
                                 CUstream handle) {
  Call call;
  VGPU_TRY(call.needContext());
  return allocateAsync(call, pointer, bytes,
                       call.driver.devices[call.context->device].currentPool,
                       handle);
}

CUresult CUDAAPI cuMemAllocFromPoolAsync(CUdeviceptr *pointer, size_t bytes,
                                         CUmemoryPool pool, CUstream handle) {
  Call call;
  VGPU_TRY(call.needContext());
  VGPU_TRY(findPool(call, pool));
  return allocateAsync(call, pointer, bytes, pool, handle);
}

CUresult CUDAAPI cuMemFreeAsync(CUdeviceptr pointer, CUstream handle) {
  Call call;
  VGPU_TRY(call.needContext());
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  auto found = call.driver.memory.find(pointer);
  if (found == call.driver.memory.end() ||
      found->second.type != CU_MEMORYTYPE_DEVICE)
    return CUDA_ERROR_INVALID_VALUE;
  bool captured = stream->capture != nullptr;
  return call.enqueue(stream, FreeOperation{pointer, captured});
}
