// Fixture.h - a fresh context and a small module for each test.
#pragma once

#include <cuda.h>
#include <gtest/gtest.h>
#include <vector>

#define EXPECT_CU(call) EXPECT_EQ(call, CUDA_SUCCESS)
#define ASSERT_CU(call) ASSERT_EQ(call, CUDA_SUCCESS)

/// Kernels that the tests launch: add(p, n, v) adds v to p[0..n), store(p, v)
/// writes *p = v by one thread, big() needs much shared memory.
extern const char *const modulePtx;

/// A plain context for every test, so that a sticky error stays in one test.
class Driver : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// Queues add(pointer, count, value) on `stream`.
  CUresult add(CUdeviceptr pointer, int count, int value, CUstream stream);
  /// `count` ints of device memory set to `value`.
  CUdeviceptr allocate(int count, int value);
  std::vector<int> read(CUdeviceptr pointer, int count);

  CUdevice device = 0;
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction addKernel = nullptr, storeKernel = nullptr;
};
