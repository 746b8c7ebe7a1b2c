// tma_copy.cu - a tile in by TMA, doubled by threads, out by TMA; the edge of
// the matrix cuts the tiles.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
#include "test/vgpu/kernels/Ptx.h"

struct __align__(64) TensorMapBytes {
  char bytes[128];
};

// boxes of 16 x 8 floats; 128 threads, one element each
BODY(tma_copy)(const TensorMapBytes &in, const TensorMapBytes &out) {
  __shared__ __align__(128) float tile[8 * 16];
  __shared__ __align__(8) unsigned long long bar;
  int thread = threadIdx.x;
  int x = blockIdx.x * 16, y = blockIdx.y * 8;
  if (thread == 0) {
    WITHOUT(5) MBARRIER_INIT(&bar, 1);
    FENCE_BARRIER_INIT();
  }
  __syncthreads();
  if (thread == 0) {
    MBARRIER_EXPECT(&bar, 8 * 16 * 4); // bug 5: barrier-misuse|uninitialised|invalid-operand
    TMA_LOAD_2D(tile + (Bug == 4 ? 4 : 0), in, x, y, &bar); // bug 1: race|use-before-wait // bug 4: misaligned|out-of-bounds|invalid-operand // bug 5: barrier-misuse|uninitialised
  }
  WITHOUT(1) MBARRIER_WAIT(&bar, 0); // bug 5: barrier-misuse
  tile[thread] *= 2; // bug 1: race|use-before-wait|uninitialised // bug 2: missing-proxy-fence|race // bug 3: race|missing-proxy-fence
  WITHOUT(2) FENCE_PROXY_ASYNC();
  WITHOUT(3) __syncthreads();
  if (thread == 0) {
    TMA_STORE_2D(out, x, y, tile); // bug 2: missing-proxy-fence|race // bug 3: race|missing-proxy-fence // bug 6: race|use-before-wait
    BULK_COMMIT();
    WITHOUT(6) BULK_WAIT_READ(0);
    tile[0] = 0; // bug 6: race|use-before-wait
  }
}
KERNELS(tma_copy, 6,
        (const __grid_constant__ TensorMapBytes in,
         const __grid_constant__ TensorMapBytes out),
        (in, out))
#else
CASE(tma_copy) {
  int rows = 13, columns = 36;
  auto in = vgpu::test::randomFloats(rows * columns, 34);
  vgpu::test::Buffer<float> din(in), out(rows * columns);
  auto map = [&](CUdeviceptr base) {
    return vgpu::test::tensorMap2d(CU_TENSOR_MAP_DATA_TYPE_FLOAT32, base,
                                   columns, rows, columns * 4, 16, 8,
                                   CU_TENSOR_MAP_SWIZZLE_NONE);
  };
  t.launch("tma_copy", {3, 2}, {128}, map(din.address()), map(out.address()));
  t.sync();
  for (float &v : in)
    v *= 2;
  t.expectEqual(out.read(), in, "copy");
}
#endif
