// radix_sort.cu - sorts 16-bit keys of a block four bits at a time.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// keys: [128]; 128 threads; stable, by counting digits in shared memory
BODY(radix_sort)(unsigned *keys) {
  __shared__ unsigned values[128], next[128];
  __shared__ unsigned counts[16];
  int i = threadIdx.x;
  values[i] = keys[i];
  for (int shift = 0; shift < 16; shift += 4) {
    WITHOUT(2) {
      if (i < 16)
        counts[i] = 0;
    }
    __syncthreads();
    unsigned digit = values[i] >> shift & 15;
    if (Bug == 1)
      counts[digit] += 1; // bug 1: race
    else
      atomicAdd(&counts[digit], 1u); // bug 2: uninitialised
    WITHOUT(3) __syncthreads();
    unsigned rank = 0;
    for (unsigned d = 0; d < digit; ++d)
      rank += counts[d]; // bug 3: race // bug 2: uninitialised
    for (int j = 0; j < i; ++j)
      rank += (values[j] >> shift & 15) == digit;
    next[rank] = values[i]; // bug 2: uninitialised|out-of-bounds // bug 3: race|out-of-bounds // bug 4: race
    WITHOUT(4) __syncthreads();
    values[i] = next[i]; // bug 4: race|uninitialised
    __syncthreads();
  }
  keys[i] = values[i]; // bug 2: uninitialised // bug 4: uninitialised
}
KERNELS(radix_sort, 4, (unsigned *keys), (keys))
#else
#include <algorithm>
CASE(radix_sort) {
  auto keys = vgpu::test::randomWords(128, 13);
  for (uint32_t &key : keys)
    key &= 0xffff;
  vgpu::test::Buffer<uint32_t> dkeys(keys);
  t.launch("radix_sort", {1}, {128}, dkeys.address());
  t.sync();
  std::sort(keys.begin(), keys.end());
  t.expectEqual(dkeys.read(), keys, "sorted");
}
#endif
