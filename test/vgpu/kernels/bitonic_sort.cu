// bitonic_sort.cu - sorts 256 keys of a block in shared memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// keys: [gridDim, 256]; 256 threads
BODY(bitonic_sort)(unsigned *keys) {
  __shared__ unsigned shared[256];
  int i = threadIdx.x;
  shared[i] = keys[blockIdx.x * 256 + i];
  WITHOUT(3) __syncthreads();
  for (int size = 2; size <= 256; size *= 2)
    for (int stride = size / 2; stride > 0; stride /= 2) {
      int partner = Bug == 2 ? i + stride : i ^ stride;
      if (partner > i) {
        unsigned a = shared[i]; // bug 1: race // bug 3: race
        unsigned b = shared[partner]; // bug 1: race // bug 3: race // bug 2: out-of-bounds|race
        bool up = (i & size) == 0;
        if (up == (a > b)) {
          shared[i] = b; // bug 1: race // bug 2: race
          shared[partner] = a; // bug 1: race // bug 2: race
        }
      }
      WITHOUT(1) __syncthreads();
    }
  keys[blockIdx.x * 256 + i] = shared[i]; // bug 1: race
}
KERNELS(bitonic_sort, 3, (unsigned *keys), (keys))
#else
#include <algorithm>
CASE(bitonic_sort) {
  auto keys = vgpu::test::randomWords(512, 12);
  vgpu::test::Buffer<uint32_t> dkeys(keys);
  t.launch("bitonic_sort", {2}, {256}, dkeys.address());
  t.sync();
  std::sort(keys.begin(), keys.begin() + 256);
  std::sort(keys.begin() + 256, keys.end());
  t.expectEqual(dkeys.read(), keys, "sorted");
}
#endif
