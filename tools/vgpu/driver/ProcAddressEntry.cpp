// ProcAddressEntry.cpp: functions by name, and names without code.

#include "tools/vgpu/driver/Names.h"
#include "tools/vgpu/driver/State.h"

#include <algorithm>
#include <cstring>
#include <string>

using namespace vgpu;
using namespace vgpu::driver;

int tresse_vgpu_unsupported(const char *name) {
  Driver &driver = Driver::get();
  std::unique_lock<std::mutex> lock(driver.mutex);
  driver.note(std::string(name) + " is not supported by the virtual driver");
  return CUDA_ERROR_NOT_SUPPORTED;
}

void tresse_vgpu_per_thread(void) { nullMeansPerThread() = true; }

namespace {
/// A function whose newest form came with a later version than its first.
struct Versioned {
  const char *name;
  const char *exported;
  int since;
};
} // namespace

/// The forms of functions that changed, the newest first. Functions with a
/// `_v2` that are not listed changed in CUDA 3.2 or 4.0.
static constexpr Versioned versions[] = {
    {"cuCtxCreate", "cuCtxCreate_v4", 12050},
    {"cuCtxCreate", "cuCtxCreate_v2", 3020},
    {"cuDeviceGetUuid", "cuDeviceGetUuid_v2", 11040},
    {"cuDeviceGetUuid", "cuDeviceGetUuid", 9020},
    {"cuEventElapsedTime", "cuEventElapsedTime_v2", 12080},
    {"cuEventElapsedTime", "cuEventElapsedTime", 2000},
    {"cuStreamGetCaptureInfo", "cuStreamGetCaptureInfo_v3", 12030},
    {"cuStreamGetCaptureInfo", "cuStreamGetCaptureInfo_v2", 11030},
    {"cuStreamBeginCapture", "cuStreamBeginCapture_v2", 10010},
    {"cuStreamUpdateCaptureDependencies",
     "cuStreamUpdateCaptureDependencies_v2", 12030},
    {"cuGetProcAddress", "cuGetProcAddress_v2", 12000},
    {"cuGetProcAddress", "cuGetProcAddress", 11030},
    {"cuGraphInstantiate", "cuGraphInstantiateWithFlags", 12000},
    {"cuGraphInstantiate", "cuGraphInstantiate_v2", 11000},
    {"cuGraphExecUpdate", "cuGraphExecUpdate_v2", 12000},
    {"cuGraphAddKernelNode", "cuGraphAddKernelNode_v2", 12000},
    {"cuGraphKernelNodeGetParams", "cuGraphKernelNodeGetParams_v2", 12000},
    {"cuGraphKernelNodeSetParams", "cuGraphKernelNodeSetParams_v2", 12000},
    {"cuGraphExecKernelNodeSetParams", "cuGraphExecKernelNodeSetParams_v2",
     12000},
    {"cuGraphGetEdges", "cuGraphGetEdges_v2", 12030},
    {"cuGraphNodeGetDependencies", "cuGraphNodeGetDependencies_v2", 12030},
    {"cuGraphNodeGetDependentNodes", "cuGraphNodeGetDependentNodes_v2", 12030},
    {"cuGraphAddDependencies", "cuGraphAddDependencies_v2", 12030},
    {"cuGraphRemoveDependencies", "cuGraphRemoveDependencies_v2", 12030},
    {"cuMemPrefetchAsync", "cuMemPrefetchAsync_v2", 12020},
    {"cuMemAdvise", "cuMemAdvise_v2", 12020},
};

static void *findExported(const std::string &name) {
  using Exported = tresse_vgpu_exported;
  const Exported *begin = tresse_vgpu_exported_names;
  const Exported *end = begin + tresse_vgpu_exported_count;
  const Exported *found = std::lower_bound(
      begin, end, name,
      [](const Exported &e, const std::string &n) { return e.name < n; });
  return found != end && found->name == name ? found->address : nullptr;
}

CUresult CUDAAPI cuGetProcAddress(const char *symbol, void **address,
                                  int version, cuuint64_t flags,
                                  CUdriverProcAddressQueryResult *status) {
  if (!symbol || !address)
    return CUDA_ERROR_INVALID_VALUE;
  *address = nullptr;
  constexpr cuuint64_t known = CU_GET_PROC_ADDRESS_LEGACY_STREAM |
                               CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM;
  if (flags & ~known)
    return CUDA_ERROR_INVALID_VALUE;
  std::string name = symbol;
  bool changed = false;
  for (const Versioned &form : versions) {
    if (name != form.name)
      continue;
    changed = true;
    if (version >= form.since) {
      *address = findExported(form.exported);
      break;
    }
  }
  if (!changed) {
    if (void *second = findExported(name + "_v2"); second && version >= 4000)
      *address = second;
    else
      *address = findExported(name);
  }
  if (flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM && *address)
    for (const char *suffix : {"_v2_ptsz", "_v2_ptds", "_ptsz", "_ptds"})
      if (void *own = findExported(name + suffix)) {
        *address = own;
        break;
      }
  if (status)
    *status = *address  ? CU_GET_PROC_ADDRESS_SUCCESS
              : changed ? CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT
                        : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return *address ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

#undef cuGetProcAddress
extern "C" CUresult CUDAAPI cuGetProcAddress(const char *symbol, void **address,
                                             int version, cuuint64_t flags) {
  return cuGetProcAddress_v2(symbol, address, version, flags, nullptr);
}

/// The undocumented tables of the real driver: a program that needs them (the
/// CUDA runtime does) cannot run here, and is told so.
CUresult CUDAAPI cuGetExportTable(const void **table, const CUuuid *) {
  if (table)
    *table = nullptr;
  Call call;
  call.driver.note("cuGetExportTable is not supported: the program uses the "
                   "CUDA runtime or a library on top of it; the virtual GPU "
                   "runs programs of the driver API");
  return CUDA_ERROR_NOT_SUPPORTED;
}
