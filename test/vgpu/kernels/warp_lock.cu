// warp_lock.cu - the lanes of one warp take turns with a lock in shared memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// counter: [1]; one warp
BODY(warp_lock)(int *counter) {
  __shared__ int lock, value;
  if (threadIdx.x == 0) {
    lock = 0;
    value = 0;
  }
  __syncwarp();
  bool done = false;
  while (!done) {
    if (Bug == 1 || atomicCAS(&lock, 0, 1) == 0) {
      WITHOUT(2) __threadfence_block();
      value = value + 1; // bug 1: race // bug 2: race // bug 3: race
      WITHOUT(3) __threadfence_block();
      atomicExch(&lock, 0);
      done = true;
    }
  }
  __syncwarp();
  if (threadIdx.x == 0)
    *counter = value;
}
KERNELS(warp_lock, 3, (int *counter), (counter))
#else
CASE(warp_lock) {
  vgpu::test::Buffer<int> counter(1);
  t.launch("warp_lock", {1}, {32}, counter.address());
  t.sync();
  t.expectEqual(counter.read(), std::vector<int>{32}, "counter");
}
#endif
