// fp8_quantize.cu - rows in groups of 128 to e4m3 with one scale a group.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// x: [rows, 128], q: [rows, 128] e4m3, scale: [rows]; a warp a row
BODY(fp8_quantize)(const float4 *x, unsigned *q, float *scale, int rows) {
  int row = blockIdx.x * 2 + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (row >= rows)
    return;
  float4 v = x[row * 32 + lane];
  float top = fmaxf(fmaxf(fabsf(v.x), fabsf(v.y)), fmaxf(fabsf(v.z), fabsf(v.w)));
  for (int step = 16; step > 0; step /= 2)
    top = fmaxf(top, __shfl_xor_sync(0xffffffffu, top, step));
  float s = top / 448, inverse = 1 / s;
  unsigned short low, high;
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(low) : "f"(v.y * inverse), "f"(v.x * inverse));
  asm("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(high) : "f"(v.w * inverse), "f"(v.z * inverse));
  q[row * 32 + lane + (Bug == 1 ? 32 : 0)] = low | unsigned(high) << 16; // bug 1: out-of-bounds|race
  if (lane == 0)
    scale[row] = s;
}
KERNELS(fp8_quantize, 1,
        (const float4 *x, unsigned *q, float *scale, int rows),
        (x, q, scale, rows))
#else
CASE(fp8_quantize) {
  int rows = 5;
  auto x = vgpu::test::randomFloats(rows * 128, 51);
  vgpu::test::Buffer<float> dx(x), scale(rows);
  vgpu::test::Buffer<uint8_t> q(rows * 128);
  t.launch("fp8_quantize", {3}, {64}, dx.address(), q.address(),
           scale.address(), rows);
  t.sync();
  auto codes = q.read();
  auto scales = scale.read();
  std::vector<float> real;
  for (int i = 0; i < rows * 128; ++i) {
    int exponent = codes[i] >> 3 & 15, mantissa = codes[i] & 7;
    double value = exponent ? std::ldexp(8 + mantissa, exponent - 10)
                            : std::ldexp(mantissa, -9);
    real.push_back(float((codes[i] & 128 ? -value : value) * scales[i / 128]));
  }
  t.expectNear(real, x, 2e-5, 0.0626, "dequantised");
}
#endif
