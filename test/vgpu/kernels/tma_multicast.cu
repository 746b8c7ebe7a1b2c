// tma_multicast.cu - one block of a cluster loads a tile for all of them.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) TensorMapBytes {
  char bytes[128];
};

// in: [8, 16] by its map; out: [gridDim, 128]; clusters of two, 128 threads
BODY(tma_multicast)(const TensorMapBytes &in, float *out) {
  __shared__ __align__(128) float tile[8 * 16];
  __shared__ __align__(8) unsigned long long bar;
  unsigned rank;
  CLUSTER_RANK(rank);
  if (threadIdx.x == 0) {
    MBARRIER_INIT(&bar, 1);
    FENCE_BARRIER_INIT();
    MBARRIER_EXPECT(&bar, 512);
  }
  // The other block's barrier must be ready before anything arrives there.
  WITHOUT(1) CLUSTER_SYNC();
  if (rank == 0 && threadIdx.x == 0)
    TMA_MULTICAST_2D(tile, in, 0, 0, &bar, (unsigned short)(Bug == 2 ? 1 : Bug == 4 ? 7 : 3)); // bug 1: race|barrier-misuse|uninitialised // bug 3: race|use-before-wait // bug 4: invalid-operand|out-of-bounds
  WITHOUT(3) MBARRIER_WAIT(&bar, 0); // bug 2: mbarrier-deadlock|hang // bug 1: barrier-misuse
  out[blockIdx.x * 128 + threadIdx.x] = tile[threadIdx.x] + rank; // bug 3: race|use-before-wait|uninitialised
  CLUSTER_SYNC();
}
KERNELS(tma_multicast, 4,
        (const __grid_constant__ TensorMapBytes in, float *out), (in, out))
#else
CASE(tma_multicast) {
  auto in = vgpu::test::randomFloats(128, 37);
  vgpu::test::Buffer<float> din(in), out(512);
  vgpu::test::LaunchExtras extras;
  extras.cluster = {2, 1, 1};
  t.launch(t.kernel("tma_multicast"), {4}, {128}, extras,
           vgpu::test::tensorMap2d(CU_TENSOR_MAP_DATA_TYPE_FLOAT32,
                                   din.address(), 16, 8, 64, 16, 8,
                                   CU_TENSOR_MAP_SWIZZLE_NONE),
           out.address());
  t.sync();
  std::vector<float> expected;
  for (int block = 0; block < 4; ++block)
    for (float v : in)
      expected.push_back(v + float(block % 2));
  t.expectEqual(out.read(), expected, "tiles");
}
#endif
