// mixed_atomics.cu - float, 64-bit, minimum, exclusive-or and compare-and-swap
// atomics on shared and global memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// sum: [1], mask: [1], low: [1], product: [1]
BODY(mixed_atomics)(float *sum, unsigned *mask, int *low,
                    unsigned long long *total) {
  __shared__ float local;
  if (threadIdx.x == 0)
    local = 0; // bug 1: race
  WITHOUT(1) __syncthreads();
  atomicAdd(&local, 0.5f); // bug 1: race|uninitialised
  atomicXor(mask, 1u << threadIdx.x % 32);
  atomicMin(low, -int(blockIdx.x * 64 + threadIdx.x));
  unsigned long long seen = atomicAdd(total, 0ull), assumed;
  do {
    assumed = seen;
    seen = atomicCAS(total, assumed, assumed + threadIdx.x);
  } while (seen != assumed);
  WITHOUT(2) __syncthreads();
  if (threadIdx.x == 0)
    atomicAdd(sum, local); // bug 2: race
}
KERNELS(mixed_atomics, 2,
        (float *sum, unsigned *mask, int *low, unsigned long long *total),
        (sum, mask, low, total))
#else
CASE(mixed_atomics) {
  vgpu::test::Buffer<float> sum(1);
  vgpu::test::Buffer<unsigned> mask(1);
  vgpu::test::Buffer<int> low(1);
  vgpu::test::Buffer<uint64_t> total(1);
  sum.zero();
  mask.zero();
  low.zero();
  total.zero();
  t.launch("mixed_atomics", {3}, {64}, sum.address(), mask.address(),
           low.address(), total.address());
  t.sync();
  t.expectEqual(sum.read(), std::vector<float>{96}, "sum");
  t.expectEqual(mask.read(), std::vector<unsigned>{0}, "mask");
  t.expectEqual(low.read(), std::vector<int>{-191}, "low");
  t.expectEqual(total.read(), std::vector<uint64_t>{3 * 64 * 63 / 2}, "total");
}
#endif
