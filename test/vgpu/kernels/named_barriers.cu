// named_barriers.cu - two groups of warps pass a buffer to and fro with named
// barriers: one arrives, the other waits.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// out: [4, 64]; 128 threads: the first half writes, the second half reads
BODY(named_barriers)(int *out) {
  __shared__ int buffer[64];
  int i = threadIdx.x % 64;
  for (int round = 0; round < 4; ++round)
    if (threadIdx.x < 64) {
      if (round > 0 && Bug != 2)
        asm volatile("bar.sync 2, 128;" ::: "memory"); // bug 3: barrier-deadlock // bug 5: barrier-deadlock
      buffer[i] = round * 1000 + i; // bug 1: race // bug 2: race
      if (Bug == 4)
        asm volatile("bar.arrive 1, 96;" ::: "memory"); // bug 4: barrier-misuse|barrier-deadlock|invalid-operand
      else if (Bug != 1)
        asm volatile("bar.arrive 1, 128;" ::: "memory"); // bug 2: barrier-misuse
    } else {
      if (Bug != 1)
        asm volatile("bar.sync 1, 128;" ::: "memory"); // bug 4: barrier-misuse|barrier-deadlock|invalid-operand // bug 5: barrier-deadlock
      out[round * 64 + i] = buffer[63 - i]; // bug 1: race|uninitialised // bug 2: race
      if (round < 3 && Bug != 2 && (Bug != 3 || round != 1) && (Bug != 5 || threadIdx.x < 96))
        asm volatile("bar.arrive 2, 128;" ::: "memory");
    }
}
KERNELS(named_barriers, 5, (int *out), (out))
#else
CASE(named_barriers) {
  vgpu::test::Buffer<int> out(256);
  t.launch("named_barriers", {1}, {128}, out.address());
  t.sync();
  std::vector<int> expected;
  for (int round = 0; round < 4; ++round)
    for (int i = 0; i < 64; ++i)
      expected.push_back(round * 1000 + 63 - i);
  t.expectEqual(out.read(), expected, "rounds");
}
#endif
