// cluster_ring.cu - each block hands a value to the next one of its cluster by
// an asynchronous store that arrives at a barrier there.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

// out: [gridDim]; clusters of four, 32 threads
BODY(cluster_ring)(int *out) {
  __shared__ int box;
  __shared__ __align__(8) unsigned long long bar;
  unsigned rank, size = 4;
  CLUSTER_RANK(rank);
  if (threadIdx.x == 0) {
    MBARRIER_INIT(&bar, 1);
    FENCE_BARRIER_INIT();
    MBARRIER_EXPECT(&bar, 4);
  }
  CLUSTER_SYNC();
  if (threadIdx.x == 0) {
    unsigned remoteBox, remoteBar, next = (rank + 1) % size;
    if (Bug == 2 && rank == 1)
      next = (rank + 2) % size;
    MAPA(remoteBox, &box, next);
    MAPA(remoteBar, &bar, next);
    asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.b32 [%0], %1, [%2];" ::"r"(remoteBox), "r"(int(blockIdx.x) * 10), "r"(remoteBar) : "memory"); // bug 1: race|use-before-wait // bug 2: race|barrier-misuse
    WITHOUT(1) MBARRIER_WAIT(&bar, 0); // bug 2: mbarrier-deadlock|hang
    out[blockIdx.x] = box; // bug 1: race|use-before-wait|uninitialised
  }
  CLUSTER_SYNC();
}
KERNELS(cluster_ring, 2, (int *out), (out))
#else
CASE(cluster_ring) {
  vgpu::test::Buffer<int> out(8);
  vgpu::test::LaunchExtras extras;
  extras.cluster = {4, 1, 1};
  t.launch(t.kernel("cluster_ring"), {8}, {32}, extras, out.address());
  t.sync();
  std::vector<int> expected;
  for (int block = 0; block < 8; ++block)
    expected.push_back((block / 4 * 4 + (block + 3) % 4) * 10);
  t.expectEqual(out.read(), expected, "ring");
}
#endif
