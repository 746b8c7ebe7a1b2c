// ContextEntry.cpp: primary and plain contexts and the thread's stack of them.

#include "tools/vgpu/driver/State.h"

#include <algorithm>

using namespace vgpu;
using namespace vgpu::driver;

static std::unique_ptr<CUctx_st> makeContext(Driver &driver, int device,
                                             unsigned flags, bool primary) {
  auto context = std::make_unique<CUctx_st>();
  context->device = device;
  context->flags = flags;
  context->primary = primary;
  context->id = driver.nextId++;
  context->legacy.context = context.get();
  context->limits = {{CU_LIMIT_STACK_SIZE, 1024},
                     {CU_LIMIT_PRINTF_FIFO_SIZE, 7 << 20},
                     {CU_LIMIT_MALLOC_HEAP_SIZE, 8 << 20},
                     {CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH, 2},
                     {CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT, 2048},
                     {CU_LIMIT_MAX_L2_FETCH_GRANULARITY, 64},
                     {CU_LIMIT_PERSISTING_L2_CACHE_SIZE, 0}};
  return context;
}

static CUresult needDevice(Call &call, CUdevice device) {
  VGPU_TRY(call.ready());
  return device >= 0 && size_t(device) < call.driver.devices.size()
             ? CUDA_SUCCESS
             : CUDA_ERROR_INVALID_DEVICE;
}

CUresult CUDAAPI cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  DeviceState &state = call.driver.devices[device];
  if (!state.primary)
    state.primary = makeContext(call.driver, device, state.primaryFlags, true);
  ++state.primaryUses;
  *context = state.primary.get();
  return state.primary->sticky;
}

static CUresult resetPrimary(Call &call, CUdevice device) {
  DeviceState &state = call.driver.devices[device];
  if (!state.primary)
    return CUDA_SUCCESS;
  destroyContextState(call.driver, state.primary.get());
  bool used = state.primaryUses > 0;
  // The handle stays valid, as it does in the real driver.
  CUctx_st &context = *state.primary;
  auto fresh = makeContext(call.driver, device, state.primaryFlags, true);
  context.sticky = CUDA_SUCCESS;
  context.streams.clear();
  context.perThread.clear();
  context.modules.clear();
  context.legacy.tail.reset();
  context.limits = fresh->limits;
  state.primaryUses = used ? state.primaryUses : 0;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDevicePrimaryCtxRelease(CUdevice device) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  DeviceState &state = call.driver.devices[device];
  if (state.primaryUses == 0)
    return CUDA_ERROR_INVALID_CONTEXT;
  if (state.primaryUses == 1) {
    call.context = state.primary.get();
    call.drain();
    resetPrimary(call, device);
  }
  --state.primaryUses;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDevicePrimaryCtxReset(CUdevice device) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  return resetPrimary(call, device);
}

CUresult CUDAAPI cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned flags) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  call.driver.devices[device].primaryFlags = flags;
  if (call.driver.devices[device].primary)
    call.driver.devices[device].primary->flags = flags;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags,
                                            int *active) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  if (flags)
    *flags = call.driver.devices[device].primaryFlags;
  if (active)
    *active = call.driver.devices[device].primaryUses > 0;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxCreate(CUcontext *context, CUctxCreateParams *parameters,
                             unsigned flags, CUdevice device) {
  Call call;
  VGPU_TRY(needDevice(call, device));
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  if (parameters &&
      (parameters->numExecAffinityParams || parameters->cigParams))
    return CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;
  auto made = makeContext(call.driver, device, flags, false);
  *context = made.get();
  call.driver.contexts.emplace(*context, std::move(made));
  contextStack().push_back(*context);
  return CUDA_SUCCESS;
}

extern "C" CUresult CUDAAPI cuCtxCreate_v2(CUcontext *context, unsigned flags,
                                           CUdevice device) {
  return cuCtxCreate_v4(context, nullptr, flags, device);
}

