// reduce_shuffle.cu - sums by shuffles within warps, then over warps.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in: [gridDim, n], out: [gridDim]; 128 threads
BODY(reduce_shuffle)(const float *in, float *out, int n) {
  __shared__ float partial[4];
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += 128)
    sum += in[blockIdx.x * n + i];
  for (int step = 16; step > 0; step /= 2)
    sum += __shfl_xor_sync(0xffffffffu, sum, step);
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  if (lane == 0 && (Bug != 3 || warp != 2))
    partial[warp] = sum; // bug 1: race
  WITHOUT(1) __syncthreads();
  if (warp == 0) {
    sum = lane < (Bug == 2 ? 5 : 4) ? partial[lane] : 0; // bug 1: race // bug 2: out-of-bounds
    if (Bug != 4 || lane < 16)
      sum += __shfl_xor_sync(0xffffffffu, sum, 2); // bug 4: convergence-deadlock|invalid-operand|hang|barrier-deadlock
    sum += __shfl_xor_sync(0xffffffffu, sum, 1); // bug 4: convergence-deadlock
    if (lane == 0)
      out[blockIdx.x] = sum; // bug 3: uninitialised
  }
  if (Bug == 4 && warp == 0 && lane >= 16)
    asm volatile("exit;"); // bug 4: convergence-deadlock|invalid-operand|hang|barrier-deadlock
}
KERNELS(reduce_shuffle, 4, (const float *in, float *out, int n), (in, out, n))
#else
CASE(reduce_shuffle) {
  int n = 1000, rows = 3;
  auto in = vgpu::test::randomFloats(n * rows, 6);
  vgpu::test::Buffer<float> din(in), out(rows);
  t.launch("reduce_shuffle", {unsigned(rows)}, {128}, din.address(),
           out.address(), n);
  t.sync();
  std::vector<double> expected(rows);
  for (int i = 0; i < n * rows; ++i)
    expected[i / n] += in[i];
  t.expectNear(out.read(), expected, 1e-4, 0, "sum");
}
#endif
