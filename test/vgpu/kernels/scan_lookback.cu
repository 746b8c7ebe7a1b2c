// scan_lookback.cu - prefix sums over blocks: each block waits for the sum that
// the one before it publishes.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in, out: [gridDim, 32]; sums: [gridDim]; ready: [gridDim] zeroed; 32 threads
BODY(scan_lookback)(const int *in, int *out, int *sums, int *ready) {
  int lane = threadIdx.x, block = blockIdx.x;
  int value = in[block * 32 + lane];
  for (int step = 1; step < 32; step *= 2) {
    int other = __shfl_up_sync(0xffffffffu, value, step);
    if (lane >= step)
      value += other;
  }
  int before = 0;
  if (lane == 31) {
    if (block > 0) {
      while (atomicAdd(&ready[block - 1], 0) == 0) {
      }
      WITHOUT(2) __threadfence();
      before = sums[block - 1]; // bug 1: race // bug 2: race // bug 3: race
    }
    sums[block] = before + value; // bug 1: race // bug 2: race // bug 3: race
    WITHOUT(1) __threadfence();
    if (Bug == 3)
      ready[block] = 1; // bug 3: race
    else
      atomicExch(&ready[block], 1);
  }
  before = __shfl_sync(0xffffffffu, before, 31);
  out[block * 32 + lane] = before + value;
}
KERNELS(scan_lookback, 3, (const int *in, int *out, int *sums, int *ready),
        (in, out, sums, ready))
#else
CASE(scan_lookback) {
  int blocks = 6, n = blocks * 32;
  auto words = vgpu::test::randomWords(n, 11);
  std::vector<int> in(n), expected(n);
  for (int i = 0; i < n; ++i) {
    in[i] = int(words[i] % 100);
    expected[i] = in[i] + (i ? expected[i - 1] : 0);
  }
  vgpu::test::Buffer<int> din(in), out(n), sums(blocks), ready(blocks);
  ready.zero();
  t.launch("scan_lookback", {unsigned(blocks)}, {32}, din.address(),
           out.address(), sums.address(), ready.address());
  t.sync();
  t.expectEqual(out.read(), expected, "scan");
}
#endif
