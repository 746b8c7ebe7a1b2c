// reduce_tree.cu - sums of rows by a tree in shared memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in: [gridDim, n], out: [gridDim]; 128 threads
BODY(reduce_tree)(const float *in, float *out, int n) {
  __shared__ float partial[128];
  float sum = 0;
  for (int i = threadIdx.x; i < n; i += 128)
    sum += in[blockIdx.x * n + i];
  if (Bug != 3 || threadIdx.x < 100)
    partial[threadIdx.x] = sum; // bug 1: race
  WITHOUT(1) __syncthreads();
  for (int half = Bug == 4 ? 128 : 64; half > 0; half /= 2) {
    if (threadIdx.x < half)
      partial[threadIdx.x] += // bug 1: race // bug 2: race
          partial[threadIdx.x + half]; // bug 1: race // bug 2: race // bug 4: out-of-bounds
    WITHOUT(2) __syncthreads();
  }
  if (threadIdx.x == 0)
    out[blockIdx.x] = partial[0]; // bug 3: uninitialised
}
KERNELS(reduce_tree, 4, (const float *in, float *out, int n), (in, out, n))
#else
CASE(reduce_tree) {
  int n = 300, rows = 5;
  auto in = vgpu::test::randomFloats(n * rows, 5);
  vgpu::test::Buffer<float> din(in), out(rows);
  t.launch("reduce_tree", {unsigned(rows)}, {128}, din.address(), out.address(),
           n);
  t.sync();
  std::vector<double> expected(rows);
  for (int i = 0; i < n * rows; ++i)
    expected[i / n] += in[i];
  t.expectNear(out.read(), expected, 1e-4, 0, "sum");
}
#endif
