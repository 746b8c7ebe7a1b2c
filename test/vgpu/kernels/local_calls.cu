// local_calls.cu - arrays in local memory, calls and recursion.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
__device__ __noinline__ int fibonacci(int n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

__device__ __noinline__ void sortSmall(int *values, int n) {
  for (int i = 1; i < n; ++i)
    for (int j = i; j > 0 && values[j - 1] > values[j]; --j) { // bug 2: uninitialised
      int other = values[j];
      values[j] = values[j - 1];
      values[j - 1] = other;
    }
}

// out: [64, 9]
BODY(local_calls)(int *out, int n) {
  int values[8];
  int i = threadIdx.x;
  for (int j = 0; j < (Bug == 2 ? n - 1 : n); ++j)
    values[j] = (i * 7 + j * 5) % 11;
  sortSmall(values, n);
  for (int j = 0; j < n; ++j)
    out[i * 9 + j] = values[j]; // bug 2: uninitialised
  out[i * 9 + 8] = fibonacci(i % 8);
  if (Bug == 1)
    out[i * 9 + values[i % n] * 90] = 1; // bug 1: out-of-bounds
}
KERNELS(local_calls, 2, (int *out, int n), (out, n))
#else
#include <algorithm>
CASE(local_calls) {
  vgpu::test::Buffer<int> out(64 * 9);
  t.launch("local_calls", {1}, {64}, out.address(), 8);
  t.sync();
  std::vector<int> expected;
  static const int fibonacci[] = {0, 1, 1, 2, 3, 5, 8, 13};
  for (int i = 0; i < 64; ++i) {
    std::vector<int> values;
    for (int j = 0; j < 8; ++j)
      values.push_back((i * 7 + j * 5) % 11);
    std::sort(values.begin(), values.end());
    values.push_back(fibonacci[i % 8]);
    expected.insert(expected.end(), values.begin(), values.end());
  }
  t.expectEqual(out.read(), expected, "values");
}
#endif
