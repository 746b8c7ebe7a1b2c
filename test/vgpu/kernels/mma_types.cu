// mma_types.cu - mma.sync over tf32, f16 and signed bytes, one warp each.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// tf32: a [16, 8], b [8, 8] (column order) -> d [16, 8]
extern "C" __global__ void mma_tf32(const float *a, const float *b, float *d) {
  int g = threadIdx.x / 4, t = threadIdx.x % 4;
  float c[4] = {};
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(__float_as_uint(a[g * 8 + t])),
                 "r"(__float_as_uint(a[(g + 8) * 8 + t])),
                 "r"(__float_as_uint(a[g * 8 + t + 4])),
                 "r"(__float_as_uint(a[(g + 8) * 8 + t + 4])),
                 "r"(__float_as_uint(b[g * 8 + t])),
                 "r"(__float_as_uint(b[g * 8 + t + 4])));
  for (int i = 0; i < 4; ++i)
    d[(g + i / 2 * 8) * 8 + t * 2 + i % 2] = c[i];
}

// s8: a [16, 32], b [32, 8] (column order) -> d [16, 8]
extern "C" __global__ void mma_s8(const int *a, const int *b, int *d) {
  int g = threadIdx.x / 4, t = threadIdx.x % 4;
  int c[4] = {};
  asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
               "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
               : "r"(a[g * 8 + t]), "r"(a[(g + 8) * 8 + t]),
                 "r"(a[g * 8 + t + 4]), "r"(a[(g + 8) * 8 + t + 4]),
                 "r"(b[g * 8 + t]), "r"(b[g * 8 + t + 4]));
  for (int i = 0; i < 4; ++i)
    d[(g + i / 2 * 8) * 8 + t * 2 + i % 2] = c[i];
}
#else
CASE(mma_types) {
  auto a = vgpu::test::randomFloats(16 * 8, 24);
  auto b = vgpu::test::randomFloats(8 * 8, 25);
  for (auto *values : {&a, &b})
    for (float &v : *values)
      v = vgpu::test::fromBf16(vgpu::test::toBf16(v)); // exact in tf32
  vgpu::test::Buffer<float> da(a), db(b), d(16 * 8);
  t.launch("mma_tf32", {1}, {32}, da.address(), db.address(), d.address());
  auto bytesA = vgpu::test::randomWords(16 * 8, 26);
  auto bytesB = vgpu::test::randomWords(8 * 8, 27);
  vgpu::test::Buffer<uint32_t> ia(bytesA), ib(bytesB);
  vgpu::test::Buffer<int> id(16 * 8);
  t.launch("mma_s8", {1}, {32}, ia.address(), ib.address(), id.address());
  t.sync();
  t.expectNear(d.read(), vgpu::test::matmul(a, b, 16, 8, 8, true), 1e-6, 1e-6,
               "tf32");
  std::vector<int> expected(16 * 8);
  auto *sa = reinterpret_cast<const int8_t *>(bytesA.data());
  auto *sb = reinterpret_cast<const int8_t *>(bytesB.data());
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 8; ++j)
      for (int x = 0; x < 32; ++x)
        expected[i * 8 + j] += sa[i * 32 + x] * sb[j * 32 + x];
  t.expectEqual(id.read(), expected, "s8");
}
#endif
