// compaction.cu - keeps the odd numbers: ballots, one atomic a warp, and the
// reductions and matches of whole warps.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in: [n], out: [n], count: [4] zeroed
BODY(compaction)(const unsigned *in, unsigned *out, unsigned *count, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
  unsigned value = i < n ? in[i] : 0;
  bool keep = value & 1;
  unsigned votes = __ballot_sync(0xffffffffu, keep);
  unsigned base = 0;
  if (lane == 0) {
    if (Bug == 1) {
      base = *count; // bug 1: race
      *count = base + __popc(votes); // bug 1: race
    } else {
      base = atomicAdd(count, __popc(votes));
    }
  }
  base = __shfl_sync(0xffffffffu, base, 0);
  if (keep)
    out[base + __popc(votes & ((1u << lane) - 1)) + (Bug == 2 ? n : 0)] = value; // bug 2: out-of-bounds
  unsigned top = __reduce_max_sync(0xffffffffu, value);
  unsigned peers = __match_any_sync(0xffffffffu, value % 4);
  if (lane == 0) {
    atomicMax(count + 1, top);
    atomicAdd(count + 2, __all_sync(1u, keep) ? 1 : 0);
  }
  if (lane == __ffs(peers) - 1)
    atomicAdd(count + 3, __popc(peers));
}
KERNELS(compaction, 2,
        (const unsigned *in, unsigned *out, unsigned *count, int n),
        (in, out, count, n))
#else
#include <algorithm>
CASE(compaction) {
  int n = 200;
  auto in = vgpu::test::randomWords(n, 49);
  vgpu::test::Buffer<uint32_t> din(in), out(n), count(4);
  count.zero();
  out.zero();
  t.launch("compaction", {4}, {64}, din.address(), out.address(),
           count.address(), n);
  t.sync();
  std::vector<uint32_t> kept, got = out.read();
  for (uint32_t v : in)
    if (v & 1)
      kept.push_back(v);
  uint32_t firstLanes = 0;
  for (int i = 0; i < 256; i += 32)
    firstLanes += i < n && in[i] & 1;
  t.expectEqual(count.read(),
                std::vector<uint32_t>{uint32_t(kept.size()),
                                      *std::max_element(in.begin(), in.end()),
                                      firstLanes, 256},
                "counts");
  got.resize(kept.size());
  std::sort(got.begin(), got.end());
  std::sort(kept.begin(), kept.end());
  t.expectEqual(got, kept, "kept");
}
#endif
