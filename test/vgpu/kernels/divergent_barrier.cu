// divergent_barrier.cu - barriers inside loops of uniform length.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// out: [64]; 64 threads
BODY(divergent_barrier)(int *out, int rounds) {
  __shared__ int sum;
  if (threadIdx.x == 0)
    sum = 0;
  __syncthreads();
  for (int round = 0; round < rounds; ++round) {
    if (Bug == 1 && threadIdx.x >= 32 && round == 1)
      break; // bug 1: barrier-deadlock
    atomicAdd(&sum, int(threadIdx.x % 2));
    __syncthreads(); // bug 1: barrier-deadlock|barrier-misuse
    if (Bug == 2 && threadIdx.x == 0)
      sum = 0; // bug 2: race
    if (sum > 1000) // bug 2: race
      out[0] = 1;
    if (Bug != 2)
      __syncthreads(); // bug 1: barrier-deadlock|barrier-misuse
  }
  if (Bug == 1 && threadIdx.x >= 32)
    asm volatile("bar.sync 3, 64;" ::: "memory"); // bug 1: barrier-deadlock
  out[threadIdx.x] = sum;
}
KERNELS(divergent_barrier, 2, (int *out, int rounds), (out, rounds))
#else
CASE(divergent_barrier) {
  vgpu::test::Buffer<int> out(64);
  t.launch("divergent_barrier", {1}, {64}, out.address(), 3);
  t.sync();
  t.expectEqual(out.read(), std::vector<int>(64, 96), "sum");
}
#endif
