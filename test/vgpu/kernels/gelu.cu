// gelu.cu - exp, tanh, erf, log and sqrt over a range of inputs.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x: [n], out: [5, n]
BODY(gelu)(const float *x, float *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  WITHOUT(1) {
    if (i >= n)
      return;
  }
  float v = x[i]; // bug 1: out-of-bounds
  out[i] = 0.5f * v * (1 + erff(v * 0.70710678f));
  out[n + i] = tanhf(v);
  out[2 * n + i] = expf(v);
  out[3 * n + i] = logf(fabsf(v) + 0.5f);
  out[4 * n + i] = sqrtf(fabsf(v)) / (1 + v * v);
}
KERNELS(gelu, 1, (const float *x, float *out, int n), (x, out, n))
#else
CASE(gelu) {
  int n = 500;
  auto x = vgpu::test::randomFloats(n, 3);
  for (float &v : x)
    v *= 6;
  vgpu::test::Buffer<float> dx(x), out(5 * n);
  t.launch("gelu", {4}, {128}, dx.address(), out.address(), n);
  t.sync();
  std::vector<double> expected(5 * n);
  for (int i = 0; i < n; ++i) {
    double v = x[i];
    expected[i] = 0.5 * v * (1 + std::erf(v * 0.70710678));
    expected[n + i] = std::tanh(v);
    expected[2 * n + i] = std::exp(v);
    expected[3 * n + i] = std::log(std::fabs(v) + 0.5);
    expected[4 * n + i] = std::sqrt(std::fabs(v)) / (1 + v * v);
  }
  t.expectNear(out.read(), expected, 1e-6, 1e-5, "gelu");
}
#endif
