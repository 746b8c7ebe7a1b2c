// tma_reduce.cu - blocks add their tile to one place with a TMA reduction, and
// read a box of a 3-D tensor.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) TensorMapBytes {
  char bytes[128];
};

// in: [gridDim, 8, 16] by a 3-D map; sum: [8, 16] by a map; 128 threads
BODY(tma_reduce)(const TensorMapBytes &in, const TensorMapBytes &sum) {
  __shared__ __align__(128) float tile[8 * 16];
  __shared__ __align__(8) unsigned long long bar;
  if (threadIdx.x == 0) {
    MBARRIER_INIT(&bar, 1);
    FENCE_BARRIER_INIT();
    MBARRIER_EXPECT(&bar, Bug == 1 ? 256 : 512); // bug 1: barrier-misuse|mbarrier-deadlock|invalid-operand|race
    TMA_LOAD_3D(tile, in, 0, 0, int(blockIdx.x), &bar); // bug 1: barrier-misuse|mbarrier-deadlock|invalid-operand|race
    MBARRIER_WAIT(&bar, 0); // bug 1: mbarrier-deadlock|hang|barrier-misuse
    TMA_REDUCE_ADD_2D(sum, 0, 0, tile); // bug 1: race|uninitialised
    BULK_COMMIT();
    WITHOUT(2) BULK_WAIT_READ(0);
    if (Bug == 2)
      TMA_LOAD_3D(tile, in, 0, 0, 0, &bar); // bug 2: race|barrier-misuse
  }
}
KERNELS(tma_reduce, 2,
        (const __grid_constant__ TensorMapBytes in,
         const __grid_constant__ TensorMapBytes sum),
        (in, sum))
#else
CASE(tma_reduce) {
  int blocks = 4;
  auto in = vgpu::test::randomFloats(blocks * 128, 35);
  vgpu::test::Buffer<float> din(in), sum(128);
  sum.zero();
  CUtensorMap map;
  cuuint64_t sizes[] = {16, 8, cuuint64_t(blocks)}, strides[] = {64, 512};
  cuuint32_t box[] = {16, 8, 1}, steps[] = {1, 1, 1};
  REQUIRE_CU(cuTensorMapEncodeTiled(
      &map, CU_TENSOR_MAP_DATA_TYPE_FLOAT32, 3,
      reinterpret_cast<void *>(din.address()), sizes, strides, box, steps,
      CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
      CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE));
  t.launch("tma_reduce", {unsigned(blocks)}, {32}, map,
           vgpu::test::tensorMap2d(CU_TENSOR_MAP_DATA_TYPE_FLOAT32,
                                   sum.address(), 16, 8, 64, 16, 8,
                                   CU_TENSOR_MAP_SWIZZLE_NONE));
  t.sync();
  std::vector<double> expected(128);
  for (int i = 0; i < blocks * 128; ++i)
    expected[i % 128] += in[i];
  t.expectNear(sum.read(), expected, 1e-5, 0, "sum");
}
#endif
