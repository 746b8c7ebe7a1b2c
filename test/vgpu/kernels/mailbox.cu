// mailbox.cu - one block sends messages to another through a flag in memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// box: [32], flag: [1] zeroed, out: [4, 32]; a cooperative grid of two blocks
BODY(mailbox)(int *box, int *flag, int *out) {
  for (int message = 0; message < 4; ++message) {
    if (blockIdx.x == 0) {
      box[threadIdx.x] = message * 100 + threadIdx.x; // bug 1: race // bug 2: race // bug 3: race // bug 4: race
      WITHOUT(4) __syncthreads();
      if (threadIdx.x == 0) {
        WITHOUT(1) __threadfence();
        atomicExch(flag, message * 2 + 1);
        while (atomicAdd(flag, 0) != message * 2 + 2) {
        }
        __threadfence();
      }
      __syncthreads();
    } else {
      if (threadIdx.x == 0) {
        while (atomicAdd(flag, 0) != message * 2 + 1) {
        }
        __threadfence();
        WITH(3) atomicExch(flag, message * 2 + 2); // thanks before reading
      }
      WITHOUT(2) __syncthreads();
      out[message * 64 + threadIdx.x] = box[threadIdx.x]; // bug 1: race // bug 2: race // bug 3: race // bug 4: race
      __syncthreads();
      if (Bug != 3 && threadIdx.x == 0) {
        __threadfence();
        atomicExch(flag, message * 2 + 2);
      }
    }
  }
}
KERNELS(mailbox, 4, (int *box, int *flag, int *out), (box, flag, out))
#else
CASE(mailbox) {
  vgpu::test::Buffer<int> box(64), flag(1), out(256);
  flag.zero();
  vgpu::test::LaunchExtras extras;
  extras.cooperative = true;
  t.launch(t.kernel("mailbox"), {2}, {64}, extras, box.address(),
           flag.address(), out.address());
  t.sync();
  std::vector<int> expected;
  for (int message = 0; message < 4; ++message)
    for (int i = 0; i < 64; ++i)
      expected.push_back(message * 100 + i);
  t.expectEqual(out.read(), expected, "messages");
}
#endif
