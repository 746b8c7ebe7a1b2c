// philox.cu - counter-based random numbers: wide multiplies and exclusive ors.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// out: [n, 4]
BODY(philox)(uint4 *out, unsigned seed, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  uint4 c = make_uint4(i, 0, 0, 0);
  unsigned k0 = seed, k1 = ~seed;
  for (int round = 0; round < 10; ++round) {
    unsigned h0 = __umulhi(0xD2511F53u, c.x), l0 = 0xD2511F53u * c.x;
    unsigned h1 = __umulhi(0xCD9E8D57u, c.z), l1 = 0xCD9E8D57u * c.z;
    c = make_uint4(h1 ^ c.y ^ k0, l1, h0 ^ c.w ^ k1, l0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  if (Bug == 1)
    *reinterpret_cast<uint4 *>(reinterpret_cast<unsigned *>(out + i) + 1) = c; // bug 1: misaligned
  else
    out[i] = c;
}
KERNELS(philox, 1, (uint4 *out, unsigned seed, int n), (out, seed, n))
#else
CASE(philox) {
  int n = 70;
  vgpu::test::Buffer<uint32_t> out(n * 4);
  t.launch("philox", {3}, {32}, out.address(), 42u, n);
  t.sync();
  std::vector<uint32_t> expected;
  for (int i = 0; i < n; ++i) {
    uint32_t c[4] = {uint32_t(i), 0, 0, 0}, k0 = 42, k1 = ~42u;
    for (int round = 0; round < 10; ++round) {
      uint64_t a = uint64_t(0xD2511F53u) * c[0], b = uint64_t(0xCD9E8D57u) * c[2];
      uint32_t next[4] = {uint32_t(b >> 32) ^ c[1] ^ k0, uint32_t(b),
                          uint32_t(a >> 32) ^ c[3] ^ k1, uint32_t(a)};
      std::memcpy(c, next, sizeof c);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    expected.insert(expected.end(), c, c + 4);
  }
  t.expectEqual(out.read(), expected, "random");
}
#endif
