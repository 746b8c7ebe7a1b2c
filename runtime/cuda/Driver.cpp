//===- Driver.cpp - the CUDA driver and cuBLASLt, loaded at run time ------===//
#include "runtime/cuda/Driver.h"

#include "runtime/core/base/Error.h"

#include <dlfcn.h>

namespace tresse::runtime::cuda {

namespace {

/// A function of a library; fails when it is too old to have it.
template <typename Function>
void find(void *library, const char *libraryName, const char *name,
          Function &function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (!function)
    fail("cuda: expected ", inQuotes(libraryName), " to have '", name,
         "', but it is another version");
}

constexpr const char *driverName = "libcuda.so.1";
constexpr const char *blasName = "libcublasLt.so.13";

} // namespace

Driver::Driver() {
  library = ::dlopen(driverName, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail("cuda: expected an NVIDIA driver (", driverName,
         "), but it cannot be loaded: ", ::dlerror());
  auto get = [&](const char *name, auto &function) {
    find(library, driverName, name, function);
  };
  get("cuInit", init);
  get("cuDriverGetVersion", driverGetVersion);
  get("cuDeviceGetCount", deviceGetCount);
  get("cuDeviceGet", deviceGet);
  get("cuDeviceGetName", deviceGetName);
  get("cuDeviceGetAttribute", deviceGetAttribute);
  get("cuDevicePrimaryCtxRetain", primaryRetain);
  get("cuDevicePrimaryCtxRelease_v2", primaryRelease);
  get("cuCtxSetCurrent", contextSetCurrent);
  get("cuMemGetInfo_v2", memGetInfo);
  get("cuMemAlloc_v2", memAlloc);
  get("cuMemFree_v2", memFree);
  get("cuMemAllocHost_v2", memAllocHost);
  get("cuMemFreeHost", memFreeHost);
  get("cuMemcpyHtoDAsync_v2", copyToDevice);
  get("cuMemcpyDtoHAsync_v2", copyToHost);
  get("cuMemcpyDtoDAsync_v2", copyOnDevice);
  get("cuMemsetD8Async", fill8);
  get("cuMemsetD16Async", fill16);
  get("cuMemsetD32Async", fill32);
  get("cuModuleLoadData", moduleLoadData);
  get("cuModuleUnload", moduleUnload);
  get("cuModuleGetFunction", moduleGetFunction);
  get("cuFuncSetAttribute", functionSetAttribute);
  get("cuLaunchKernel", launchKernel);
  get("cuStreamCreate", streamCreate);
  get("cuStreamDestroy_v2", streamDestroy);
  get("cuStreamSynchronize", streamSynchronize);
  get("cuStreamBeginCapture_v2", beginCapture);
  get("cuStreamEndCapture", endCapture);
  get("cuGraphInstantiateWithFlags", graphInstantiate);
  get("cuGraphDestroy", graphDestroy);
  get("cuGraphExecDestroy", graphExecDestroy);
  get("cuGraphLaunch", graphLaunch);
  get("cuGetErrorName", getErrorName);
  get("cuGetErrorString", getErrorString);
}

Driver::~Driver() { ::dlclose(library); }

std::string Driver::words(int status) const {
  const char *name = nullptr, *sentence = nullptr;
  getErrorName(status, &name);
  getErrorString(status, &sentence);
  return text(name ? name : "error", " (", sentence ? sentence : "", ")");
}

void Driver::check(int status, const std::string &what) const {
  if (status != 0)
    throw Failure(Remedy::System, text("cuda: ", what, ": ", words(status)));
}

Blas::Blas() {
  library = ::dlopen(blasName, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    fail("cuda: expected cuBLASLt (", blasName,
         "), but it cannot be loaded: ", ::dlerror());
  auto get = [&](const char *name, auto &function) {
    find(library, blasName, name, function);
  };
  get("cublasLtCreate", create);
  get("cublasLtDestroy", destroy);
  get("cublasLtMatmulDescCreate", descCreate);
  get("cublasLtMatmulDescDestroy", descDestroy);
  get("cublasLtMatmulDescSetAttribute", descSet);
  get("cublasLtMatrixLayoutCreate", layoutCreate);
  get("cublasLtMatrixLayoutDestroy", layoutDestroy);
  get("cublasLtMatrixLayoutSetAttribute", layoutSet);
  get("cublasLtMatmulPreferenceCreate", preferenceCreate);
  get("cublasLtMatmulPreferenceDestroy", preferenceDestroy);
  get("cublasLtMatmulPreferenceSetAttribute", preferenceSet);
  get("cublasLtMatmulAlgoGetHeuristic", heuristic);
  get("cublasLtMatmul", matmul);
  get("cublasLtGetStatusName", statusName);
}

Blas::~Blas() { ::dlclose(library); }

void Blas::check(int status, const std::string &what) const {
  if (status != 0)
    throw Failure(Remedy::System,
                  text("cuda: ", what, ": ", statusName(status)));
}

} // namespace tresse::runtime::cuda
