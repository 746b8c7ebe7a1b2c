// wgmma_gemm.cu - bf16 product: a producer warp loads tiles by TMA into two
// stages, a warpgroup multiplies them with wgmma.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) TensorMapBytes {
  char bytes[128];
};

// a: [64 * gridDim.y, k], b: [32 * gridDim.x, k] (transposed) by their maps;
// c: [m, n] f32; 160 threads: four warps multiply, one loads; k in 64s
BODY(wgmma_gemm)(const TensorMapBytes &mapA, const TensorMapBytes &mapB,
                 float *c, int n, int k) {
  extern __shared__ __align__(1024) unsigned char memory[];
  auto ta = reinterpret_cast<unsigned short(*)[64 * 64]>(memory);
  auto tb = reinterpret_cast<unsigned short(*)[32 * 64]>(memory + 16384);
  auto full = reinterpret_cast<unsigned long long *>(memory + 24576);
  auto empty = full + 2;
  constexpr unsigned bytes = (64 + 32) * 64 * 2;
  int thread = threadIdx.x;
  if (thread == 0) {
    for (int s = 0; s < 2; ++s) {
      MBARRIER_INIT(&full[s], 1);
      MBARRIER_INIT(&empty[s], Bug == 9 ? 129 : 128);
    }
    FENCE_BARRIER_INIT();
  }
  __syncthreads();
  int tiles = k / 64;
  if (thread >= 128) {
    if (thread == 128)
      for (int i = 0; i < tiles; ++i) {
        int s = i % 2, round = i / 2;
        if (Bug != 4 && round > 0)
          MBARRIER_WAIT(&empty[s], (round - 1) & 1); // bug 3: mbarrier-deadlock|hang // bug 9: mbarrier-deadlock|hang
        MBARRIER_EXPECT(&full[s], Bug == 2 ? bytes + 16 : bytes); // bug 4: barrier-misuse
        TMA_LOAD_2D(ta[s], mapA, i * 64, int(blockIdx.y * 64), &full[s]); // bug 1: race // bug 4: race
        TMA_LOAD_2D(tb[s], mapB, i * 64, int(blockIdx.x * 32), &full[s]); // bug 1: race // bug 4: race
      }
    return;
  }
  float d[16];
#pragma unroll 1
  for (int i = 0; i < tiles; ++i) {
    int s = i % 2, round = i / 2;
    if (Bug != 1)
      MBARRIER_WAIT(&full[s], Bug == 8 ? 1 - (round & 1) : round & 1); // bug 2: mbarrier-deadlock|hang // bug 8: mbarrier-deadlock|hang // bug 3: mbarrier-deadlock // bug 9: mbarrier-deadlock
    WITHOUT(7) WGMMA_FENCE();
#pragma unroll
    for (int step = 0; step < 4; ++step)
      WGMMA_M64N32K16_BF16(d, WGMMA_DESCRIPTOR(ta[s] + step * 16), WGMMA_DESCRIPTOR(tb[s] + step * 16), i + step != 0 || Bug == 10); // bug 1: race|use-before-wait|uninitialised // bug 4: race // bug 7: use-before-wait|race|barrier-misuse|missing-proxy-fence|invalid-operand // bug 8: race|use-before-wait|uninitialised // bug 10: uninitialised
    WITHOUT(6) WGMMA_COMMIT();
    WITHOUT(5) WGMMA_WAIT(0);
    WITHOUT(3) MBARRIER_ARRIVE(&empty[s]);
  }
  int lane = thread % 32, warp = thread / 32;
#pragma unroll
  for (int i = 0; i < 16; ++i) {
    int y = blockIdx.y * 64 + warp * 16 + lane / 4 + i / 2 % 2 * 8;
    int x = blockIdx.x * 32 + i / 4 * 8 + lane % 4 * 2 + i % 2;
    c[y * n + x] = d[i]; // bug 5: use-before-wait // bug 6: use-before-wait // bug 10: uninitialised
  }
}
KERNELS(wgmma_gemm, 10,
        (const __grid_constant__ TensorMapBytes mapA,
         const __grid_constant__ TensorMapBytes mapB, float *c, int n, int k),
        (mapA, mapB, c, n, k))
#else
CASE(wgmma_gemm) {
  int m = 128, n = 32, k = 256;
  auto a = vgpu::test::toBf16(vgpu::test::randomFloats(m * k, 28));
  auto b = vgpu::test::toBf16(vgpu::test::randomFloats(n * k, 29));
  vgpu::test::Buffer<uint16_t> da(a), db(b);
  vgpu::test::Buffer<float> c(m * n);
  auto map = [&](CUdeviceptr base, int rows, unsigned box) {
    return vgpu::test::tensorMap2d(CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, base, k,
                                   rows, k * 2, 64, box,
                                   CU_TENSOR_MAP_SWIZZLE_128B);
  };
  vgpu::test::LaunchExtras extras;
  extras.shared = 24576 + 32;
  t.launch(t.kernel("wgmma_gemm"), {1, 2}, {160}, extras, map(da.address(), m, 64),
           map(db.address(), n, 32), c.address(), n, k);
  t.sync();
  t.expectNear(c.read(),
               vgpu::test::matmul(vgpu::test::fromBf16(a),
                                  vgpu::test::fromBf16(b), m, n, k, true),
               1e-3, 1e-4, "product");
}
#endif
