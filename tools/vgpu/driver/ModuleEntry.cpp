// ModuleEntry.cpp: modules and libraries: device code and its symbols.

#include "tools/vgpu/driver/Image.h"
#include "tools/vgpu/driver/State.h"

#include <cstdio>
#include <cstring>

using namespace vgpu;
using namespace vgpu::driver;

/// The PTX of `image`, with the driver's error when there is none.
static CUresult readImage(Call &call, const void *image, size_t limit,
                          std::string &ptx, std::string &error) {
  ImageError kind = ImageError::none;
  int capability = call.driver.devices[0].device->model().architecture();
  if (call.context)
    capability = call.device().model().architecture();
  std::optional<std::string> found =
      findPtx(image, limit, capability, kind, error);
  if (found) {
    ptx = std::move(*found);
    return CUDA_SUCCESS;
  }
  call.driver.note("cannot load a module: " + error);
  return kind == ImageError::noPtx ? CUDA_ERROR_NO_BINARY_FOR_GPU
                                   : CUDA_ERROR_INVALID_IMAGE;
}

static CUresult readFile(const char *name, std::vector<char> &bytes) {
  std::FILE *file = std::fopen(name, "rb");
  if (!file)
    return CUDA_ERROR_FILE_NOT_FOUND;
  char block[65536];
  while (size_t got = std::fread(block, 1, sizeof block, file))
    bytes.insert(bytes.end(), block, block + got);
  bool failed = std::ferror(file);
  std::fclose(file);
  return failed ? CUDA_ERROR_FILE_NOT_FOUND : CUDA_SUCCESS;
}

/// Loads `ptx` into the current context.
static CUresult loadModule(Call &call, const std::string &ptx, CUmodule *module,
                           std::string &log) {
  LoadError error;
  std::unique_ptr<Module> loaded = Module::load(call.device(), ptx, error);
  if (!loaded) {
    log = error.str();
    call.driver.note("cannot load a module: " + log);
    return error.wrongArchitecture ? CUDA_ERROR_NO_BINARY_FOR_GPU
                                   : CUDA_ERROR_INVALID_PTX;
  }
  auto made = std::make_unique<CUmod_st>();
  made->context = call.context;
  made->module = std::move(loaded);
  for (const Kernel &kernel : made->module->kernels()) {
    auto function = std::make_unique<CUfunc_st>();
    function->module = made.get();
    function->kernel = &kernel;
    call.driver.functions.insert(function.get());
    made->functions.emplace(kernel.name, std::move(function));
  }
  *module = made.get();
  call.context->modules.emplace(*module, std::move(made));
  return CUDA_SUCCESS;
}

static void unload(Call &call, CUmodule module) {
  for (auto &[name, function] : module->functions)
    call.driver.functions.erase(function.get());
  module->context->modules.erase(module);
}

CUresult CUDAAPI cuModuleLoad(CUmodule *module, const char *name) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!module || !name)
    return CUDA_ERROR_INVALID_VALUE;
  std::vector<char> bytes;
  VGPU_TRY(readFile(name, bytes));
  std::string ptx, log;
  VGPU_TRY(readImage(call, bytes.data(), bytes.size(), ptx, log));
  return loadModule(call, ptx, module, log);
}

/// Writes `log` where the options ask for the compiler's messages.
static void deliverLog(const std::string &log, unsigned count,
                       CUjit_option *options, void **values) {
  char *buffer = nullptr;
  void **size = nullptr;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      size = &values[i];
    // The other log stays empty.
    if (options[i] == CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES)
      values[i] = nullptr;
  }
  if (!size)
    return;
  size_t room = reinterpret_cast<size_t>(*size);
  size_t length = std::min(log.size(), room ? room - 1 : 0);
  if (buffer && room) {
    std::memcpy(buffer, log.data(), length);
    buffer[length] = '\0';
  }
  *size = reinterpret_cast<void *>(length);
}

CUresult CUDAAPI cuModuleLoadDataEx(CUmodule *module, const void *image,
                                    unsigned count, CUjit_option *options,
                                    void **values) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!module || !image || (count && (!options || !values)))
    return CUDA_ERROR_INVALID_VALUE;
  std::string ptx, log;
  CUresult result = readImage(call, image, SIZE_MAX, ptx, log);
  if (result == CUDA_SUCCESS)
    result = loadModule(call, ptx, module, log);
  deliverLog(log, count, options, values);
  return result;
}

