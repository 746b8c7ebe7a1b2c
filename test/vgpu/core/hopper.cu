// hopper.cu - TMA, mbarrier, wgmma, clusters: what sm_90a adds.
#include <cstdint>
#include <cuda_bf16.h>

#ifndef BUG
#define BUG 0
#endif

namespace {
__device__ uint32_t shared32(const void *p) {
  return uint32_t(__cvta_generic_to_shared(p));
}
__device__ void barrierInit(uint64_t *bar, int count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared32(bar)),
               "r"(count));
}
__device__ void expectBytes(uint64_t *bar, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                   shared32(bar)),
               "r"(bytes)
               : "memory");
}
__device__ void arrive(uint64_t *bar) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared32(bar))
               : "memory");
}
__device__ void waitPhase(uint64_t *bar, int parity) {
  asm volatile("{\n"
               ".reg .pred done;\n"
               "again:\n"
               "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
               "@done bra finished;\n"
               "bra again;\n"
               "finished:\n"
               "}\n" ::"r"(shared32(bar)),
               "r"(parity)
               : "memory");
}
__device__ void load2d(void *to, const void *map, int x, int y, uint64_t *bar) {
  asm volatile(
      "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::"
      "complete_tx::bytes [%0], [%1, {%2, %3}], [%4];" ::"r"(shared32(to)),
      "l"(map), "r"(x), "r"(y), "r"(shared32(bar))
      : "memory");
}
__device__ uint64_t descriptor(const void *p) {
  uint64_t address = shared32(p);
  return (address & 0x3ffff) >> 4 | uint64_t(1) << 16 |
         uint64_t(1024 >> 4) << 32 | uint64_t(1) << 62;
}
__device__ void product(float (&d)[32], uint64_t a, uint64_t b, int keep) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %34, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, "
      "%30, %31}, %32, %33, p, 1, 1, 0, 0;\n}\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]),
        "+f"(d[6]), "+f"(d[7]), "+f"(d[8]), "+f"(d[9]), "+f"(d[10]),
        "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]),
        "+f"(d[16]), "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]),
        "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]), "+f"(d[25]),
        "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]),
        "+f"(d[31])
      : "l"(a), "l"(b), "r"(keep));
}
struct alignas(64) Map {
  char bytes[128];
};
constexpr int stages = 2;
} // namespace

/// c[m, n] = a[m, k] * b[n, k]: blocks of 64 x 64, one producer warp and one
/// consumer warpgroup, 160 threads.
extern "C" __global__ void __launch_bounds__(160)
    gemm(const __grid_constant__ Map mapA, const __grid_constant__ Map mapB,
         float *c, int n, int k) {
  extern __shared__ __align__(1024) uint8_t memory[];
  __nv_bfloat16 *tileA[stages], *tileB[stages];
  for (int s = 0; s < stages; ++s) {
    tileA[s] = reinterpret_cast<__nv_bfloat16 *>(memory + s * 16384);
    tileB[s] = reinterpret_cast<__nv_bfloat16 *>(memory + s * 16384 + 8192);
  }
  auto *full = reinterpret_cast<uint64_t *>(memory + stages * 16384);
  uint64_t *empty = full + stages;
  int thread = threadIdx.x, steps = k / 64;
  if (thread == 0) {
    for (int s = 0; s < stages; ++s) {
      barrierInit(&full[s], 1);
      barrierInit(&empty[s], 128);
    }
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  }
  __syncthreads();
  if (thread >= 128) {
    if (thread == 128)
      for (int t = 0; t < steps; ++t) {
        int s = t % stages, phase = t / stages & 1;
#if BUG != 1
        waitPhase(&empty[s], phase ^ 1);
#endif
        expectBytes(&full[s], 16384);
        load2d(tileA[s], &mapA, t * 64, blockIdx.y * 64, &full[s]);
        load2d(tileB[s], &mapB, t * 64, blockIdx.x * 64, &full[s]);
      }
    return;
  }
  float d[32];
  for (int i = 0; i < 32; ++i)
    d[i] = 0;
  for (int t = 0; t < steps; ++t) {
    int s = t % stages, phase = t / stages & 1;
#if BUG != 2
    waitPhase(&full[s], phase);
#endif
#if BUG != 3
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
    for (int i = 0; i < 4; ++i)
      product(d, descriptor(tileA[s] + i * 16), descriptor(tileB[s] + i * 16),
              1);
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#if BUG != 4
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
#endif
#if BUG != 5
    arrive(&empty[s]);
#endif
  }
  int lane = thread % 32, row = thread / 32 * 16 + lane / 4;
  for (int i = 0; i < 8; ++i)
    for (int h = 0; h < 2; ++h)
      for (int p = 0; p < 2; ++p)
        c[(blockIdx.y * 64 + row + 8 * h) * n + blockIdx.x * 64 + 8 * i +
          lane % 4 * 2 + p] = d[4 * i + 2 * h + p];
}

