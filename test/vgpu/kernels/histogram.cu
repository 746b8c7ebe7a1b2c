// histogram.cu - counts of bytes, first in shared then in global memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// data: [n], bins: [64] zeroed; 64 threads
BODY(histogram)(const unsigned *data, unsigned *bins, int n) {
  __shared__ unsigned local[64];
  local[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * 64 + threadIdx.x; i < n; i += gridDim.x * 64) {
    unsigned bin = Bug == 2 ? data[i] % 65 : data[i] % 64;
    atomicAdd(&local[bin], 1u); // bug 2: out-of-bounds
  }
  __syncthreads();
  if (Bug == 1)
    bins[threadIdx.x] += local[threadIdx.x]; // bug 1: race
  else
    atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}
KERNELS(histogram, 2, (const unsigned *data, unsigned *bins, int n),
        (data, bins, n))
#else
CASE(histogram) {
  int n = 1000;
  auto data = vgpu::test::randomWords(n, 14);
  vgpu::test::Buffer<uint32_t> ddata(data), bins(64);
  bins.zero();
  t.launch("histogram", {3}, {64}, ddata.address(), bins.address(), n);
  t.sync();
  std::vector<uint32_t> expected(64);
  for (uint32_t v : data)
    ++expected[v % 64];
  t.expectEqual(bins.read(), expected, "bins");
}
#endif
