// wgmma_rs.cu - wgmma with A from registers and B written by the threads.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

// a: [64, 16], b: [32, 64] bf16, of which the first 16 columns are used;
// c: [64, 32]; 128 threads
BODY(wgmma_rs)(const unsigned *a, const uint4 *b, float *c) {
  __shared__ __align__(1024) uint4 tb[32 * 8];
  int thread = threadIdx.x, lane = thread % 32, warp = thread / 32;
  for (int i = thread; i < 256; i += 128) {
    int row = i / 8, chunk = i % 8;
    tb[row * 8 + (chunk ^ row % 8)] = b[i]; // bug 1: missing-proxy-fence|race // bug 2: race|missing-proxy-fence
  }
  WITHOUT(1) FENCE_PROXY_ASYNC();
  WITHOUT(2) __syncthreads();
  int row = warp * 16 + lane / 4, pair = lane % 4;
  unsigned fa[4] = {a[row * 8 + pair], a[(row + 8) * 8 + pair],
                    a[row * 8 + pair + 4], a[(row + 8) * 8 + pair + 4]};
  float d[16];
  WGMMA_FENCE();
  WGMMA_M64N32K16_BF16_RS(d, fa, WGMMA_DESCRIPTOR(tb), 0); // bug 1: missing-proxy-fence|race // bug 2: race|missing-proxy-fence
  WGMMA_COMMIT();
  WITHOUT(3) WGMMA_WAIT(0);
#pragma unroll
  for (int i = 0; i < 16; ++i)
    c[(row + i / 2 % 2 * 8) * 32 + i / 4 * 8 + pair * 2 + i % 2] = d[i]; // bug 3: use-before-wait
}
KERNELS(wgmma_rs, 3, (const unsigned *a, const uint4 *b, float *c), (a, b, c))
#else
CASE(wgmma_rs) {
  auto a = vgpu::test::toBf16(vgpu::test::randomFloats(64 * 16, 32));
  auto b = vgpu::test::toBf16(vgpu::test::randomFloats(32 * 64, 33));
  vgpu::test::Buffer<uint16_t> da(a), db(b);
  vgpu::test::Buffer<float> c(64 * 32);
  t.launch("wgmma_rs", {1}, {128}, da.address(), db.address(), c.address());
  t.sync();
  std::vector<float> used;
  for (int row = 0; row < 32; ++row)
    for (int x = 0; x < 16; ++x)
      used.push_back(vgpu::test::fromBf16(b[row * 64 + x]));
  t.expectNear(c.read(),
               vgpu::test::matmul(vgpu::test::fromBf16(a), used, 64, 32, 16,
                                  true),
               1e-4, 1e-5, "product");
}
#endif
