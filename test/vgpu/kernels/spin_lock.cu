// spin_lock.cu - blocks add to a plain counter under a lock.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// lock: [1] zeroed, counter: [1] zeroed; one thread a block takes the lock
BODY(spin_lock)(int *lock, int *counter) {
  if (threadIdx.x != 0)
    return;
  for (int round = 0; round < 3; ++round) {
    if (Bug != 3)
      while (atomicCAS(lock, 0, 1) != 0) {
      }
    WITHOUT(1) __threadfence();
    *counter = *counter + 1; // bug 1: race // bug 2: race // bug 3: race // bug 4: race
    WITHOUT(2) __threadfence();
    if (Bug == 4)
      *lock = 0; // bug 4: race
    else if (Bug != 3)
      atomicExch(lock, 0);
  }
}
KERNELS(spin_lock, 4, (int *lock, int *counter), (lock, counter))
#else
CASE(spin_lock) {
  vgpu::test::Buffer<int> lock(1), counter(1);
  lock.zero();
  counter.zero();
  t.launch("spin_lock", {8}, {32}, lock.address(), counter.address());
  t.sync();
  t.expectEqual(counter.read(), std::vector<int>{24}, "counter");
}
#endif
