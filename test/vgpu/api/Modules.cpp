// Modules.cpp - modules, launches, limits, sticky errors, names.

#include "test/vgpu/api/Fixture.h"

#include <cstring>
#include <dlfcn.h>
#include <string>

TEST_F(Driver, GlobalsAndConstants) {
  CUdeviceptr counter = 0, table = 0;
  size_t bytes = 0;
  ASSERT_CU(cuModuleGetGlobal(&counter, &bytes, module, "counter"));
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(read(counter, 1)[0], 7);
  ASSERT_CU(cuModuleGetGlobal(&table, &bytes, module, "table"));
  EXPECT_EQ(read(table, 2), (std::vector<int>{1, 2}));
  EXPECT_EQ(cuModuleGetGlobal(&table, &bytes, module, "none"),
            CUDA_ERROR_NOT_FOUND);
}

TEST_F(Driver, BrokenPtxIsRefusedWithALog) {
  char log[256] = {};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER,
                            CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)};
  CUmodule broken = nullptr;
  const char *text = ".version 8.0\n.target sm_80\n.address_size 64\n"
                     ".visible .entry f()\n{\n  .reg .b32 %r1;\n"
                     "  frobnicate.u32 %r1;\n}\n";
  EXPECT_EQ(cuModuleLoadDataEx(&broken, text, 2, options, values),
            CUDA_ERROR_INVALID_PTX);
  EXPECT_NE(std::string(log).find("frobnicate"), std::string::npos) << log;
  EXPECT_EQ(cuModuleLoad(&broken, "no-such-file.ptx"),
            CUDA_ERROR_FILE_NOT_FOUND);
}

TEST_F(Driver, CubinsWithoutPtxAreRefused) {
  std::vector<unsigned char> elf(64);
  std::memcpy(elf.data(),
              "\x7f"
              "ELF",
              4);
  CUmodule broken = nullptr;
  EXPECT_EQ(cuModuleLoadData(&broken, elf.data()),
            CUDA_ERROR_NO_BINARY_FOR_GPU);
}

/// A fat binary with one plainly stored PTX entry.
static std::vector<char> fatbinOf(const std::string &ptx) {
  std::string payload = ptx + std::string(8 - ptx.size() % 8, '\0');
  std::vector<char> fat(16 + 64 + payload.size());
  auto put = [&](size_t at, auto value) {
    std::memcpy(fat.data() + at, &value, sizeof value);
  };
  put(0, uint32_t(0xBA55ED50));
  put(4, uint16_t(1));
  put(6, uint16_t(16));
  put(8, uint64_t(64 + payload.size()));
  put(16, uint16_t(1));
  put(18, uint16_t(0x0101));
  put(20, uint32_t(64));
  put(24, uint64_t(payload.size()));
  put(16 + 28, uint32_t(80));
  put(16 + 40, uint64_t(0x11));
  std::memcpy(fat.data() + 80, payload.data(), payload.size());
  return fat;
}

TEST_F(Driver, FatBinariesCarryPtx) {
  std::vector<char> fat = fatbinOf(modulePtx);
  CUmodule loaded = nullptr;
  ASSERT_CU(cuModuleLoadFatBinary(&loaded, fat.data()));
  CUfunction function = nullptr;
  EXPECT_CU(cuModuleGetFunction(&function, loaded, "add"));
  // An entry that reaches beyond the image.
  uint64_t much = 1 << 20;
  std::memcpy(fat.data() + 24, &much, 8);
  EXPECT_EQ(cuModuleLoadData(&loaded, fat.data()), CUDA_ERROR_INVALID_IMAGE);
}

TEST_F(Driver, LibrariesGiveKernelsThatLaunch) {
  CUlibrary library = nullptr;
  ASSERT_CU(cuLibraryLoadData(&library, modulePtx, nullptr, nullptr, 0, nullptr,
                              nullptr, 0));
  CUkernel kernel = nullptr;
  ASSERT_CU(cuLibraryGetKernel(&kernel, library, "add"));
  CUdeviceptr a = allocate(64, 1);
  int count = 64, value = 2;
  void *arguments[] = {&a, &count, &value};
  EXPECT_CU(cuLaunchKernel(reinterpret_cast<CUfunction>(kernel), 1, 1, 1, 64, 1,
                           1, 0, nullptr, arguments, nullptr));
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 3));
  EXPECT_CU(cuLibraryUnload(library));
}

