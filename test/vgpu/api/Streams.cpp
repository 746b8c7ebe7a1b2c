// Streams.cpp - order of streams, events, callbacks.

#include "test/vgpu/api/Fixture.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <thread>

TEST_F(Driver, EventsOrderStreams) {
  CUstream first = nullptr, second = nullptr;
  ASSERT_CU(cuStreamCreate(&first, CU_STREAM_NON_BLOCKING));
  ASSERT_CU(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
  CUdeviceptr a = allocate(64, 1), b = allocate(64, 0);
  for (int round = 0; round < 10; ++round) {
    EXPECT_CU(add(a, 64, 1, first));
    EXPECT_CU(cuEventRecord(event, first));
    EXPECT_CU(cuStreamWaitEvent(second, event, 0));
    EXPECT_CU(cuMemcpyDtoDAsync(b, a, 256, second));
    EXPECT_CU(cuEventRecord(event, second));
    EXPECT_CU(cuStreamWaitEvent(first, event, 0));
  }
  EXPECT_CU(cuStreamSynchronize(second));
  EXPECT_EQ(read(b, 64), std::vector<int>(64, 11));
}

TEST_F(Driver, UnorderedStreamsRunInSomeOrder) {
  CUstream first = nullptr, second = nullptr;
  ASSERT_CU(cuStreamCreate(&first, CU_STREAM_NON_BLOCKING));
  ASSERT_CU(cuStreamCreate(&second, CU_STREAM_NON_BLOCKING));
  CUdeviceptr a = allocate(1, 0);
  EXPECT_CU(cuMemsetD32Async(a, 1, 1, first));
  EXPECT_CU(cuMemsetD32Async(a, 2, 1, second));
  EXPECT_CU(cuCtxSynchronize());
  int value = read(a, 1)[0];
  EXPECT_TRUE(value == 1 || value == 2) << value;
}

TEST_F(Driver, LegacyStreamJoinsBlockingStreams) {
  CUstream blocking = nullptr;
  ASSERT_CU(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
  CUdeviceptr a = allocate(64, 0);
  for (int round = 0; round < 5; ++round) {
    EXPECT_CU(cuMemsetD32Async(a, unsigned(round), 64, blocking));
    EXPECT_CU(add(a, 64, 10, nullptr));
    EXPECT_CU(add(a, 64, 100, blocking));
  }
  EXPECT_CU(cuStreamSynchronize(blocking));
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 114));
}

TEST_F(Driver, QueryAnswersNotReadyUntilDone) {
  CUstream stream = nullptr;
  ASSERT_CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CUdeviceptr a = allocate(64, 0);
  for (int i = 0; i < 4; ++i)
    EXPECT_CU(add(a, 64, 1, stream));
  CUevent event = nullptr;
  ASSERT_CU(cuEventCreate(&event, 0));
  EXPECT_CU(cuEventRecord(event, stream));
  int questions = 0;
  CUresult result;
  while ((result = cuEventQuery(event)) == CUDA_ERROR_NOT_READY)
    ++questions;
  EXPECT_CU(result);
  EXPECT_GT(questions, 0);
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 4));
}

TEST_F(Driver, ElapsedTimeNeedsTiming) {
  CUevent begin = nullptr, end = nullptr, untimed = nullptr;
  ASSERT_CU(cuEventCreate(&begin, 0));
  ASSERT_CU(cuEventCreate(&end, 0));
  ASSERT_CU(cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING));
  float milliseconds = -1;
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, begin, end),
            CUDA_ERROR_INVALID_HANDLE);
  EXPECT_CU(cuEventRecord(begin, nullptr));
  EXPECT_CU(cuEventRecord(end, nullptr));
  EXPECT_CU(cuEventRecord(untimed, nullptr));
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, begin, end),
            CUDA_ERROR_NOT_READY);
  EXPECT_CU(cuEventSynchronize(end));
  EXPECT_CU(cuEventElapsedTime(&milliseconds, begin, end));
  EXPECT_GE(milliseconds, 0);
  EXPECT_CU(cuEventSynchronize(untimed));
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, begin, untimed),
            CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(Driver, PinnedMemoryIsReadWhenTheCopyRuns) {
  CUstream stream = nullptr;
  ASSERT_CU(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  int *pinned = nullptr;
  ASSERT_CU(cuMemAllocHost(reinterpret_cast<void **>(&pinned), 4));
  CUdeviceptr a = allocate(1, 0), b = allocate(1, 0);
  int pageable = 1;
  *pinned = 1;
  EXPECT_CU(cuMemcpyHtoDAsync(a, pinned, 4, stream));
  EXPECT_CU(cuMemcpyHtoDAsync(b, &pageable, 4, stream));
  *pinned = pageable = 2; // too early for the first copy
  EXPECT_CU(cuStreamSynchronize(stream));
  EXPECT_EQ(read(a, 1)[0], 2);
  EXPECT_EQ(read(b, 1)[0], 1);
  EXPECT_CU(cuMemFreeHost(pinned));
}

static void CUDA_CB raise(void *data) {
  ++*static_cast<std::atomic<int> *>(data);
}

static void CUDA_CB callDriver(void *data) {
  size_t available, total;
  *static_cast<CUresult *>(data) = cuMemGetInfo(&available, &total);
}

TEST_F(Driver, HostFunctionsRunInOrderWithoutTheDriver) {
  std::atomic<int> calls = 0;
  CUresult inside = CUDA_SUCCESS;
  CUdeviceptr a = allocate(64, 0);
  EXPECT_CU(add(a, 64, 1, nullptr));
  EXPECT_CU(cuLaunchHostFunc(nullptr, raise, &calls));
  EXPECT_CU(cuLaunchHostFunc(nullptr, callDriver, &inside));
  EXPECT_CU(cuCtxSynchronize());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(inside, CUDA_ERROR_NOT_PERMITTED);
}

TEST_F(Driver, WorkGoesOnWithoutFurtherCalls) {
  std::atomic<int> calls = 0;
  EXPECT_CU(cuLaunchHostFunc(nullptr, raise, &calls));
  for (int i = 0; i < 500 && calls == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(calls, 1);
}

TEST_F(Driver, StrangeHandlesAreRefused) {
  CUstream stream = nullptr;
  ASSERT_CU(cuStreamCreate(&stream, 0));
  EXPECT_CU(cuStreamDestroy(stream));
  EXPECT_EQ(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventRecord(reinterpret_cast<CUevent>(0x1234), nullptr),
            CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamCreate(&stream, 0x80), CUDA_ERROR_INVALID_VALUE);
}

TEST_F(Driver, PerThreadStreamsAreDistinct) {
  CUdeviceptr a = allocate(64, 0);
  EXPECT_CU(cuCtxSynchronize());
  std::thread other([&] {
    EXPECT_CU(cuCtxSetCurrent(context));
    EXPECT_CU(add(a, 64, 1, CU_STREAM_PER_THREAD));
    EXPECT_CU(cuStreamSynchronize(CU_STREAM_PER_THREAD));
  });
  other.join();
  EXPECT_CU(add(a, 64, 1, CU_STREAM_PER_THREAD));
  EXPECT_CU(cuStreamSynchronize(CU_STREAM_PER_THREAD));
  EXPECT_EQ(read(a, 64), std::vector<int>(64, 2));
}
