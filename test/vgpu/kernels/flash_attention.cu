// flash_attention.cu - attention with mma.sync and a running softmax.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

__device__ __forceinline__ unsigned packBf16(float low, float high) {
  unsigned pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

// q: [64 * gridDim, 64], k, v: [keys, 64], all bf16; out: [queries, 64] f32;
// 4 warps of 16 queries; keys come in tiles of 32
BODY(flash_attention)(const unsigned *q, const uint4 *k, const uint4 *v,
                      float *out, int keys) {
  __shared__ __align__(16) unsigned short tk[32][72], tv[32][72];
  int thread = threadIdx.x, lane = thread % 32, g = lane / 4, p = lane % 4;
  int row = blockIdx.x * 64 + thread / 32 * 16 + g;
  unsigned fq[4][4];
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j)
      fq[i][j] = q[(row + j % 2 * 8) * 32 + i * 8 + j / 2 * 4 + p];
  float top[2] = {-1e30f, -1e30f}, sum[2] = {}, o[8][4] = {};
  for (int base = 0; base < keys; base += 32) {
    WITHOUT(2) __syncthreads();
    for (int i = thread; i < 256; i += 128) {
      *reinterpret_cast<uint4 *>(&tk[i / 8][i % 8 * 8]) = k[base * 8 + i]; // bug 1: race // bug 2: race
      if (Bug != 3 || i < 200)
        *reinterpret_cast<uint4 *>(&tv[i / 8][i % 8 * 8]) = v[(base + (Bug == 4 ? 8 : 0)) * 8 + i]; // bug 1: race // bug 2: race // bug 4: out-of-bounds
    }
    WITHOUT(1) __syncthreads();
    float s[4][4] = {};
    for (int n = 0; n < 4; ++n)
      for (int i = 0; i < 4; ++i) {
        const unsigned *kr =
            reinterpret_cast<const unsigned *>(&tk[n * 8 + g][i * 16]);
        unsigned fb[2] = {kr[p], kr[p + 4]}; // bug 1: race // bug 2: race
        MMA_BF16_16816(s[n], fq[i], fb);
      }
    for (int half = 0; half < 2; ++half) {
      float newTop = top[half];
      for (int n = 0; n < 4; ++n)
        for (int j = 0; j < 2; ++j)
          newTop = fmaxf(newTop, s[n][half * 2 + j] * 0.125f);
      newTop = fmaxf(newTop, __shfl_xor_sync(0xffffffffu, newTop, 1));
      newTop = fmaxf(newTop, __shfl_xor_sync(0xffffffffu, newTop, 2));
      float shrink = expf(top[half] - newTop);
      sum[half] *= shrink;
      top[half] = newTop;
      for (int n = 0; n < 8; ++n)
        for (int j = 0; j < 2; ++j)
          o[n][half * 2 + j] *= shrink;
      for (int n = 0; n < 4; ++n)
        for (int j = 0; j < 2; ++j) {
          float &x = s[n][half * 2 + j];
          x = expf(x * 0.125f - newTop);
          sum[half] += x;
        }
    }
    for (int i = 0; i < 2; ++i) {
      unsigned fp[4];
      for (int j = 0; j < 4; ++j)
        fp[j] = packBf16(s[i * 2 + j / 2][j % 2 * 2],
                         s[i * 2 + j / 2][j % 2 * 2 + 1]);
      for (int n = 0; n < 8; ++n) {
        unsigned fv[2];
        LDMATRIX_X2_TRANS(fv, SHARED(&tv[i * 16 + lane % 16][n * 8])); // bug 1: race // bug 2: race // bug 3: uninitialised
        MMA_BF16_16816(o[n], fp, fv); // bug 3: uninitialised
      }
    }
  }
  for (int half = 0; half < 2; ++half) {
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 1);
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 2);
    for (int n = 0; n < 8; ++n)
      for (int j = 0; j < 2; ++j)
        out[(row + half * 8) * 64 + n * 8 + p * 2 + j] = o[n][half * 2 + j] / sum[half]; // bug 3: uninitialised
  }
}
KERNELS(flash_attention, 4,
        (const unsigned *q, const uint4 *k, const uint4 *v, float *out,
         int keys),
        (q, k, v, out, keys))
#else
CASE(flash_attention) {
  int queries = 64, keys = 96;
  auto q = vgpu::test::toBf16(vgpu::test::randomFloats(queries * 64, 38));
  auto k = vgpu::test::toBf16(vgpu::test::randomFloats(keys * 64, 39));
  auto v = vgpu::test::toBf16(vgpu::test::randomFloats(keys * 64, 40));
  vgpu::test::Buffer<uint16_t> dq(q), dk(k), dv(v);
  vgpu::test::Buffer<float> out(queries * 64);
  t.launch("flash_attention", {1}, {128}, dq.address(), dk.address(),
           dv.address(), out.address(), keys);
  t.sync();
  auto scores = vgpu::test::matmul(vgpu::test::fromBf16(q),
                                   vgpu::test::fromBf16(k), queries, keys, 64,
                                   true);
  std::vector<double> expected(queries * 64);
  for (int i = 0; i < queries; ++i) {
    double sum = 0;
    for (int j = 0; j < keys; ++j)
      sum += std::exp(scores[i * keys + j] * 0.125);
    for (int j = 0; j < keys; ++j)
      for (int x = 0; x < 64; ++x)
        expected[i * 64 + x] += std::exp(scores[i * keys + j] * 0.125) / sum *
                                vgpu::test::fromBf16(v[j * 64 + x]);
  }
  t.expectNear(out.read(), expected, 3e-3, 1e-2, "attention");
}
#endif
