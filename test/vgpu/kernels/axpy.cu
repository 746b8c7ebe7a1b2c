// axpy.cu - y = a x + y, in vectors of four and a scalar tail.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x, y: [n]
BODY(axpy)(float a, const float *x, float *y, int n) {
  int thread = blockIdx.x * blockDim.x + threadIdx.x;
  int quads = n / 4;
  const float *base = Bug == 2 ? x + 1 : x;
  for (int i = thread; i < quads; i += gridDim.x * blockDim.x) {
    float4 u = reinterpret_cast<const float4 *>(base)[i]; // bug 2: misaligned
    float4 v = reinterpret_cast<float4 *>(y)[i];
    v.x += a * u.x;
    v.y += a * u.y;
    v.z += a * u.z;
    v.w += a * u.w;
    reinterpret_cast<float4 *>(y)[i] = v;
  }
  int tail = quads * 4 + thread;
  int end = Bug == 1 ? n + 1 : n;
  if (Bug == 3 ? thread < 64 : tail < end)
    y[tail] += a * x[tail]; // bug 1: out-of-bounds // bug 3: out-of-bounds
}
KERNELS(axpy, 3, (float a, const float *x, float *y, int n), (a, x, y, n))
#else
CASE(axpy) {
  int n = 1023;
  auto x = vgpu::test::randomFloats(n, 1), y = vgpu::test::randomFloats(n, 2);
  vgpu::test::Buffer<float> dx(x), dy(y);
  t.launch("axpy", {2}, {64}, 0.5f, dx.address(), dy.address(), n);
  t.sync();
  std::vector<float> expected(n);
  for (int i = 0; i < n; ++i)
    expected[i] = std::fma(0.5f, x[i], y[i]);
  t.expectEqual(dy.read(), expected, "axpy");
}
#endif