CUresult CUDAAPI cuModuleLoadData(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult CUDAAPI cuModuleLoadFatBinary(CUmodule *module, const void *image) {
  return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult CUDAAPI cuModuleUnload(CUmodule module) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!call.context->modules.count(module))
    return CUDA_ERROR_INVALID_HANDLE;
  VGPU_TRY(call.drain());
  unload(call, module);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuModuleGetLoadingMode(CUmoduleLoadingMode *mode) {
  Call call;
  VGPU_TRY(call.ready());
  if (!mode)
    return CUDA_ERROR_INVALID_VALUE;
  *mode = CU_MODULE_EAGER_LOADING;
  return CUDA_SUCCESS;
}

static CUresult needModule(Call &call, CUmodule module) {
  VGPU_TRY(call.needContext());
  return call.context->modules.count(module) ? CUDA_SUCCESS
                                             : CUDA_ERROR_INVALID_HANDLE;
}

CUresult CUDAAPI cuModuleGetFunction(CUfunction *function, CUmodule module,
                                     const char *name) {
  Call call;
  VGPU_TRY(needModule(call, module));
  if (!function || !name)
    return CUDA_ERROR_INVALID_VALUE;
  auto found = module->functions.find(std::string_view(name));
  if (found == module->functions.end())
    return CUDA_ERROR_NOT_FOUND;
  *function = found->second.get();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuModuleGetFunctionCount(unsigned *count, CUmodule module) {
  Call call;
  VGPU_TRY(needModule(call, module));
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  *count = unsigned(module->functions.size());
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuModuleEnumerateFunctions(CUfunction *functions,
                                            unsigned count, CUmodule module) {
  Call call;
  VGPU_TRY(needModule(call, module));
  if (!functions)
    return CUDA_ERROR_INVALID_VALUE;
  for (auto &[name, function] : module->functions) {
    if (count-- == 0)
      break;
    *functions++ = function.get();
  }
  return CUDA_SUCCESS;
}

static CUresult global(CUmodule module, const char *name, CUdeviceptr *pointer,
                       size_t *bytes) {
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  const GlobalVariable *found = module->module->findGlobal(name);
  if (!found)
    return CUDA_ERROR_NOT_FOUND;
  if (pointer)
    *pointer = found->address;
  if (bytes)
    *bytes = found->bytes;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuModuleGetGlobal(CUdeviceptr *pointer, size_t *bytes,
                                   CUmodule module, const char *name) {
  Call call;
  VGPU_TRY(needModule(call, module));
  return global(module, name, pointer, bytes);
}

/// The module of `library` in the current context, loaded on first use.
static CUresult moduleOf(Call &call, CUlibrary library, CUmodule &module) {
  auto found = library->modules.find(call.context);
  if (found != library->modules.end()) {
    module = found->second;
    return CUDA_SUCCESS;
  }
  std::string log;
  VGPU_TRY(loadModule(call, library->ptx, &module, log));
  library->modules[call.context] = module;
  return CUDA_SUCCESS;
}

namespace vgpu::driver {

CUfunction resolveFunction(Driver &driver, CUcontext context, CUfunction f) {
  if (driver.functions.count(f))
    return f;
  CUkernel kernel = reinterpret_cast<CUkernel>(f);
  if (!driver.kernels.count(kernel))
    return nullptr;
  auto found = kernel->library->modules.find(context);
  if (found == kernel->library->modules.end())
    return nullptr;
  auto function = found->second->functions.find(kernel->name);
  return function == found->second->functions.end() ? nullptr
                                                    : function->second.get();
}

} // namespace vgpu::driver

static CUresult makeLibrary(Call &call, std::string ptx, CUlibrary *library) {
  auto made = std::make_unique<CUlib_st>();
  made->ptx = std::move(ptx);
  CUmodule module;
  VGPU_TRY(moduleOf(call, made.get(), module));
  for (const Kernel &kernel : module->module->kernels()) {
    auto handle = std::make_unique<CUkern_st>();
    handle->library = made.get();
    handle->name = kernel.name;
    call.driver.kernels.insert(handle.get());
    made->kernels.emplace(kernel.name, std::move(handle));
  }
  *library = made.get();
  call.driver.libraries.emplace(*library, std::move(made));
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuLibraryLoadData(CUlibrary *library, const void *code,
                                   CUjit_option *options, void **values,
                                   unsigned count, CUlibraryOption *, void **,
                                   unsigned) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!library || !code || (count && (!options || !values)))
    return CUDA_ERROR_INVALID_VALUE;
  std::string ptx, log;
  CUresult result = readImage(call, code, SIZE_MAX, ptx, log);
  if (result == CUDA_SUCCESS)
    result = makeLibrary(call, std::move(ptx), library);
  deliverLog(log, count, options, values);
  return result;
}

CUresult CUDAAPI cuLibraryLoadFromFile(CUlibrary *library, const char *name,
                                       CUjit_option *, void **, unsigned,
                                       CUlibraryOption *, void **, unsigned) {
  Call call;
  VGPU_TRY(call.needUncaptured());
  if (!library || !name)
    return CUDA_ERROR_INVALID_VALUE;
  std::vector<char> bytes;
  VGPU_TRY(readFile(name, bytes));
  std::string ptx, log;
  VGPU_TRY(readImage(call, bytes.data(), bytes.size(), ptx, log));
  return makeLibrary(call, std::move(ptx), library);
}

static CUresult needLibrary(Call &call, CUlibrary library) {
  VGPU_TRY(call.needContext());
  return call.driver.libraries.count(library) ? CUDA_SUCCESS
                                              : CUDA_ERROR_INVALID_HANDLE;
}

CUresult CUDAAPI cuLibraryUnload(CUlibrary library) {
  Call call;
  VGPU_TRY(needLibrary(call, library));
  VGPU_TRY(call.drain());
  for (auto &[context, module] : library->modules)
    unload(call, module);
  for (auto &[name, kernel] : library->kernels)
    call.driver.kernels.erase(kernel.get());
  call.driver.libraries.erase(library);
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuLibraryGetKernel(CUkernel *kernel, CUlibrary library,
                                    const char *name) {
  Call call;
  VGPU_TRY(needLibrary(call, library));
  if (!kernel || !name)
    return CUDA_ERROR_INVALID_VALUE;
  auto found = library->kernels.find(std::string_view(name));
  if (found == library->kernels.end())
    return CUDA_ERROR_NOT_FOUND;
  *kernel = found->second.get();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuLibraryGetKernelCount(unsigned *count, CUlibrary library) {
  Call call;
  VGPU_TRY(needLibrary(call, library));
  if (!count)
    return CUDA_ERROR_INVALID_VALUE;
  *count = unsigned(library->kernels.size());
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuLibraryEnumerateKernels(CUkernel *kernels, unsigned count,
                                           CUlibrary library) {
  Call call;
  VGPU_TRY(needLibrary(call, library));
  if (!kernels)
    return CUDA_ERROR_INVALID_VALUE;
  for (auto &[name, kernel] : library->kernels) {
    if (count-- == 0)
      break;
    *kernels++ = kernel.get();
  }
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuLibraryGetModule(CUmodule *module, CUlibrary library) {
  Call call;
  VGPU_TRY(needLibrary(call, library));
  if (!module)
    return CUDA_ERROR_INVALID_VALUE;
  return moduleOf(call, library, *module);
}

CUresult CUDAAPI cuLibraryGetGlobal(CUdeviceptr *pointer, size_t *bytes,
                                    CUlibrary library, const char *name) {
  Call call;
  VGPU_TRY(needLibrary(call, library));
  CUmodule module;
  VGPU_TRY(moduleOf(call, library, module));
  return global(module, name, pointer, bytes);
}

static CUresult needKernel(Call &call, CUkernel kernel) {
  VGPU_TRY(call.needContext());
  return call.driver.kernels.count(kernel) ? CUDA_SUCCESS
                                           : CUDA_ERROR_INVALID_HANDLE;
}

CUresult CUDAAPI cuKernelGetFunction(CUfunction *function, CUkernel kernel) {
  Call call;
  VGPU_TRY(needKernel(call, kernel));
  if (!function)
    return CUDA_ERROR_INVALID_VALUE;
  CUmodule module;
  VGPU_TRY(moduleOf(call, kernel->library, module));
  *function = module->functions.find(kernel->name)->second.get();
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuKernelGetLibrary(CUlibrary *library, CUkernel kernel) {
  Call call;
  VGPU_TRY(needKernel(call, kernel));
  if (!library)
    return CUDA_ERROR_INVALID_VALUE;
  *library = kernel->library;
  return CUDA_SUCCESS;
}

CUresult CUDAAPI cuKernelGetName(const char **name, CUkernel kernel) {
  Call call;
  VGPU_TRY(needKernel(call, kernel));
  if (!name)
    return CUDA_ERROR_INVALID_VALUE;
  *name = kernel->name.c_str();
  return CUDA_SUCCESS;
}