/// Each block of a cluster of 4 sums its part; block 0 adds them up through
/// distributed shared memory.
extern "C" __global__ void __cluster_dims__(4, 1, 1)
    clusterSum(const float *in, float *out, int perBlock) {
  __shared__ float part;
  __shared__ float warps[8];
  float sum = 0;
  for (int i = threadIdx.x; i < perBlock; i += blockDim.x)
    sum += in[blockIdx.x * perBlock + i];
  for (int o = 16; o; o >>= 1)
    sum += __shfl_xor_sync(~0u, sum, o);
  if (threadIdx.x % 32 == 0)
    warps[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x == 0) {
    part = 0;
    for (int i = 0; i < blockDim.x / 32; ++i)
      part += warps[i];
  }
#if BUG != 6
  asm volatile("barrier.cluster.arrive.aligned;\n"
               "barrier.cluster.wait.aligned;" ::
                   : "memory");
#endif
  uint32_t rank;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  if (rank == 0 && threadIdx.x == 0) {
    float total = 0;
    for (uint32_t r = 0; r < 4; ++r) {
      uint32_t remote;
      float value;
      asm volatile("mapa.shared::cluster.u32 %0, %1, %2;"
                   : "=r"(remote)
                   : "r"(shared32(&part)), "r"(r));
      asm volatile("ld.shared::cluster.f32 %0, [%1];"
                   : "=f"(value)
                   : "r"(remote)
                   : "memory");
      total += value;
    }
    out[blockIdx.x / 4] = total;
  }
#if BUG != 7
  asm volatile("barrier.cluster.arrive.aligned;\n"
               "barrier.cluster.wait.aligned;" ::
                   : "memory");
#endif
}

/// Doubles a tile: bulk tensor load, change in place, proxy fence, store.
extern "C" __global__ void doubleTile(const __grid_constant__ Map from,
                                      const __grid_constant__ Map to) {
  __shared__ __align__(128) float tile[32 * 8];
  __shared__ uint64_t bar;
  if (threadIdx.x == 0)
    barrierInit(&bar, 1);
  __syncthreads();
  if (threadIdx.x == 0) {
    expectBytes(&bar, sizeof tile);
    load2d(tile, &from, blockIdx.x * 8 - 4, blockIdx.y * 32, &bar);
  }
  waitPhase(&bar, 0);
  for (int i = threadIdx.x; i < 256; i += blockDim.x)
    tile[i] *= 2;
#if BUG != 8
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
#if BUG != 9
  __syncthreads();
#endif
  if (threadIdx.x == 0) {
    asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, "
                 "{%1, %2}], [%3];" ::"l"(&to),
                 "r"(int(blockIdx.x) * 8 - 4), "r"(int(blockIdx.y) * 32),
                 "r"(shared32(tile))
                 : "memory");
    asm volatile("cp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;" ::
                     : "memory");
  }
}
