// argmax.cu - the largest value and its place by one 64-bit atomic maximum.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x: [n] positive, best: [1] zeroed
BODY(argmax)(const float *x, unsigned long long *best, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned long long key =
      (unsigned long long)__float_as_uint(x[i]) << 32 | (0xffffffffu - i);
  if (Bug == 1) {
    if (key > *best) // bug 1: race
      *best = key;   // bug 1: race
  } else {
    atomicMax(best, key);
  }
}
KERNELS(argmax, 1, (const float *x, unsigned long long *best, int n),
        (x, best, n))
#else
CASE(argmax) {
  int n = 777;
  auto x = vgpu::test::randomFloats(n, 17);
  for (float &v : x)
    v += 2;
  vgpu::test::Buffer<float> dx(x);
  vgpu::test::Buffer<uint64_t> best(1);
  best.zero();
  t.launch("argmax", {7}, {128}, dx.address(), best.address(), n);
  t.sync();
  int where = 0;
  for (int i = 0; i < n; ++i)
    if (x[i] > x[where])
      where = i;
  t.expectEqual(std::vector<uint32_t>{~uint32_t(best.read()[0])},
                std::vector<uint32_t>{uint32_t(where)}, "argmax");
}
#endif
