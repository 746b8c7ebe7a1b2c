// wmma_gemm.cu - a product by the fragments of mma.h, one warp a tile.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include <mma.h>

// a: [m, k] half, b: [k, n] half, c: [m, n]; 16 x 16 tiles, one warp a block
BODY(wmma_gemm)(const half *a, const half *b, float *c, int n, int k) {
  namespace wmma = nvcuda::wmma;
  __shared__ __align__(32) half tile[16 * 16];
  wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> x;
  wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::row_major> y;
  wmma::fragment<wmma::accumulator, 16, 16, 16, float> sum;
  wmma::fill_fragment(sum, 0.0f);
  for (int i = 0; i < k; i += 16) {
    for (int e = threadIdx.x; e < 256; e += 32)
      tile[e] = b[(i + e / 16) * n + blockIdx.x * 16 + e % 16];
    __syncwarp();
    wmma::load_matrix_sync(x, a + blockIdx.y * 16 * k + i, k);
    wmma::load_matrix_sync(y, tile, 16);
    wmma::mma_sync(sum, x, y, sum);
    __syncwarp();
  }
  for (int e = 0; e < sum.num_elements; ++e)
    sum.x[e] *= 0.5f;
  wmma::store_matrix_sync(c + blockIdx.y * 16 * n + blockIdx.x * 16, sum, n,
                          wmma::mem_row_major);
}
KERNELS(wmma_gemm, 0, (const half *a, const half *b, float *c, int n, int k),
        (a, b, c, n, k))
#else
CASE(wmma_gemm) {
  int m = 32, n = 48, k = 64;
  // Whole numbers and halves: exact in f16 and in every order of adding.
  std::vector<float> a(m * k), b(k * n);
  std::vector<uint16_t> ha(m * k), hb(k * n);
  auto fill = [](std::vector<float> &x, std::vector<uint16_t> &h, int seed) {
    static const uint16_t bits[] = {0x0000, 0x3800, 0x3c00, 0x4000,
                                    0xb800, 0xbc00, 0xc000, 0x3e00};
    static const float values[] = {0, 0.5f, 1, 2, -0.5f, -1, -2, 1.5f};
    auto words = vgpu::test::randomWords(x.size(), seed);
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = values[words[i] % 8];
      h[i] = bits[words[i] % 8];
    }
  };
  fill(a, ha, 64);
  fill(b, hb, 65);
  vgpu::test::Buffer<uint16_t> da(ha), db(hb);
  vgpu::test::Buffer<float> c(m * n);
  t.launch("wmma_gemm", {3, 2}, {32}, da.address(), db.address(), c.address(),
           n, k);
  t.sync();
  auto expected = vgpu::test::matmul(a, b, m, n, k, false);
  for (double &value : expected)
    value *= 0.5;
  t.expectEqual(c.read(), expected, "product");
}
#endif
