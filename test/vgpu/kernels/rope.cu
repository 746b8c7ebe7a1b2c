// rope.cu - rotates pairs by angles that grow with the position.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x: [tokens, 32]; 16 pairs a token, sine and cosine of large angles too
BODY(rope)(float *x, const int *positions, int tokens) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  int token = i / 16, pair = i % 16;
  if (token >= (Bug == 1 ? tokens + 1 : tokens))
    return;
  float angle = positions[token] * exp2f(-13.2877124f * pair / 16); // bug 1: out-of-bounds
  float s = sinf(angle), c = cosf(angle);
  float a = x[token * 32 + pair], b = x[token * 32 + pair + 16];
  x[token * 32 + pair] = a * c - b * s;
  x[token * 32 + pair + 16] = a * s + b * c;
}
KERNELS(rope, 1, (float *x, const int *positions, int tokens),
        (x, positions, tokens))
#else
CASE(rope) {
  int tokens = 10;
  auto x = vgpu::test::randomFloats(tokens * 32, 48);
  std::vector<int> positions;
  for (int i = 0; i < tokens; ++i)
    positions.push_back(i * i * 1500);
  vgpu::test::Buffer<float> dx(x);
  vgpu::test::Buffer<int> dp(positions);
  t.launch("rope", {2}, {96}, dx.address(), dp.address(), tokens);
  t.sync();
  std::vector<double> expected(tokens * 32);
  for (int i = 0; i < tokens; ++i)
    for (int p = 0; p < 16; ++p) {
      float angle = float(positions[i]) * std::exp2(-13.2877124f * p / 16);
      double a = x[i * 32 + p], b = x[i * 32 + p + 16];
      double s = std::sin(double(angle)), c = std::cos(double(angle));
      expected[i * 32 + p] = a * c - b * s;
      expected[i * 32 + p + 16] = a * s + b * c;
    }
  // exp2f may differ by one unit; large angles magnify that.
  t.expectNear(dx.read(), expected, 2e-2, 0, "rotated");
}
#endif
