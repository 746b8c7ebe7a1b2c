// bulk_copy.cu - plain bulk copies in and out, reversed in between.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

// in, out: [gridDim, 64]; 64 threads
BODY(bulk_copy)(const float *in, float *out) {
  __shared__ __align__(16) float from[64], to[64];
  __shared__ __align__(8) unsigned long long bar;
  int i = threadIdx.x;
  if (i == 0) {
    MBARRIER_INIT(&bar, 1);
    FENCE_BARRIER_INIT();
    MBARRIER_EXPECT(&bar, Bug == 2 ? 252 : 256);
    BULK_LOAD(from, in + blockIdx.x * 64 + (Bug == 3 ? 1 : 0), Bug == 2 ? 252 : 256, &bar); // bug 2: misaligned|invalid-operand // bug 3: misaligned|invalid-operand|out-of-bounds // bug 1: race|use-before-wait
  }
  __syncthreads();
  WITHOUT(1) MBARRIER_WAIT(&bar, 0);
  to[i] = from[63 - i]; // bug 1: race|use-before-wait|uninitialised // bug 4: missing-proxy-fence|race // bug 5: race
  WITHOUT(4) FENCE_PROXY_ASYNC();
  __syncthreads();
  if (i == 0) {
    BULK_STORE(out + blockIdx.x * 64, to, Bug == 6 ? 512 : 256); // bug 4: missing-proxy-fence|race // bug 6: out-of-bounds // bug 5: race|use-before-wait
    BULK_COMMIT();
    WITHOUT(5) BULK_WAIT(0);
    if (Bug == 5)
      to[1] = 0; // bug 5: race|use-before-wait
  }
}
KERNELS(bulk_copy, 6, (const float *in, float *out), (in, out))
#else
CASE(bulk_copy) {
  auto in = vgpu::test::randomFloats(192, 36);
  vgpu::test::Buffer<float> din(in), out(192);
  t.launch("bulk_copy", {3}, {64}, din.address(), out.address());
  t.sync();
  std::vector<float> expected(192);
  for (int i = 0; i < 192; ++i)
    expected[i] = in[i / 64 * 64 + 63 - i % 64];
  t.expectEqual(out.read(), expected, "reversed");
}
#endif
