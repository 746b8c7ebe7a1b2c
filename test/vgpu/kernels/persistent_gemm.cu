// persistent_gemm.cu - bf16 product by blocks that stay: clusters of two share
// each tile of b by multicast, a warpgroup loads, another multiplies, and
// results leave through stmatrix and a tensor store.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) PersistentMap {
  char bytes[128];
};

#define ELECT(elected)                                                         \
  asm volatile("{\n.reg .pred p;\nelect.sync _|p, 0xffffffff;\n"               \
               "selp.u32 %0, 1, 0, p;\n}"                                      \
               : "=r"(elected))
#define ARRIVE_REMOTE(bar, rank)                                               \
  asm volatile("{\n.reg .b32 remote;\n"                                        \
               "mapa.shared::cluster.u32 remote, %0, %1;\n"                    \
               "mbarrier.arrive.release.cluster.shared::cluster.b64 _, "       \
               "[remote];\n}" ::"r"(SHARED(bar)),                              \
               "r"(rank)                                                       \
               : "memory")
#define LOAD_SHARED_HALF(target, map, x, y, bar, mask, policy)                 \
  asm volatile("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"     \
               "complete_tx::bytes.multicast::cluster.L2::cache_hint [%0], "   \
               "[%1, {%2, %3}], [%4], %5, %6;" ::"r"(SHARED(target)),          \
               "l"(&(map)), "r"(x), "r"(y), "r"(SHARED(bar)), "h"(mask),       \
               "l"(policy)                                                     \
               : "memory")
#define STORE_TILE(map, x, y, source, policy)                                  \
  asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group.L2::"    \
               "cache_hint [%0, {%1, %2}], [%3], %4;" ::"l"(&(map)),           \
               "r"(x), "r"(y), "r"(SHARED(source)), "l"(policy)                \
               : "memory")
#define STMATRIX_X4(address, r0, r1, r2, r3)                                   \
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, "  \
               "%4};" ::"r"(address),                                          \
               "r"(r0), "r"(r1), "r"(r2), "r"(r3)                              \
               : "memory")
#define PACK_BF16(low, high, out)                                              \
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(out) : "f"(high), "f"(low))

