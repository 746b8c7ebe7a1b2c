// LaunchEntry.cpp: kernel launches and callbacks.

#include "tools/vgpu/driver/Launch.h"
#include "tools/vgpu/driver/Totals.h"

#include <cstring>

using namespace vgpu;
using namespace vgpu::driver;

namespace vgpu::driver {

CUresult packParameters(const Kernel &kernel, void **pointers, void **extra,
                        std::vector<char> &bytes) {
  bytes.assign(kernel.parameterBytes, 0);
  if (pointers && extra)
    return CUDA_ERROR_INVALID_VALUE;
  if (pointers) {
    for (size_t i = 0; i < kernel.parameters.size(); ++i) {
      const KernelParameter &parameter = kernel.parameters[i];
      if (!pointers[i])
        return CUDA_ERROR_INVALID_VALUE;
      std::memcpy(bytes.data() + parameter.offset, pointers[i],
                  parameter.bytes);
    }
    return CUDA_SUCCESS;
  }
  if (!extra)
    return kernel.parameters.empty() ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  const void *buffer = nullptr;
  size_t size = 0;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER)
      buffer = extra[1];
    else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE)
      size = *static_cast<size_t *>(extra[1]);
    else
      return CUDA_ERROR_INVALID_VALUE;
  }
  if ((size && !buffer) || size < kernel.parameterBytes)
    return CUDA_ERROR_INVALID_VALUE;
  if (!bytes.empty())
    std::memcpy(bytes.data(), buffer, bytes.size());
  return CUDA_SUCCESS;
}

} // namespace vgpu::driver

/// What launch attributes ask for beside the shape.
namespace {
struct Attributes {
  Dim3 cluster{0, 0, 0};
  bool cooperative = false;
  std::vector<CUevent> completion;
};
} // namespace

static CUresult readAttributes(Call &call, const CUlaunchConfig &config,
                               Attributes &attributes) {
  if (config.numAttrs && !config.attrs)
    return CUDA_ERROR_INVALID_VALUE;
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const CUlaunchAttributeValue &value = config.attrs[i].value;
    switch (config.attrs[i].id) {
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
      attributes.cluster = {value.clusterDim.x, value.clusterDim.y,
                            value.clusterDim.z};
      if (attributes.cluster.count() == 0)
        return CUDA_ERROR_INVALID_VALUE;
      break;
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
      attributes.cooperative = value.cooperative;
      break;
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_EVENT:
      attributes.completion.push_back(value.programmaticEvent.event);
      break;
    case CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT:
      attributes.completion.push_back(value.launchCompletionEvent.event);
      break;
    // Hints: what follows them may as well happen without them. A launch that
    // may start early (programmatic serialization) starts in stream order.
    case CU_LAUNCH_ATTRIBUTE_IGNORE:
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_SYNCHRONIZATION_POLICY:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_CLUSTER_DIMENSION:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      break;
    default:
      call.driver.note("cuLaunchKernelEx: attribute " +
                       std::to_string(int(config.attrs[i].id)) +
                       " is not supported");
      return CUDA_ERROR_NOT_SUPPORTED;
    }
  }
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuLaunchKernelEx(const CUlaunchConfig *config,
                                  CUfunction function, void **parameters,
                                  void **extra) {
  Call call;
  VGPU_TRY(call.needContext());
  if (!config)
    return CUDA_ERROR_INVALID_VALUE;
  CUstream stream = call.stream(config->hStream);
  function = resolveFunction(call.driver, call.context, function);
  if (!stream || !function)
    return CUDA_ERROR_INVALID_HANDLE;
  if (function->module->context != stream->context)
    return CUDA_ERROR_INVALID_CONTEXT;
  Attributes attributes;
  VGPU_TRY(readAttributes(call, *config, attributes));
  KernelOperation operation;
  operation.function = function;
  operation.grid = {config->gridDimX, config->gridDimY, config->gridDimZ};
  operation.block = {config->blockDimX, config->blockDimY, config->blockDimZ};
  operation.cluster = attributes.cluster;
  operation.dynamicShared = config->sharedMemBytes;
  operation.cooperative = attributes.cooperative;
  VGPU_TRY(packParameters(*function->kernel, parameters, extra,
                          operation.parameters));
  VGPU_TRY(validateKernel(call.driver, stream->context, operation));
  TaskRef task;
  VGPU_TRY(call.enqueue(stream, std::move(operation), &task));
  for (CUevent event : attributes.completion)
    if (call.driver.events.count(event))
      event->task = task;
  return CUDA_SUCCESS;
}

static CUlaunchConfig plainConfig(unsigned gridX, unsigned gridY,
                                  unsigned gridZ, unsigned blockX,
                                  unsigned blockY, unsigned blockZ,
                                  unsigned shared, CUstream stream) {
  CUlaunchConfig config = {};
  config.gridDimX = gridX;
  config.gridDimY = gridY;
  config.gridDimZ = gridZ;
  config.blockDimX = blockX;
  config.blockDimY = blockY;
  config.blockDimZ = blockZ;
  config.sharedMemBytes = shared;
  config.hStream = stream;
  return config;
}

CUresult CUDAAPI cuLaunchKernel(CUfunction function, unsigned gridX,
                                unsigned gridY, unsigned gridZ, unsigned blockX,
                                unsigned blockY, unsigned blockZ,
                                unsigned shared, CUstream stream,
                                void **parameters, void **extra) {
  CUlaunchConfig config =
      plainConfig(gridX, gridY, gridZ, blockX, blockY, blockZ, shared, stream);
  return cuLaunchKernelEx(&config, function, parameters, extra);
}

CUresult CUDAAPI cuLaunchCooperativeKernel(CUfunction function, unsigned gridX,
                                           unsigned gridY, unsigned gridZ,
                                           unsigned blockX, unsigned blockY,
                                           unsigned blockZ, unsigned shared,
                                           CUstream stream, void **parameters) {
  CUlaunchConfig config =
      plainConfig(gridX, gridY, gridZ, blockX, blockY, blockZ, shared, stream);
  CUlaunchAttribute cooperative = {};
  cooperative.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  cooperative.value.cooperative = 1;
  config.attrs = &cooperative;
  config.numAttrs = 1;
  return cuLaunchKernelEx(&config, function, parameters, nullptr);
}

CUresult CUDAAPI cuLaunchHostFunc(CUstream handle, CUhostFn function,
                                  void *data) {
  Call call;
  VGPU_TRY(call.needContext());
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!function)
    return CUDA_ERROR_INVALID_VALUE;
  HostOperation operation;
  operation.function = function;
  operation.data = data;
  return call.enqueue(stream, operation);
}

CUresult CUDAAPI cuStreamAddCallback(CUstream handle, CUstreamCallback callback,
                                     void *data, unsigned flags) {
  Call call;
  VGPU_TRY(call.needContext());
  CUstream stream = call.stream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (!callback || flags != 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (stream->capture) {
    stream->capture->invalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  HostOperation operation;
  operation.callback = callback;
  operation.stream = handle;
  operation.data = data;
  return call.enqueue(stream, operation);
}
