// attention_decode.cu - one query over many keys, split over warps and merged.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// q: [heads, 64], k, v: [keys, 64], out: [heads, 64]; a block a head, 4 warps
BODY(attention_decode)(const float *q, const float *k, const float *v,
                       float *out, int keys) {
  __shared__ float tops[4], sums[4], parts[4][64];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32, head = blockIdx.x;
  float q0 = q[head * 64 + lane], q1 = q[head * 64 + lane + 32];
  float top = -1e30f, sum = 0, o0 = 0, o1 = 0;
  for (int key = warp; key < keys; key += 4) {
    float score = q0 * k[key * 64 + lane] + q1 * k[key * 64 + lane + 32];
    for (int step = 16; step > 0; step /= 2)
      score += __shfl_xor_sync(0xffffffffu, score, step);
    score *= 0.125f;
    float newTop = fmaxf(top, score), shrink = expf(top - newTop);
    float weight = expf(score - newTop);
    sum = sum * shrink + weight;
    o0 = o0 * shrink + weight * v[key * 64 + lane];
    o1 = o1 * shrink + weight * v[key * 64 + lane + 32];
    top = newTop;
  }
  parts[warp][lane] = o0; // bug 1: race
  parts[warp][lane + 32] = o1; // bug 1: race
  if (lane == 0) {
    tops[warp] = top; // bug 1: race
    if (Bug != 2 || warp < 3)
      sums[warp] = sum; // bug 1: race
  }
  WITHOUT(1) __syncthreads();
  if (threadIdx.x < 64) {
    float all = fmaxf(fmaxf(tops[0], tops[1]), fmaxf(tops[2], tops[3])); // bug 1: race
    float total = 0, value = 0;
    for (int w = 0; w < 4; ++w) {
      float shrink = expf(tops[w] - all);
      total += sums[w] * shrink; // bug 1: race
      value += parts[w][threadIdx.x] * shrink; // bug 1: race
    }
    out[head * 64 + threadIdx.x] = value / total; // bug 2: uninitialised
  }
}
KERNELS(attention_decode, 2,
        (const float *q, const float *k, const float *v, float *out, int keys),
        (q, k, v, out, keys))
#else
CASE(attention_decode) {
  int heads = 3, keys = 50;
  auto q = vgpu::test::randomFloats(heads * 64, 41);
  auto k = vgpu::test::randomFloats(keys * 64, 42);
  auto v = vgpu::test::randomFloats(keys * 64, 43);
  vgpu::test::Buffer<float> dq(q), dk(k), dv(v), out(heads * 64);
  t.launch("attention_decode", {unsigned(heads)}, {128}, dq.address(),
           dk.address(), dv.address(), out.address(), keys);
  t.sync();
  auto scores = vgpu::test::matmul(q, k, heads, keys, 64, true);
  std::vector<double> expected(heads * 64);
  for (int h = 0; h < heads; ++h) {
    double sum = 0;
    for (int j = 0; j < keys; ++j)
      sum += std::exp(scores[h * keys + j] * 0.125);
    for (int j = 0; j < keys; ++j)
      for (int x = 0; x < 64; ++x)
        expected[h * 64 + x] +=
            std::exp(scores[h * keys + j] * 0.125) / sum * v[j * 64 + x];
  }
  t.expectNear(out.read(), expected, 1e-5, 1e-4, "attention");
}
#endif