TEST_F(Driver, ParametersInOneBuffer) {
  CUdeviceptr a = allocate(64, 1);
  struct {
    CUdeviceptr pointer;
    int count, value;
  } buffer = {a, 64, 5};
  size_t size = sizeof buffer;
  void *extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &buffer,
                   CU_LAUNCH_PARAM_BUFFER_SIZE, &size, CU_LAUNCH_PARAM_END};
  EXPECT_CU(
      cuLaunchKernel(addKernel, 1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, extra));
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 6));
  size = 8;
  EXPECT_EQ(
      cuLaunchKernel(addKernel, 1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, extra),
      CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Driver, LimitsOfALaunch) {
  CUfunction big = nullptr;
  ASSERT_CU(cuModuleGetFunction(&big, module, "big"));
  CUdeviceptr a = allocate(1, 0);
  void *arguments[] = {&a};
  auto tryLaunch = [&](unsigned grid, unsigned block, unsigned shared) {
    return cuLaunchKernel(big, grid, 1, 1, block, 1, 1, shared, nullptr,
                          arguments, nullptr);
  };
  EXPECT_CU(tryLaunch(1, 256, 0));
  EXPECT_EQ(tryLaunch(0, 32, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(tryLaunch(1, 1025, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_NE(tryLaunch(1, 257, 0), CUDA_SUCCESS);
  EXPECT_NE(tryLaunch(1, 32, 40000), CUDA_SUCCESS);
  EXPECT_CU(cuFuncSetAttribute(
      big, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 40000));
  EXPECT_CU(tryLaunch(1, 32, 40000));
  EXPECT_EQ(cuFuncSetAttribute(
                big, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 300000),
            CUDA_ERROR_INVALID_VALUE);
  int value = 0;
  EXPECT_CU(
      cuFuncGetAttribute(&value, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, big));
  EXPECT_EQ(value, 16384);
  int blocks = 0;
  EXPECT_CU(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, big, 256, 0));
  EXPECT_GT(blocks, 0);
  EXPECT_LE(blocks, 8);
  EXPECT_CU(cuCtxSynchronize());
}

TEST_F(Driver, AnIllegalAccessSticks) {
  CUdeviceptr a = allocate(16, 0);
  int value = 1;
  CUdeviceptr wrong = a + (1ull << 36);
  void *arguments[] = {&wrong, &value};
  EXPECT_CU(cuLaunchKernel(storeKernel, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments,
                           nullptr));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(add(a, 16, 1, nullptr), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr b = 0;
  EXPECT_EQ(cuMemAlloc(&b, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
  // Another context is not concerned.
  CUcontext fresh = nullptr;
  ASSERT_CU(cuCtxCreate(&fresh, nullptr, 0, device));
  EXPECT_CU(cuMemAlloc(&b, 4));
  EXPECT_CU(cuCtxDestroy(fresh));
}

TEST_F(Driver, AMisalignedAccessSticks) {
  CUdeviceptr a = allocate(16, 0) + 2;
  int value = 1;
  void *arguments[] = {&a, &value};
  EXPECT_CU(cuLaunchKernel(storeKernel, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments,
                           nullptr));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_MISALIGNED_ADDRESS);
}

TEST_F(Driver, UseAfterFreeIsIllegal) {
  CUdeviceptr a = allocate(16, 0);
  EXPECT_CU(cuMemFree(a));
  EXPECT_CU(add(a, 16, 1, nullptr));
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST_F(Driver, UnsupportedNamesSaySo) {
  CUarray array = nullptr;
  CUDA_ARRAY_DESCRIPTOR descriptor = {};
  EXPECT_EQ(cuArrayCreate(&array, &descriptor), CUDA_ERROR_NOT_SUPPORTED);
  const char *name = nullptr;
  EXPECT_CU(cuGetErrorName(CUDA_ERROR_NOT_SUPPORTED, &name));
  EXPECT_STREQ(name, "CUDA_ERROR_NOT_SUPPORTED");
  EXPECT_CU(cuGetErrorString(CUDA_ERROR_ILLEGAL_ADDRESS, &name));
  EXPECT_STREQ(name, "an illegal memory access was encountered");
  EXPECT_EQ(cuGetErrorName(CUresult(12345), &name), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Driver, NamesByProcAddress) {
  void *address = nullptr;
  CUdriverProcAddressQueryResult status;
  EXPECT_CU(cuGetProcAddress("cuMemAlloc", &address, 12000, 0, &status));
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SUCCESS);
  CUdeviceptr a = 0;
  EXPECT_CU(
      reinterpret_cast<CUresult (*)(CUdeviceptr *, size_t)>(address)(&a, 64));
  EXPECT_EQ(cuGetProcAddress("cuNoSuchThing", &address, 12000, 0, &status),
            CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  void *older = nullptr;
  EXPECT_CU(cuGetProcAddress("cuCtxCreate", &address, 13000, 0, &status));
  EXPECT_CU(cuGetProcAddress("cuCtxCreate", &older, 4000, 0, &status));
  EXPECT_NE(address, older);
}

TEST_F(Driver, PerThreadNamesUseTheThreadsStream) {
  using Launch =
      CUresult (*)(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned,
                   unsigned, unsigned, CUstream, void **, void **);
  auto launch =
      reinterpret_cast<Launch>(dlsym(RTLD_DEFAULT, "cuLaunchKernel_ptsz"));
  ASSERT_NE(launch, nullptr);
  CUdeviceptr a = allocate(64, 0);
  ASSERT_CU(cuCtxSynchronize());
  int count = 64, value = 9;
  void *arguments[] = {&a, &count, &value};
  EXPECT_CU(
      launch(addKernel, 1, 1, 1, 64, 1, 1, 0, nullptr, arguments, nullptr));
  EXPECT_EQ(cuStreamQuery(CU_STREAM_PER_THREAD), CUDA_SUCCESS);
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 9));
}

TEST_F(Driver, DeviceTellsWhatItIs) {
  int value = 0, count = 0;
  EXPECT_CU(cuDeviceGetCount(&count));
  EXPECT_EQ(count, 1);
  EXPECT_CU(cuDeviceGetAttribute(
      &value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device));
  EXPECT_EQ(value, 9);
  EXPECT_CU(cuDeviceGetAttribute(
      &value, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device));
  EXPECT_EQ(value, 132);
  EXPECT_EQ(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, 3),
            CUDA_ERROR_INVALID_DEVICE);
  char name[64];
  EXPECT_CU(cuDeviceGetName(name, sizeof name, device));
  EXPECT_NE(std::string(name).find("H100"), std::string::npos);
}
