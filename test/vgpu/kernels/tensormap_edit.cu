// tensormap_edit.cu - a block makes its own tensor map from a template, as
// grouped products do: edits it in shared memory, publishes it, loads by it.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) TemplateMap {
  unsigned words[32];
};

// groups: [gridDim] matrices of rows[g] x 8 floats; maps: [gridDim] 128 bytes;
// out: [gridDim, 8 * 8] the first 8 rows, zeros where there are fewer
BODY(tensormap_edit)(const TemplateMap &base, float *const *groups,
                     const int *rows, unsigned char *maps, float *out) {
  __shared__ __align__(128) unsigned edited[32];
  __shared__ __align__(128) float tile[64];
  __shared__ __align__(8) unsigned long long bar;
  int g = blockIdx.x;
  unsigned char *own = maps + g * 128;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(&bar, 1);
    FENCE_BARRIER_INIT();
    for (int i = 0; i < 32; ++i)
      edited[i] = base.words[i];
    asm volatile("tensormap.replace.tile.global_address.shared::cta.b1024.b64 [%0], %1;" ::"r"(SHARED(edited)), "l"(groups[g]) : "memory");
    asm volatile("tensormap.replace.tile.global_dim.shared::cta.b1024.b32 [%0], 1, %1;" ::"r"(SHARED(edited)), "r"(rows[g]) : "memory");
    asm volatile("tensormap.replace.tile.global_stride.shared::cta.b1024.b64 [%0], 0, %1;" ::"r"(SHARED(edited)), "l"(32ull) : "memory");
  }
  __syncwarp();
  asm volatile("tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release.gpu.sync.aligned [%0], [%1], 128;" ::"l"(own), "r"(SHARED(edited)) : "memory");
  asm volatile("fence.proxy.tensormap::generic.acquire.gpu [%0], 128;" ::"l"(own) : "memory");
  if (threadIdx.x == 0) {
    MBARRIER_EXPECT(&bar, Bug == 1 ? 512 : 256);
    TMA_LOAD_2D(tile, *own, 0, 0, &bar); // bug 2: race|use-before-wait|uninitialised
  }
  WITHOUT(2) MBARRIER_WAIT(&bar, 0); // bug 1: mbarrier-deadlock|hang
  for (int i = threadIdx.x; i < 64; i += 32)
    out[g * 64 + i] = tile[i]; // bug 2: race|use-before-wait|uninitialised
}
KERNELS(tensormap_edit, 2,
        (const __grid_constant__ TemplateMap base, float *const *groups,
         const int *rows, unsigned char *maps, float *out),
        (base, groups, rows, maps, out))
#else
CASE(tensormap_edit) {
  std::vector<int> rows = {5, 8, 3};
  std::vector<float> values = vgpu::test::randomFloats(3 * 64, 62);
  vgpu::test::Buffer<float> first({values.begin(), values.begin() + 64});
  vgpu::test::Buffer<float> second({values.begin() + 64, values.begin() + 128});
  vgpu::test::Buffer<float> third({values.begin() + 128, values.end()});
  vgpu::test::Buffer<CUdeviceptr> groups(std::vector<CUdeviceptr>{
      first.address(), second.address(), third.address()});
  vgpu::test::Buffer<int> dr(rows);
  vgpu::test::Buffer<unsigned char> maps(3 * 128);
  vgpu::test::Buffer<float> out(3 * 64);
  CUtensorMap base = vgpu::test::tensorMap2d(
      CU_TENSOR_MAP_DATA_TYPE_FLOAT32, first.address(), 8, 64, 64, 8, 8,
      CU_TENSOR_MAP_SWIZZLE_NONE);
  t.launch("tensormap_edit", {3}, {32}, base, groups.address(), dr.address(),
           maps.address(), out.address());
  t.sync();
  std::vector<float> expected(3 * 64);
  for (int g = 0; g < 3; ++g)
    for (int i = 0; i < rows[g] * 8; ++i)
      expected[g * 64 + i] = values[g * 64 + i];
  t.expectEqual(out.read(), expected, "tile");
}
#endif
