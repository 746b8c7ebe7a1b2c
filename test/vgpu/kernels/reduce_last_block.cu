// reduce_last_block.cu - the block that comes last adds the others' sums.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in: [n], partial: [gridDim], count: [1] zeroed, out: [1]; 64 threads
BODY(reduce_last_block)(const float *in, float *partial, unsigned *count,
                        float *out, int n) {
  __shared__ float sums[64];
  __shared__ bool last;
  float sum = 0;
  for (int i = blockIdx.x * 64 + threadIdx.x; i < n; i += gridDim.x * 64)
    sum += in[i];
  sums[threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
    for (int i = 0; i < 64; ++i)
      total += sums[i];
    partial[blockIdx.x] = total; // bug 1: race
    WITHOUT(1) __threadfence();
    unsigned before;
    if (Bug == 2) {
      before = *count;     // bug 2: race
      *count = before + 1; // bug 2: race
    } else {
      before = atomicAdd(count, 1u);
    }
    last = before == gridDim.x - 1;
  }
  WITHOUT(3) __syncthreads();
  if (last) { // bug 3: race|uninitialised
    if (threadIdx.x == 0) {
      __threadfence();
      float total = 0;
      for (unsigned i = 0; i < gridDim.x; ++i)
        total += partial[i]; // bug 1: race
      *out = total;
    }
  }
}
KERNELS(reduce_last_block, 3,
        (const float *in, float *partial, unsigned *count, float *out, int n),
        (in, partial, count, out, n))
#else
CASE(reduce_last_block) {
  int n = 2000;
  auto in = vgpu::test::randomFloats(n, 7);
  vgpu::test::Buffer<float> din(in), partial(6), out(1);
  vgpu::test::Buffer<unsigned> count(1);
  count.zero();
  t.launch("reduce_last_block", {6}, {64}, din.address(), partial.address(),
           count.address(), out.address(), n);
  t.sync();
  double expected = 0;
  for (float v : in)
    expected += v;
  t.expectNear(out.read(), std::vector<double>{expected}, 1e-4, 0, "sum");
}
#endif
