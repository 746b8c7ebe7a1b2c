// softmax.cu - one warp per row, maximum and sum in one pass.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x, out: [rows, n]; warps of 32, four rows a block
BODY(softmax)(const float *x, float *out, int rows, int n) {
  int row = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32;
  WITHOUT(1) {
    if (row >= rows)
      return;
  }
  float top = -1e30f, sum = 0;
  for (int i = lane; i < (Bug == 2 ? n + 32 : n); i += 32) {
    float v = x[row * n + i]; // bug 1: out-of-bounds // bug 2: out-of-bounds
    float newTop = fmaxf(top, v);
    sum = sum * expf(top - newTop) + expf(v - newTop);
    top = newTop;
  }
  for (int step = 16; step > 0; step /= 2) {
    float otherTop = __shfl_xor_sync(0xffffffffu, top, step);
    float otherSum = __shfl_xor_sync(0xffffffffu, sum, step);
    float newTop = fmaxf(top, otherTop);
    sum = sum * expf(top - newTop) + otherSum * expf(otherTop - newTop);
    top = newTop;
  }
  for (int i = lane; i < n; i += 32)
    out[row * n + i] = expf(x[row * n + i] - top) / sum;
}
KERNELS(softmax, 2, (const float *x, float *out, int rows, int n),
        (x, out, rows, n))
#else
CASE(softmax) {
  int rows = 7, n = 100;
  auto x = vgpu::test::randomFloats(rows * n, 15);
  for (float &v : x)
    v *= 10;
  vgpu::test::Buffer<float> dx(x), out(rows * n);
  t.launch("softmax", {2}, {128}, dx.address(), out.address(), rows, n);
  t.sync();
  std::vector<double> expected(rows * n);
  for (int r = 0; r < rows; ++r) {
    double sum = 0;
    for (int i = 0; i < n; ++i)
      sum += std::exp(double(x[r * n + i]));
    for (int i = 0; i < n; ++i)
      expected[r * n + i] = std::exp(double(x[r * n + i])) / sum;
  }
  t.expectNear(out.read(), expected, 1e-7, 1e-5, "softmax");
}
#endif
