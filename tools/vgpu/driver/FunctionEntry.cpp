// FunctionEntry.cpp: attributes of functions, and occupancy.

#include "tools/vgpu/driver/State.h"

#include <algorithm>

using namespace vgpu;
using namespace vgpu::driver;

static CUresult needFunction(Call &call, CUfunction &function) {
  VGPU_TRY(call.needContext());
  function = resolveFunction(call.driver, call.context, function);
  return function ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

static CUresult getAttribute(Call &call, const CUfunc_st &function,
                             CUfunction_attribute attribute, int *value) {
  if (!value)
    return CUDA_ERROR_INVALID_VALUE;
  const Kernel &kernel = *function.kernel;
  const DeviceModel &model = call.device().model();
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = int(kernel.maxThreadsPerBlock);
    break;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = int(kernel.staticShared);
    break;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
    *value = int(kernel.constantBytes);
    break;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    *value = int(kernel.localBytes);
    break;
  case CU_FUNC_ATTRIBUTE_NUM_REGS:
    *value = int(kernel.registers);
    break;
  case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    *value = kernel.target;
    break;
  case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    *value = model.architecture();
    break;
  case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
  case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    *value = 0;
    break;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = function.maxDynamicShared
                 ? int(function.maxDynamicShared)
                 : int(model.sharedPerBlock) - int(kernel.staticShared);
    break;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    *value = function.carveout;
    break;
  case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    *value = kernel.clusterRequired;
    break;
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    *value = int(kernel.requiredCluster.x);
    break;
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    *value = int(kernel.requiredCluster.y);
    break;
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    *value = int(kernel.requiredCluster.z);
    break;
  case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    *value = function.nonPortableCluster;
    break;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
  return CUDA_SUCCESS;
}

static CUresult setAttribute(Call &call, CUfunc_st &function,
                             CUfunction_attribute attribute, int value) {
  const DeviceModel &model = call.device().model();
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    if (value < 0 || uint64_t(value) + function.kernel->staticShared >
                         model.sharedPerBlockOptin)
      return CUDA_ERROR_INVALID_VALUE;
    function.maxDynamicShared = uint32_t(value);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    if (value < -1 || value > 100)
      return CUDA_ERROR_INVALID_VALUE;
    function.carveout = value;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    if (value != 0 && value != 1)
      return CUDA_ERROR_INVALID_VALUE;
    function.nonPortableCluster = value;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult CUDAAPI cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                                    CUfunction function) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  return getAttribute(call, *function, attribute, value);
}

CUresult CUDAAPI cuFuncSetAttribute(CUfunction function,
                                    CUfunction_attribute attribute, int value) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  return setAttribute(call, *function, attribute, value);
}

CUresult CUDAAPI cuKernelGetAttribute(int *value,
                                      CUfunction_attribute attribute,
                                      CUkernel kernel, CUdevice) {
  return cuFuncGetAttribute(value, attribute,
                            reinterpret_cast<CUfunction>(kernel));
}

CUresult CUDAAPI cuKernelSetAttribute(CUfunction_attribute attribute, int value,
                                      CUkernel kernel, CUdevice) {
  return cuFuncSetAttribute(reinterpret_cast<CUfunction>(kernel), attribute,
                            value);
}

CUresult CUDAAPI cuFuncSetCacheConfig(CUfunction function, CUfunc_cache) {
  Call call;
  return needFunction(call, function);
}

CUresult CUDAAPI cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache config,
                                        CUdevice) {
  return cuFuncSetCacheConfig(reinterpret_cast<CUfunction>(kernel), config);
}

CUresult CUDAAPI cuFuncGetModule(CUmodule *module, CUfunction function) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!module)
    return CUDA_ERROR_INVALID_VALUE;
  *module = function->module;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuFuncGetName(const char **name, CUfunction function) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  *name = function->kernel->name.c_str();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuFuncGetParamInfo(CUfunction function, size_t index,
                                    size_t *offset, size_t *bytes) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  const auto &parameters = function->kernel->parameters;
  if (!offset || index >= parameters.size())
    return CUDA_ERROR_INVALID_VALUE;
  *offset = parameters[index].offset;
  if (bytes)
    *bytes = parameters[index].bytes;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuKernelGetParamInfo(CUkernel kernel, size_t index,
                                      size_t *offset, size_t *bytes) {
  return cuFuncGetParamInfo(reinterpret_cast<CUfunction>(kernel), index, offset,
                            bytes);
}

