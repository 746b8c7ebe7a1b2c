// scan.cu - inclusive prefix sums of a block, in two buffers that alternate.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in, out: [gridDim, 128]
BODY(scan)(const int *in, int *out) {
  __shared__ int buffer[2][128];
  int i = threadIdx.x;
  buffer[0][i] = in[blockIdx.x * 128 + i]; // bug 4: race
  WITHOUT(4) __syncthreads();
  int from = 0;
  for (int step = 1; step < 128; step *= 2) {
    int to = Bug == 2 ? from : 1 - from;
    int value = buffer[from][i]; // bug 1: race // bug 2: race
    if (i >= step || (Bug == 3 && i >= step - 1))
      value += (&buffer[0][0])[from * 128 + i - step]; // bug 1: race // bug 2: race // bug 3: out-of-bounds // bug 4: race
    buffer[to][i] = value; // bug 1: race // bug 2: race
    from = to;
    WITHOUT(1) __syncthreads();
  }
  out[blockIdx.x * 128 + i] = buffer[from][i];
}
KERNELS(scan, 4, (const int *in, int *out), (in, out))
#else
CASE(scan) {
  auto words = vgpu::test::randomWords(256, 10);
  std::vector<int> in(256), expected(256);
  for (int i = 0; i < 256; ++i)
    in[i] = int(words[i] % 100);
  for (int i = 0; i < 256; ++i)
    expected[i] = in[i] + (i % 128 ? expected[i - 1] : 0);
  vgpu::test::Buffer<int> din(in), out(256);
  t.launch("scan", {2}, {128}, din.address(), out.address());
  t.sync();
  t.expectEqual(out.read(), expected, "scan");
}
#endif
