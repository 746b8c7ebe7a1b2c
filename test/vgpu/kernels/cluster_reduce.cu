// cluster_reduce.cu - sums over a cluster through distributed shared memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

// in: [gridDim, 64], out: [gridDim / 4]; clusters of four, 64 threads
BODY(cluster_reduce)(const float *in, float *out) {
  __shared__ float mine[64], total;
  unsigned rank;
  CLUSTER_RANK(rank);
  mine[threadIdx.x] = in[blockIdx.x * 64 + threadIdx.x];
  __syncthreads();
  if (threadIdx.x == 0) {
    float sum = 0;
    for (int i = 0; i < 64; ++i)
      sum += mine[i];
    if (Bug != 4 || rank != 2)
      total = sum; // bug 1: race
  }
  WITHOUT(1) CLUSTER_SYNC();
  if (rank == 0 && threadIdx.x == 0) {
    float sum = 0;
    for (int block = 0; block < (Bug == 3 ? 5 : 4); ++block) {
      unsigned remote;
      float part;
      MAPA(remote, &total, block); // bug 3: invalid-operand|out-of-bounds
      LOAD_REMOTE(part, remote); // bug 1: race|uninitialised // bug 2: race|out-of-bounds // bug 3: invalid-operand|out-of-bounds
      sum += part;
    }
    out[blockIdx.x / 4] = sum; // bug 4: uninitialised // bug 1: uninitialised
  }
  // A block must not end while another reads its memory.
  WITHOUT(2) CLUSTER_SYNC();
}
KERNELS(cluster_reduce, 4, (const float *in, float *out), (in, out))
#else
CASE(cluster_reduce) {
  auto in = vgpu::test::randomFloats(8 * 64, 44);
  vgpu::test::Buffer<float> din(in), out(2);
  vgpu::test::LaunchExtras extras;
  extras.cluster = {4, 1, 1};
  t.launch(t.kernel("cluster_reduce"), {8}, {64}, extras, din.address(),
           out.address());
  t.sync();
  std::vector<double> expected(2);
  for (int i = 0; i < 8 * 64; ++i)
    expected[i / 256] += in[i];
  t.expectNear(out.read(), expected, 1e-4, 0, "sum");
}
#endif