CUresult CUDAAPI cuFuncIsLoaded(CUfunctionLoadingState *state,
                                CUfunction function) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!state)
    return CUDA_ERROR_INVALID_VALUE;
  *state = CU_FUNCTION_LOADING_STATE_LOADED;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuFuncLoad(CUfunction function) {
  Call call;
  return needFunction(call, function);
}

CUresult CUDAAPI cuOccupancyMaxActiveBlocksPerMultiprocessor(
    int *blocks, CUfunction function, int blockThreads, size_t dynamicShared) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!blocks || blockThreads <= 0 || dynamicShared > UINT32_MAX)
    return CUDA_ERROR_INVALID_VALUE;
  *blocks =
      int(maxActiveBlocks(call.device(), *function->kernel,
                          uint32_t(blockThreads), uint32_t(dynamicShared)));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int *blocks, CUfunction function, int blockThreads, size_t dynamicShared,
    unsigned) {
  return cuOccupancyMaxActiveBlocksPerMultiprocessor(
      blocks, function, blockThreads, dynamicShared);
}

CUresult CUDAAPI cuOccupancyMaxPotentialBlockSize(int *gridSize, int *blockSize,
                                                  CUfunction function,
                                                  CUoccupancyB2DSize sharedOf,
                                                  size_t dynamicShared,
                                                  int limit) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!gridSize || !blockSize)
    return CUDA_ERROR_INVALID_VALUE;
  uint32_t most = function->kernel->maxThreadsPerBlock;
  if (limit > 0)
    most = std::min(most, uint32_t(limit));
  uint32_t best = 0;
  // The larger block wins among equals.
  for (uint32_t threads = (most + 31) / 32 * 32; threads >= 32; threads -= 32) {
    uint32_t size = std::min(threads, most);
    size_t shared = sharedOf ? sharedOf(int(size)) : dynamicShared;
    uint32_t blocks = maxActiveBlocks(call.device(), *function->kernel, size,
                                      uint32_t(shared));
    if (blocks * size > best) {
      best = blocks * size;
      *blockSize = int(size);
      *gridSize = int(blocks * call.device().model().multiprocessors);
    }
  }
  return best ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult CUDAAPI cuOccupancyMaxPotentialBlockSizeWithFlags(
    int *gridSize, int *blockSize, CUfunction function,
    CUoccupancyB2DSize sharedOf, size_t dynamicShared, int limit, unsigned) {
  return cuOccupancyMaxPotentialBlockSize(gridSize, blockSize, function,
                                          sharedOf, dynamicShared, limit);
}

CUresult CUDAAPI cuOccupancyAvailableDynamicSMemPerBlock(size_t *bytes,
                                                         CUfunction function,
                                                         int blocks,
                                                         int blockThreads) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!bytes || blocks <= 0 || blockThreads <= 0)
    return CUDA_ERROR_INVALID_VALUE;
  const DeviceModel &model = call.device().model();
  int64_t each = int64_t(model.sharedPerMultiprocessor) / blocks -
                 model.sharedReservedPerBlock - function->kernel->staticShared;
  each = std::min<int64_t>(each, int64_t(model.sharedPerBlockOptin) -
                                     function->kernel->staticShared);
  *bytes = each > 0 ? size_t(each) : 0;
  return CUDA_SUCCESS;
}

/// Blocks per cluster that `config` asks for, 0 when it does not say.
static uint32_t clusterOf(const CUlaunchConfig &config) {
  for (unsigned i = 0; i < config.numAttrs; ++i)
    if (config.attrs[i].id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) {
      const auto &dim = config.attrs[i].value.clusterDim;
      return dim.x * dim.y * dim.z;
    }
  return 0;
}

CUresult CUDAAPI cuOccupancyMaxPotentialClusterSize(
    int *size, CUfunction function, const CUlaunchConfig *config) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!size || !config)
    return CUDA_ERROR_INVALID_VALUE;
  const DeviceModel &model = call.device().model();
  *size = int(function->nonPortableCluster ? model.maxCluster
                                           : model.maxClusterPortable);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuOccupancyMaxActiveClusters(int *clusters,
                                              CUfunction function,
                                              const CUlaunchConfig *config) {
  Call call;
  VGPU_TRY(needFunction(call, function));
  if (!clusters || !config)
    return CUDA_ERROR_INVALID_VALUE;
  uint32_t size = std::max(1u, clusterOf(*config));
  uint32_t blocks =
      maxActiveBlocks(call.device(), *function->kernel,
                      config->blockDimX * config->blockDimY * config->blockDimZ,
                      config->sharedMemBytes);
  *clusters = int(blocks * call.device().model().multiprocessors / size);
  return CUDA_SUCCESS;
}
