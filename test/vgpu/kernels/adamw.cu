// adamw.cu - one step of AdamW over a parameter vector.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// w, m, v, g: [n]
BODY(adamw)(float *w, float *m, float *v, const float *g, int n, int step) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (Bug == 1 ? i > n : i >= n)
    return;
  float gradient = g[i]; // bug 1: out-of-bounds
  float mean = 0.9f * m[i] + 0.1f * gradient; // bug 1: out-of-bounds
  float square = 0.95f * v[i] + 0.05f * gradient * gradient; // bug 1: out-of-bounds
  m[i] = mean; // bug 2: uninitialised
  v[i] = square;
  float correctedMean = mean / (1 - powf(0.9f, step));
  float correctedSquare = square / (1 - powf(0.95f, step));
  w[i] -= 0.01f * (correctedMean / (sqrtf(correctedSquare) + 1e-8f) + 0.1f * w[i]); // bug 1: out-of-bounds // bug 2: uninitialised
}
KERNELS(adamw, 2,
        (float *w, float *m, float *v, const float *g, int n, int step),
        (w, m, v, g, n, step))
#else
CASE(adamw) {
  int n = 300;
  auto w = vgpu::test::randomFloats(n, 46), g = vgpu::test::randomFloats(n, 47);
  vgpu::test::Buffer<float> dw(w), dg(g), m(n), v(n);
  if (t.chosenBug() != 2)
    m.zero();
  v.zero();
  t.launch("adamw", {3}, {128}, dw.address(), m.address(), v.address(),
           dg.address(), n, 1);
  t.sync();
  std::vector<double> expected(n);
  for (int i = 0; i < n; ++i) {
    double mean = 0.1 * g[i] / (1 - 0.9);
    double square = 0.05 * g[i] * g[i] / (1 - 0.95);
    expected[i] =
        w[i] - 0.01 * (mean / (std::sqrt(square) + 1e-8) + 0.1 * w[i]);
  }
  t.expectNear(dw.read(), expected, 1e-6, 1e-5, "weights");
}
#endif
