// sgemm_naive.cu - one thread an element of the product.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// a: [m, k], b: [k, n], c: [m, n]
BODY(sgemm_naive)(const float *a, const float *b, float *c, int m, int n,
                  int k) {
  int j = blockIdx.x * 16 + threadIdx.x, i = blockIdx.y * 16 + threadIdx.y;
  if (Bug == 1 ? i > m || j >= n : i >= m || j >= n)
    return;
  float sum = Bug == 2 ? c[i * n + j] : 0;
  for (int x = 0; x < k; ++x)
    sum += a[i * k + x] * b[x * n + j]; // bug 1: out-of-bounds
  c[i * n + j] = sum; // bug 2: uninitialised
}
KERNELS(sgemm_naive, 2,
        (const float *a, const float *b, float *c, int m, int n, int k),
        (a, b, c, m, n, k))
#else
CASE(sgemm_naive) {
  int m = 33, n = 40, k = 25;
  auto a = vgpu::test::randomFloats(m * k, 18);
  auto b = vgpu::test::randomFloats(k * n, 19);
  vgpu::test::Buffer<float> da(a), db(b), c(m * n);
  t.launch("sgemm_naive", {3, 3}, {16, 16}, da.address(), db.address(),
           c.address(), m, n, k);
  t.sync();
  t.expectNear(c.read(), vgpu::test::matmul(a, b, m, n, k, false), 1e-5, 1e-5,
               "product");
}
#endif