CUresult CUDAAPI cuCtxDestroy(CUcontext context) {
  Call call;
  VGPU_TRY(call.ready());
  auto found = call.driver.contexts.find(context);
  if (found == call.driver.contexts.end())
    return CUDA_ERROR_INVALID_CONTEXT;
  call.context = context;
  call.drain();
  destroyContextState(call.driver, context);
  call.driver.contexts.erase(context);
  if (!contextStack().empty() && contextStack().back() == context)
    contextStack().pop_back();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxPushCurrent(CUcontext context) {
  Call call;
  VGPU_TRY(call.ready());
  if (!isContext(call.driver, context))
    return CUDA_ERROR_INVALID_CONTEXT;
  contextStack().push_back(context);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxPopCurrent(CUcontext *context) {
  Call call;
  VGPU_TRY(call.ready());
  if (contextStack().empty())
    return CUDA_ERROR_INVALID_CONTEXT;
  if (context)
    *context = contextStack().back();
  contextStack().pop_back();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxSetCurrent(CUcontext context) {
  Call call;
  VGPU_TRY(call.ready());
  std::vector<CUcontext> &stack = contextStack();
  if (!context) {
    if (!stack.empty())
      stack.pop_back();
    return CUDA_SUCCESS;
  }
  if (!isContext(call.driver, context))
    return CUDA_ERROR_INVALID_CONTEXT;
  if (stack.empty())
    stack.push_back(context);
  else
    stack.back() = context;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetCurrent(CUcontext *context) {
  Call call;
  VGPU_TRY(call.ready());
  if (!context)
    return CUDA_ERROR_INVALID_VALUE;
  *context = contextStack().empty() ? nullptr : contextStack().back();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetDevice(CUdevice *device) {
  Call call;
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  VGPU_TRY(call.needContext());
  *device = call.context->device;
  return CUDA_SUCCESS;
}

extern "C" CUresult CUDAAPI cuCtxGetDevice_v2(CUdevice *device,
                                              CUcontext context) {
  if (!context)
    return cuCtxGetDevice(device);
  Call call;
  VGPU_TRY(call.ready());
  if (!device || !isContext(call.driver, context))
    return CUDA_ERROR_INVALID_VALUE;
  *device = context->device;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetFlags(unsigned *flags) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!flags)
    return CUDA_ERROR_INVALID_VALUE;
  *flags = call.context->flags;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetId(CUcontext context, unsigned long long *id) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!id)
    return CUDA_ERROR_INVALID_VALUE;
  if (context && !isContext(call.driver, context))
    return CUDA_ERROR_CONTEXT_IS_DESTROYED;
  *id = (context ? context : call.context)->id;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetApiVersion(CUcontext context, unsigned *version) {
  Call call;
  VGPU_TRY(call.ready());
  if (!version || (context && !isContext(call.driver, context)))
    return CUDA_ERROR_INVALID_VALUE;
  *version = 3020;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxSynchronize(void) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  return call.drain();
}

CUresult CUDAAPI cuCtxSetLimit(CUlimit limit, size_t value) {
  Call call;
  VGPU_TRY(call.needContext());
  auto found = call.context->limits.find(limit);
  if (found == call.context->limits.end())
    return CUDA_ERROR_UNSUPPORTED_LIMIT;
  found->second = value;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetLimit(size_t *value, CUlimit limit) {
  Call call;
  VGPU_TRY(call.needContext());
  auto found = call.context->limits.find(limit);
  if (found == call.context->limits.end())
    return CUDA_ERROR_UNSUPPORTED_LIMIT;
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  *value = found->second;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxGetCacheConfig(CUfunc_cache *config) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!config)
    return CUDA_ERROR_INVALID_VALUE;
  *config = CU_FUNC_CACHE_PREFER_NONE;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxSetCacheConfig(CUfunc_cache) {
  Call call;
  return call.needContext();
}

CUresult CUDAAPI cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  Call call;
  VGPU_TRY(call.needContext());
  if (least)
    *least = 0;
  if (greatest)
    *greatest = -5;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuCtxResetPersistingL2Cache(void) {
  Call call;
  return call.needContext();
}
