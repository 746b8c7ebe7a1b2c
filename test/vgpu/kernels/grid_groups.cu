// grid_groups.cu - cooperative groups: tiles of a warp, and the whole grid.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include <cooperative_groups.h>

// x: [gridDim * blockDim], partial: [gridDim], total: [1]; a cooperative grid
BODY(grid_groups)(const float *x, float *partial, float *total) {
  namespace cg = cooperative_groups;
  __shared__ float warps[32];
  cg::grid_group grid = cg::this_grid();
  cg::thread_block block = cg::this_thread_block();
  cg::thread_block_tile<32> tile = cg::tiled_partition<32>(block);
  float sum = x[grid.thread_rank()];
  for (int step = 16; step > 0; step /= 2)
    sum += tile.shfl_down(sum, step);
  if (tile.thread_rank() == 0)
    warps[tile.meta_group_rank()] = sum;
  block.sync();
  if (block.thread_rank() == 0) {
    float all = 0;
    for (unsigned w = 0; w < tile.meta_group_size(); ++w)
      all += warps[w];
    partial[blockIdx.x] = all; // bug 1: race
  }
  WITHOUT(1) grid.sync();
  if (grid.thread_rank() == 0) {
    float all = 0;
    for (unsigned b = 0; b < gridDim.x; ++b)
      all += partial[b]; // bug 1: race|uninitialised
    *total = all;
  }
}
KERNELS(grid_groups, 1, (const float *x, float *partial, float *total),
        (x, partial, total))
#else
CASE(grid_groups) {
  int blocks = 4, threads = 96;
  auto x = vgpu::test::randomFloats(blocks * threads, 63);
  vgpu::test::Buffer<float> dx(x), partial(blocks), total(1);
  vgpu::test::LaunchExtras extras;
  extras.cooperative = true;
  t.launch(t.kernel("grid_groups"), {unsigned(blocks)}, {unsigned(threads)},
           extras, dx.address(), partial.address(), total.address());
  t.sync();
  double sum = 0;
  for (float value : x)
    sum += value;
  t.expectNear(total.read(), std::vector<double>{sum}, 1e-4, 1e-5, "total");
}
#endif
