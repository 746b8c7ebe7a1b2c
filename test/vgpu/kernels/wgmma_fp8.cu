// wgmma_fp8.cu - e4m3 product of one tile, each 128 products promoted to f32.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) TensorMapBytes {
  char bytes[128];
};

// a: [64, k], b: [32, k] e4m3 by their maps; c: [64, 32]; 128 threads
BODY(wgmma_fp8)(const TensorMapBytes &mapA, const TensorMapBytes &mapB,
                float *c, int k) {
  __shared__ __align__(1024) unsigned char ta[64 * 128], tb[32 * 128];
  __shared__ __align__(8) unsigned long long full;
  int thread = threadIdx.x;
  if (thread == 0) {
    MBARRIER_INIT(&full, 1);
    FENCE_BARRIER_INIT();
  }
  __syncthreads();
  float sum[16] = {}, d[16];
  for (int i = 0; i < k / 128; ++i) {
    if (thread == 0) {
      MBARRIER_EXPECT(&full, (64 + 32) * 128);
      TMA_LOAD_2D(ta, mapA, i * 128, 0, &full); // bug 1: race
      TMA_LOAD_2D(tb, mapB, i * 128, 0, &full); // bug 1: race
    }
    MBARRIER_WAIT(&full, i & 1);
    WGMMA_FENCE();
#pragma unroll
    for (int step = 0; step < 4; ++step)
      WGMMA_M64N32K32_E4M3(d, WGMMA_DESCRIPTOR(ta + step * 32), WGMMA_DESCRIPTOR(tb + step * 32 + (Bug == 2 ? 40960 : 0)), step != 0); // bug 1: race // bug 2: out-of-bounds|invalid-operand
    WGMMA_COMMIT();
    WGMMA_WAIT(0);
#pragma unroll
    for (int j = 0; j < 16; ++j)
      sum[j] += d[j];
    WITHOUT(1) __syncthreads();
  }
  int lane = thread % 32, warp = thread / 32;
#pragma unroll
  for (int i = 0; i < 16; ++i)
    c[(warp * 16 + lane / 4 + i / 2 % 2 * 8) * 32 + i / 4 * 8 + lane % 4 * 2 +
      i % 2] = sum[i];
}
KERNELS(wgmma_fp8, 2,
        (const __grid_constant__ TensorMapBytes mapA,
         const __grid_constant__ TensorMapBytes mapB, float *c, int k),
        (mapA, mapB, c, k))
#else
CASE(wgmma_fp8) {
  int m = 64, n = 32, k = 256;
  // Small integers and halves: exact in e4m3 and in every partial sum.
  static const uint8_t codes[] = {0x00, 0x30, 0x38, 0x40, 0x44, 0xb0, 0xb8,
                                  0xc0};
  static const float values[] = {0, 0.5f, 1, 2, 3, -0.5f, -1, -2};
  auto pick = [&](int count, uint32_t seed, std::vector<float> &real) {
    std::vector<uint8_t> bytes;
    for (uint32_t word : vgpu::test::randomWords(count, seed)) {
      bytes.push_back(codes[word % 8]);
      real.push_back(values[word % 8]);
    }
    return bytes;
  };
  std::vector<float> a, b;
  vgpu::test::Buffer<uint8_t> da(pick(m * k, 30, a)), db(pick(n * k, 31, b));
  vgpu::test::Buffer<float> c(m * n);
  auto map = [&](CUdeviceptr base, unsigned rows) {
    return vgpu::test::tensorMap2d(CU_TENSOR_MAP_DATA_TYPE_UINT8, base, k, rows,
                                   k, 128, rows, CU_TENSOR_MAP_SWIZZLE_128B);
  };
  t.launch("wgmma_fp8", {1}, {128}, map(da.address(), m), map(db.address(), n),
           c.address(), k);
  t.sync();
  t.expectNear(c.read(), vgpu::test::matmul(a, b, m, n, k, true), 0.26, 0.01,
               "product");
}
#endif
