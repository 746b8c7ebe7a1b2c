// collatz.cu - every lane leaves its loop at its own time.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// steps: [n]
BODY(collatz)(int *steps, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  long long value = i + 1;
  int count = 0;
  while (value != 1) {
    if (value % 2 == 0)
      value /= 2;
    else
      value = value * 3 + 1;
    ++count;
    if (Bug == 1 && count > 100)
      __trap(); // bug 1: trap
  }
  steps[i] = count;
}
KERNELS(collatz, 1, (int *steps, int n), (steps, n))
#else
CASE(collatz) {
  int n = 100;
  vgpu::test::Buffer<int> steps(n);
  t.launch("collatz", {2}, {64}, steps.address(), n);
  t.sync();
  std::vector<int> expected;
  for (int i = 0; i < n; ++i) {
    int count = 0;
    for (long long v = i + 1; v != 1; v = v % 2 ? v * 3 + 1 : v / 2)
      ++count;
    expected.push_back(count);
  }
  t.expectEqual(steps.read(), expected, "steps");
}
#endif