// a: [m, k], b: [n, k], c: [m, n] bf16 by their maps; pairs of 64 x 32 tiles
// (m in 128s, n in 32s, k in 64s); 256 threads, clusters of two
BODY(persistent_gemm)(const PersistentMap &mapA, const PersistentMap &mapB,
                      const PersistentMap &mapC, int tilesM, int tilesN,
                      int steps) {
  constexpr int stages = 3;
  constexpr unsigned bytes = (64 + 32) * 64 * 2;
  extern __shared__ __align__(1024) unsigned char memory[];
  auto ta = reinterpret_cast<unsigned short(*)[64 * 64]>(memory);
  auto tb = reinterpret_cast<unsigned short(*)[32 * 64]>(memory + stages * 8192);
  auto tc = reinterpret_cast<unsigned short *>(memory + stages * 12288);
  auto full = reinterpret_cast<unsigned long long *>(memory + stages * 12288 + 4096);
  auto empty = full + stages;
  int group = threadIdx.x / 128, thread = threadIdx.x % 128;
  unsigned rank;
  CLUSTER_RANK(rank);
  if (threadIdx.x == 0) {
    asm volatile("prefetch.tensormap [%0];" ::"l"(&mapA) : "memory");
    asm volatile("prefetch.tensormap [%0];" ::"l"(&mapB) : "memory");
    for (int s = 0; s < stages; ++s) {
      MBARRIER_INIT(&full[s], 1);
      MBARRIER_INIT(&empty[s], 8);
    }
    FENCE_BARRIER_INIT();
  }
  CLUSTER_SYNC();
  asm volatile("griddepcontrol.wait;" ::: "memory");
  int clusters = gridDim.x / 2, first = blockIdx.x / 2;
  int tiles = tilesM / 2 * tilesN;
  int stage = 0;
  unsigned phase = 0;
  if (group == 0) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    unsigned elected = 0;
    if (thread < 32)
      ELECT(elected);
    if (elected) {
      unsigned long long keep;
      asm volatile("createpolicy.fractional.L2::evict_last.b64 %0, 1.0;" : "=l"(keep));
      for (int tile = first; tile < tiles; tile += clusters)
        for (int i = 0; i < steps; ++i) {
          MBARRIER_WAIT(&empty[stage], phase ^ 1); // bug 1: mbarrier-deadlock|hang
          MBARRIER_EXPECT(&full[stage], bytes);
          int row = (tile / tilesN * 2 + int(rank)) * 64;
          TMA_LOAD_2D(ta[stage], mapA, i * 64, row, &full[stage]);
          LOAD_SHARED_HALF(tb[stage] + rank * 16 * 64, mapB, i * 64, tile % tilesN * 32 + int(rank) * 16, &full[stage], (unsigned short)(3), keep);
          if (++stage == stages) {
            stage = 0;
            phase ^= 1;
          }
        }
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    int lane = thread % 32, warp = thread / 32;
    unsigned long long stream;
    asm volatile("createpolicy.fractional.L2::evict_first.b64 %0, 1.0;" : "=l"(stream));
    for (int tile = first; tile < tiles; tile += clusters) {
      float d[16];
#pragma unroll 1
      for (int i = 0; i < steps; ++i) {
        MBARRIER_WAIT(&full[stage], phase); // bug 1: mbarrier-deadlock|hang
        WGMMA_FENCE();
#pragma unroll
        for (int step = 0; step < 4; ++step)
          WGMMA_M64N32K16_BF16(d, WGMMA_DESCRIPTOR(ta[stage] + step * 16), WGMMA_DESCRIPTOR(tb[stage] + step * 16), i + step != 0);
        WGMMA_COMMIT();
        WGMMA_WAIT(0);
        // Both blocks read what both loaded: a stage is free when all eight
        // warps of the cluster are done.
        if (lane < 2)
          if (Bug != 1 || lane == rank)
            ARRIVE_REMOTE(&empty[stage], lane);
        if (++stage == stages) {
          stage = 0;
          phase ^= 1;
        }
      }
      if (thread == 0)
        WITHOUT(2) asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory");
      asm volatile("bar.sync 1, 128;" ::: "memory");
#pragma unroll
      for (int j = 0; j < 4; j += 2) {
        unsigned r[4];
#pragma unroll
        for (int m = 0; m < 4; ++m)
          PACK_BF16(d[4 * (j + m / 2) + 2 * (m % 2)], d[4 * (j + m / 2) + 2 * (m % 2) + 1], r[m]);
        int m = lane / 8, row = warp * 16 + m % 2 * 8 + lane % 8;
        STMATRIX_X4(SHARED(tc + row * 32 + (j + m / 2) * 8), r[0], r[1], r[2], r[3]); // bug 2: race // bug 3: missing-proxy-fence
      }
      WITHOUT(3) FENCE_PROXY_ASYNC();
      asm volatile("bar.sync 1, 128;" ::: "memory");
      if (thread == 0) {
        STORE_TILE(mapC, tile % tilesN * 32, (tile / tilesN * 2 + int(rank)) * 64, tc, stream); // bug 2: race // bug 3: missing-proxy-fence
        asm volatile("cp.async.bulk.commit_group;" ::: "memory");
      }
    }
    if (thread == 0)
      asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
  }
  CLUSTER_SYNC();
}
KERNELS(persistent_gemm, 3,
        (const __grid_constant__ PersistentMap mapA,
         const __grid_constant__ PersistentMap mapB,
         const __grid_constant__ PersistentMap mapC, int tilesM, int tilesN,
         int steps),
        (mapA, mapB, mapC, tilesM, tilesN, steps))
#else
CASE(persistent_gemm) {
  int m = 256, n = 96, k = 192;
  auto a = vgpu::test::toBf16(vgpu::test::randomFloats(m * k, 60));
  auto b = vgpu::test::toBf16(vgpu::test::randomFloats(n * k, 61));
  vgpu::test::Buffer<uint16_t> da(a), db(b), dc(m * n);
  auto map = [&](CUdeviceptr base, int rows, int columns, unsigned width,
                 unsigned height, CUtensorMapSwizzle swizzle) {
    return vgpu::test::tensorMap2d(CU_TENSOR_MAP_DATA_TYPE_BFLOAT16, base,
                                   columns, rows, columns * 2, width, height,
                                   swizzle);
  };
  vgpu::test::LaunchExtras extras;
  extras.shared = 3 * 12288 + 4096 + 64;
  extras.cluster = {2, 1, 1};
  t.launch(t.kernel("persistent_gemm"), {4}, {256}, extras,
           map(da.address(), m, k, 64, 64, CU_TENSOR_MAP_SWIZZLE_128B),
           map(db.address(), n, k, 64, 16, CU_TENSOR_MAP_SWIZZLE_128B),
           map(dc.address(), m, n, 32, 64, CU_TENSOR_MAP_SWIZZLE_NONE), m / 64,
           n / 32, k / 64);
  t.sync();
  t.expectNear(vgpu::test::fromBf16(dc.read()),
               vgpu::test::matmul(vgpu::test::fromBf16(a),
                                  vgpu::test::fromBf16(b), m, n, k, true),
               1e-2, 1e-2, "product");
}
#endif
