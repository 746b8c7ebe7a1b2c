// sgemm_tiled.cu - tiles of 16 x 16 in shared memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// a: [m, k], b: [k, n], c: [m, n]; any sizes
BODY(sgemm_tiled)(const float *a, const float *b, float *c, int m, int n,
                  int k) {
  __shared__ float ta[16][16], tb[16][16];
  int tx = threadIdx.x, ty = threadIdx.y;
  int i = blockIdx.y * 16 + ty, j = blockIdx.x * 16 + tx;
  float sum = 0;
  for (int base = 0; base < k; base += 16) {
    int ka = base + tx, kb = base + ty;
    bool inA = i < m && (Bug == 3 || ka < k), inB = kb < k && j < n;
    ta[ty][tx] = inA ? a[i * k + ka] : 0; // bug 1: race // bug 2: race // bug 3: out-of-bounds
    if (Bug != 5 || ty != 3)
      tb[ty][tx] = inB ? b[kb * n + j] : 0; // bug 1: race // bug 2: race
    WITHOUT(1) __syncthreads();
    for (int x = 0; x < (Bug == 4 ? 17 : 16); ++x)
      sum += (&ta[0][0])[ty * 16 + x] * (&tb[0][0])[x * 16 + tx]; // bug 1: race // bug 2: race // bug 4: out-of-bounds // bug 5: uninitialised
    WITHOUT(2) __syncthreads();
  }
  if (i < m && j < n)
    c[i * n + j] = sum; // bug 5: uninitialised
}
KERNELS(sgemm_tiled, 5,
        (const float *a, const float *b, float *c, int m, int n, int k),
        (a, b, c, m, n, k))
#else
CASE(sgemm_tiled) {
  int m = 30, n = 35, k = 40;
  auto a = vgpu::test::randomFloats(m * k, 20);
  auto b = vgpu::test::randomFloats(k * n, 21);
  vgpu::test::Buffer<float> da(a), db(b), c(m * n);
  t.launch("sgemm_tiled", {3, 2}, {16, 16}, da.address(), db.address(),
           c.address(), m, n, k);
  t.sync();
  t.expectNear(c.read(), vgpu::test::matmul(a, b, m, n, k, false), 1e-5, 1e-5,
               "product");
}
#endif
