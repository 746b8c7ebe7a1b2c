// ampere.cu - cp.async, ldmatrix and mma.sync.
#include <cstdint>
#include <cuda_bf16.h>

#ifndef BUG
#define BUG 0
#endif

/// c[16 * warps, 8] = a[., k] * b[8, k]; k a multiple of 16, b in shared
/// memory through cp.async, a through ldmatrix.
extern "C" __global__ void mmaGemm(const __nv_bfloat16 *a,
                                   const __nv_bfloat16 *b, float *c, int k) {
  __shared__ __align__(16) __nv_bfloat16 tileA[4][16][16];
  __shared__ __align__(16) __nv_bfloat16 tileB[2][8][16];
  int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const __nv_bfloat16 *rows =
      a + (blockIdx.x * (blockDim.x / 32) + warp) * 16 * k;
  float d[4] = {0, 0, 0, 0};
  auto fetch = [&](int t) {
    if (threadIdx.x < 16) {
      uint32_t to = uint32_t(__cvta_generic_to_shared(
          &tileB[t & 1][threadIdx.x / 2][threadIdx.x % 2 * 8]));
      asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to),
                   "l"(b + threadIdx.x / 2 * k + t * 16 + threadIdx.x % 2 * 8)
                   : "memory");
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
  };
  fetch(0);
  for (int t = 0; t < k / 16; ++t) {
    for (int i = lane; i < 256; i += 32)
      tileA[warp][i / 16][i % 16] = rows[i / 16 * k + t * 16 + i % 16];
    if (t + 1 < k / 16)
      fetch(t + 1);
    else
      asm volatile("cp.async.commit_group;" ::: "memory");
#if BUG != 1
    asm volatile("cp.async.wait_group 1;" ::: "memory");
#endif
#if BUG != 2
    __syncthreads();
#endif
    uint32_t ra[4], rb[2];
    uint32_t at = uint32_t(
        __cvta_generic_to_shared(&tileA[warp][lane % 16][lane / 16 * 8]));
    asm volatile(
        "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
        : "=r"(ra[0]), "=r"(ra[1]), "=r"(ra[2]), "=r"(ra[3])
        : "r"(at)
        : "memory");
    uint32_t bt = uint32_t(
        __cvta_generic_to_shared(&tileB[t & 1][lane % 8][lane / 8 % 2 * 8]));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(rb[0]), "=r"(rb[1])
                 : "r"(bt)
                 : "memory");
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, "
                 "%2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(ra[0]), "r"(ra[1]), "r"(ra[2]), "r"(ra[3]), "r"(rb[0]),
                   "r"(rb[1]));
#if BUG != 3
    __syncthreads();
#endif
  }
  float *out = c + (blockIdx.x * (blockDim.x / 32) + warp) * 16 * 8;
  for (int e = 0; e < 4; ++e)
    out[(lane / 4 + e / 2 * 8) * 8 + lane % 4 * 2 + e % 2] = d[e];
}
