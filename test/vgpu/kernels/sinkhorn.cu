// sinkhorn.cu - 4 x 4 matrices made doubly stochastic, one in four lanes.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x: [n, 4, 4]; a lane holds one row
BODY(sinkhorn)(float *x, int n, int rounds) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int matrix = i / 4, row = i % 4;
  bool inside = Bug == 1 || matrix < n;
  float v[4] = {};
  for (int j = 0; j < 4; ++j)
    v[j] = inside ? expf(x[matrix * 16 + row * 4 + j]) : 1; // bug 1: out-of-bounds
  for (int round = 0; round < rounds; ++round) {
    float sum = v[0] + v[1] + v[2] + v[3];
    for (int j = 0; j < 4; ++j)
      v[j] /= sum;
    for (int j = 0; j < 4; ++j) {
      float column = v[j] + __shfl_xor_sync(0xffffffffu, v[j], 1);
      column += __shfl_xor_sync(0xffffffffu, column, 2);
      v[j] /= column;
    }
  }
  if (inside)
    for (int j = 0; j < 4; ++j)
      x[matrix * 16 + row * 4 + j] = v[j];
}
KERNELS(sinkhorn, 1, (float *x, int n, int rounds), (x, n, rounds))
#else
CASE(sinkhorn) {
  int n = 19, rounds = 20;
  auto x = vgpu::test::randomFloats(n * 16, 50);
  vgpu::test::Buffer<float> dx(x);
  t.launch("sinkhorn", {2}, {64}, dx.address(), n, rounds);
  t.sync();
  std::vector<double> expected(n * 16);
  for (int m = 0; m < n; ++m) {
    double *e = &expected[m * 16];
    for (int i = 0; i < 16; ++i)
      e[i] = std::exp(double(x[m * 16 + i]));
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i < 4; ++i) {
        double sum = e[i * 4] + e[i * 4 + 1] + e[i * 4 + 2] + e[i * 4 + 3];
        for (int j = 0; j < 4; ++j)
          e[i * 4 + j] /= sum;
      }
      for (int j = 0; j < 4; ++j) {
        double sum = e[j] + e[4 + j] + e[8 + j] + e[12 + j];
        for (int i = 0; i < 4; ++i)
          e[i * 4 + j] /= sum;
      }
    }
  }
  t.expectNear(dx.read(), expected, 1e-6, 1e-5, "matrices");
}
#endif
