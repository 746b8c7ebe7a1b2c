// grid_barrier.cu - a stencil over all blocks with a barrier of the whole grid.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// a, b: [gridDim * 32], count: [1] zeroed; a cooperative grid of 32 threads
BODY(grid_barrier)(float *a, float *b, unsigned *count, int steps) {
  int n = gridDim.x * 32, i = blockIdx.x * 32 + threadIdx.x;
  float *from = a, *to = b;
  for (int step = 0; step < steps; ++step) {
    to[i] = 0.25f * from[(i + n - 1) % n] + 0.5f * from[i] + 0.25f * from[(i + 1) % n]; // bug 1: race // bug 2: race
    float *other = from;
    from = to;
    to = other;
    if (Bug == 1)
      continue;
    __syncthreads();
    if (threadIdx.x == 0) {
      WITHOUT(2) __threadfence();
      atomicAdd(count, 1u);
      while (atomicAdd(count, 0u) < (step + 1) * gridDim.x + (Bug == 3 ? 1 : 0)) { // bug 3: barrier-deadlock|hang
      }
      WITHOUT(2) __threadfence();
    }
    __syncthreads(); // bug 3: barrier-deadlock|hang
  }
}
KERNELS(grid_barrier, 3,
        (float *a, float *b, unsigned *count, int steps), (a, b, count, steps))
#else
CASE(grid_barrier) {
  int blocks = 4, n = blocks * 32, steps = 4;
  auto a = vgpu::test::randomFloats(n, 45);
  vgpu::test::Buffer<float> da(a), db(n);
  vgpu::test::Buffer<unsigned> count(1);
  count.zero();
  vgpu::test::LaunchExtras extras;
  extras.cooperative = true;
  t.launch(t.kernel("grid_barrier"), {unsigned(blocks)}, {32}, extras,
           da.address(), db.address(), count.address(), steps);
  t.sync();
  std::vector<double> x(a.begin(), a.end()), y(n);
  for (int step = 0; step < steps; ++step) {
    for (int i = 0; i < n; ++i)
      y[i] = 0.25 * x[(i + n - 1) % n] + 0.5 * x[i] + 0.25 * x[(i + 1) % n];
    x.swap(y);
  }
  t.expectNear(da.read(), x, 1e-6, 1e-5, "stencil");
}
#endif
