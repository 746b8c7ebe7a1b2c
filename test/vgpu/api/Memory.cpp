// Memory.cpp - allocations, copies, fills, attributes, pools.

#include "test/vgpu/api/Fixture.h"

#include <numeric>

TEST_F(Driver, CopiesThereAndBack) {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  CUdeviceptr a = allocate(100, 0), b = allocate(100, 0);
  EXPECT_CU(cuMemcpyHtoD(a, values.data(), 400));
  EXPECT_CU(cuMemcpyDtoD(b, a, 400));
  EXPECT_EQ(read(b, 100), values);
}

TEST_F(Driver, CopyBeyondTheAllocationIsRefused) {
  CUdeviceptr a = allocate(10, 0);
  std::vector<char> host(64);
  EXPECT_EQ(cuMemcpyHtoD(a, host.data(), 41), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyDtoH(host.data(), a + 8, 40), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32(a, 0, 11), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32(a + 2, 0, 1), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Driver, FreeTwiceIsRefused) {
  CUdeviceptr a = allocate(10, 0);
  EXPECT_CU(cuMemFree(a));
  EXPECT_EQ(cuMemFree(a), CUDA_ERROR_INVALID_VALUE);
  EXPECT_CU(cuMemFree(0));
}

TEST_F(Driver, PitchedCopies) {
  // 3 x 5 bytes out of a 4 x 8 host matrix, from row 1, column 2.
  std::vector<unsigned char> host(32), back(15);
  std::iota(host.begin(), host.end(), 0);
  CUdeviceptr pitched = 0;
  size_t pitch = 0;
  ASSERT_CU(cuMemAllocPitch(&pitched, &pitch, 5, 3, 4));
  EXPECT_EQ(pitch % 512, 0u);
  CUDA_MEMCPY2D in = {};
  in.srcMemoryType = CU_MEMORYTYPE_HOST;
  in.srcHost = host.data();
  in.srcPitch = 8;
  in.srcXInBytes = 2;
  in.srcY = 1;
  in.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  in.dstDevice = pitched;
  in.dstPitch = pitch;
  in.WidthInBytes = 5;
  in.Height = 3;
  EXPECT_CU(cuMemcpy2D(&in));
  CUDA_MEMCPY2D out = {};
  out.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  out.srcDevice = pitched;
  out.srcPitch = pitch;
  out.dstMemoryType = CU_MEMORYTYPE_HOST;
  out.dstHost = back.data();
  out.dstPitch = 5;
  out.WidthInBytes = 5;
  out.Height = 3;
  EXPECT_CU(cuMemcpy2D(&out));
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 5; ++x)
      EXPECT_EQ(back[y * 5 + x], (y + 1) * 8 + x + 2);
}

TEST_F(Driver, PinnedRegisteredAndManagedMemoryIsSeenByKernels) {
  void *pinned = nullptr;
  ASSERT_CU(cuMemHostAlloc(&pinned, 40, CU_MEMHOSTALLOC_DEVICEMAP));
  std::vector<int> registered(10, 5);
  ASSERT_CU(cuMemHostRegister(registered.data(), 40, 0));
  EXPECT_EQ(cuMemHostRegister(registered.data(), 40, 0),
            CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  CUdeviceptr managed = 0;
  ASSERT_CU(cuMemAllocManaged(&managed, 40, CU_MEM_ATTACH_GLOBAL));
  for (int i = 0; i < 10; ++i)
    static_cast<int *>(pinned)[i] = reinterpret_cast<int *>(managed)[i] = i;
  CUdeviceptr onDevice = 0;
  ASSERT_CU(cuMemHostGetDevicePointer(&onDevice, pinned, 0));
  EXPECT_CU(add(onDevice, 10, 1, nullptr));
  EXPECT_CU(add(managed, 10, 2, nullptr));
  ASSERT_CU(cuMemHostGetDevicePointer(&onDevice, registered.data(), 0));
  EXPECT_CU(add(onDevice, 10, 3, nullptr));
  EXPECT_CU(cuCtxSynchronize());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(static_cast<int *>(pinned)[i], i + 1);
    EXPECT_EQ(reinterpret_cast<int *>(managed)[i], i + 2);
    EXPECT_EQ(registered[i], 8);
  }
  EXPECT_CU(cuMemHostUnregister(registered.data()));
  EXPECT_EQ(cuMemHostUnregister(registered.data()),
            CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
  EXPECT_CU(cuMemFreeHost(pinned));
}

TEST_F(Driver, PointerAttributes) {
  CUdeviceptr a = allocate(10, 0), base = 0;
  unsigned type = 0;
  size_t bytes = 0;
  EXPECT_CU(
      cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, a + 8));
  EXPECT_EQ(type, unsigned(CU_MEMORYTYPE_DEVICE));
  EXPECT_CU(cuMemGetAddressRange(&base, &bytes, a + 12));
  EXPECT_EQ(base, a);
  EXPECT_EQ(bytes, 40u);
  int host = 0;
  EXPECT_EQ(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE,
                                  CUdeviceptr(&host)),
            CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Driver, PoolsFollowTheStream) {
  CUstream stream = nullptr;
  ASSERT_CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CUmemoryPool pool = nullptr;
  ASSERT_CU(cuDeviceGetDefaultMemPool(&pool, device));
  cuuint64_t before = 0, during = 0, after = 0;
  EXPECT_CU(
      cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &before));
  CUdeviceptr a = 0;
  ASSERT_CU(cuMemAllocAsync(&a, 400, stream));
  EXPECT_CU(cuMemsetD32Async(a, 4, 100, stream));
  EXPECT_CU(add(a, 100, 3, stream));
  std::vector<int> values(100);
  EXPECT_CU(cuMemcpyDtoHAsync(values.data(), a, 400, stream));
  EXPECT_CU(
      cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &during));
  EXPECT_CU(cuMemFreeAsync(a, stream));
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_CU(
      cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_USED_MEM_CURRENT, &after));
  EXPECT_EQ(values, std::vector<int>(100, 7));
  EXPECT_EQ(during, before + 400);
  EXPECT_EQ(after, before);
}

TEST_F(Driver, MemoryEndsSomewhere) {
  size_t available = 0, total = 0;
  CUdeviceptr a = 0;
  EXPECT_CU(cuMemGetInfo(&available, &total));
  EXPECT_EQ(cuMemAlloc(&a, total + 1), CUDA_ERROR_OUT_OF_MEMORY);
  EXPECT_EQ(cuMemAlloc(&a, 0), CUDA_ERROR_INVALID_VALUE);
}
