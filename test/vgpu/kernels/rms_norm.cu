// rms_norm.cu - rows divided by their root mean square.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x, out: [rows, n], w: [n]; 64 threads walk over rows
BODY(rms_norm)(const float *x, const float *w, float *out, int rows, int n) {
  __shared__ float partial[2];
  for (int row = blockIdx.x; row < rows; row += gridDim.x) {
    float sum = 0;
    for (int i = threadIdx.x; i < n; i += 64)
      sum += x[row * n + i] * x[row * n + i];
    for (int step = 16; step > 0; step /= 2)
      sum += __shfl_xor_sync(0xffffffffu, sum, step);
    if (threadIdx.x % 32 == 0)
      partial[threadIdx.x / 32] = sum; // bug 1: race // bug 2: race
    WITHOUT(1) __syncthreads();
    float scale =
        rsqrtf((partial[0] + partial[1]) / n + 1e-6f); // bug 1: race // bug 2: race
    for (int i = threadIdx.x; i < n; i += 64)
      out[row * n + i] = x[row * n + i] * scale * w[i];
    WITHOUT(2) __syncthreads();
  }
}
KERNELS(rms_norm, 2,
        (const float *x, const float *w, float *out, int rows, int n),
        (x, w, out, rows, n))
#else
CASE(rms_norm) {
  int rows = 6, n = 200;
  auto x = vgpu::test::randomFloats(rows * n, 8);
  auto w = vgpu::test::randomFloats(n, 9);
  vgpu::test::Buffer<float> dx(x), dw(w), out(rows * n);
  t.launch("rms_norm", {2}, {64}, dx.address(), dw.address(), out.address(),
           rows, n);
  t.sync();
  std::vector<double> expected(rows * n);
  for (int r = 0; r < rows; ++r) {
    double sum = 0;
    for (int i = 0; i < n; ++i)
      sum += double(x[r * n + i]) * x[r * n + i];
    double scale = 1 / std::sqrt(sum / n + 1e-6);
    for (int i = 0; i < n; ++i)
      expected[r * n + i] = x[r * n + i] * scale * w[i];
  }
  t.expectNear(out.read(), expected, 1e-5, 1e-5, "rms_norm");
}
#endif
