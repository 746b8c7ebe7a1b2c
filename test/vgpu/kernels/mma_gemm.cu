// mma_gemm.cu - bf16 product: cp.async double buffer, ldmatrix, mma.sync.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

// a: [32 * gridDim.y, k], b: [32 * gridDim.x, k] (transposed), both bf16;
// c: [m, n] f32; 128 threads in 2 x 2 warps of 16 x 16; k a multiple of 32
BODY(mma_gemm)(const unsigned short *a, const unsigned short *b, float *c,
               int n, int k) {
  __shared__ __align__(16) unsigned short ta[2][32][40], tb[2][32][40];
  int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  int row = thread / 4, column = thread % 4 * 8;
  const unsigned short *fromA = a + (blockIdx.y * 32 + row) * k + column;
  const unsigned short *fromB = b + (blockIdx.x * 32 + row) * k + column;
  float d[2][4] = {};
  CP_ASYNC_16(&ta[0][row][column], fromA);
  CP_ASYNC_16(&tb[0][row][column], fromB);
  CP_ASYNC_COMMIT();
  for (int base = 0, stage = 0; base < k; base += 32, stage ^= 1) {
    if (base + 32 < k || Bug == 5) {
      int next = Bug == 6 ? stage : stage ^ 1;
      CP_ASYNC_16(&ta[next][row][column], fromA + base + 32); // bug 3: race // bug 5: out-of-bounds // bug 6: race|use-before-wait
      CP_ASYNC_16(&tb[next][row][column], fromB + base + 32); // bug 3: race // bug 5: out-of-bounds // bug 6: race|use-before-wait
    }
    CP_ASYNC_COMMIT();
    if (Bug == 2)
      CP_ASYNC_WAIT(2);
    else if (Bug != 1)
      CP_ASYNC_WAIT(1);
    WITHOUT(4) __syncthreads();
    for (int step = 0; step < 32; step += 16) {
      unsigned fa[4], fb[2];
      LDMATRIX_X4(fa, SHARED(&ta[stage][warp / 2 * 16 + lane % 16][step + lane / 16 * 8 + (Bug == 7)])); // bug 1: use-before-wait|race|uninitialised // bug 2: use-before-wait|race|uninitialised // bug 3: race // bug 4: race // bug 6: race|use-before-wait // bug 7: misaligned
      for (int j = 0; j < 2; ++j) {
        LDMATRIX_X2(fb, SHARED(&tb[stage][(Bug == 8 ? 32 : 0) * (stage + 1) + warp % 2 * 16 + j * 8 + lane % 8][step + lane / 8 % 2 * 8])); // bug 1: use-before-wait|race // bug 2: use-before-wait|race // bug 3: race // bug 4: race // bug 6: race|use-before-wait // bug 8: out-of-bounds|uninitialised|race
        MMA_BF16_16816(d[j], fa, fb);
      }
    }
    WITHOUT(3) __syncthreads();
  }
  for (int j = 0; j < 2; ++j)
    for (int i = 0; i < 4; ++i) {
      int y = blockIdx.y * 32 + warp / 2 * 16 + lane / 4 + i / 2 * 8;
      int x = blockIdx.x * 32 + warp % 2 * 16 + j * 8 + lane % 4 * 2 + i % 2;
      c[y * n + x] = d[j][i];
    }
}
KERNELS(mma_gemm, 8,
        (const unsigned short *a, const unsigned short *b, float *c, int n,
         int k),
        (a, b, c, n, k))
#else
CASE(mma_gemm) {
  int m = 64, n = 32, k = 96;
  auto a = vgpu::test::toBf16(vgpu::test::randomFloats(m * k, 22));
  auto b = vgpu::test::toBf16(vgpu::test::randomFloats(n * k, 23));
  vgpu::test::Buffer<uint16_t> da(a), db(b);
  vgpu::test::Buffer<float> c(m * n);
  t.launch("mma_gemm", {1, 2}, {128}, da.address(), db.address(), c.address(),
           n, k);
  t.sync();
  t.expectNear(c.read(),
               vgpu::test::matmul(vgpu::test::fromBf16(a),
                                  vgpu::test::fromBf16(b), m, n, k, true),
               1e-4, 1e-5, "product");
}
#endif
