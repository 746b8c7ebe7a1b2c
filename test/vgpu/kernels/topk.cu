// topk.cu - the k largest of each row: higher value first, then lower index.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x: [gridDim, n], index: [gridDim, k]; one warp a row, n <= 64
BODY(topk)(const float *x, int *index, int n, int k) {
  __shared__ float scores[64];
  int lane = threadIdx.x;
  for (int i = lane; i < n; i += 32)
    scores[i] = x[blockIdx.x * n + i]; // bug 1: race
  WITHOUT(1) __syncwarp();
  for (int rank = 0; rank < k; ++rank) {
    float best = -1e30f;
    int where = n;
    for (int i = Bug == 1 ? 31 - lane : lane; i < (Bug == 2 ? 64 : n); i += 32)
      if (scores[i] > best) { // bug 1: race // bug 2: uninitialised // bug 4: race
        best = scores[i];
        where = i;
      }
    for (int step = 16; step > 0; step /= 2) {
      float otherBest = __shfl_xor_sync(0xffffffffu, best, step);
      int otherWhere = __shfl_xor_sync(0xffffffffu, where, step);
      if (otherBest > best || (otherBest == best && otherWhere < where)) {
        best = otherBest;
        where = otherWhere;
      }
    }
    WITHOUT(4) __syncwarp(); // a shuffle orders no memory
    if (lane == 0) {
      index[blockIdx.x * k + rank] = where; // bug 2: uninitialised
      scores[where] = -1e30f; // bug 3: race // bug 2: uninitialised // bug 1: race // bug 4: race
    }
    WITHOUT(3) __syncwarp();
    if (Bug == 3 && lane == 1)
      scores[where] = -1e30f; // bug 3: race
  }
}
KERNELS(topk, 4, (const float *x, int *index, int n, int k), (x, index, n, k))
#else
#include <algorithm>
#include <numeric>
CASE(topk) {
  int rows = 4, n = 50, k = 6;
  auto x = vgpu::test::randomFloats(rows * n, 16);
  x[3] = x[17];
  vgpu::test::Buffer<float> dx(x);
  vgpu::test::Buffer<int> index(rows * k);
  t.launch("topk", {unsigned(rows)}, {32}, dx.address(), index.address(), n, k);
  t.sync();
  std::vector<int> expected;
  for (int r = 0; r < rows; ++r) {
    std::vector<int> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return x[r * n + a] > x[r * n + b];
    });
    expected.insert(expected.end(), order.begin(), order.begin() + k);
  }
  t.expectEqual(index.read(), expected, "topk");
}
#endif
