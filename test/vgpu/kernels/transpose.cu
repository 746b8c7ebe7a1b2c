// transpose.cu - a matrix through padded tiles in shared memory.
#include "test/vgpu/kernels/Case.h"

#ifdef __CUDACC__
// in: [rows, columns], out: [columns, rows]; blocks of 32 x 8 threads
BODY(transpose)(const float *in, float *out, int rows, int columns) {
  __shared__ float tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8) {
    if (Bug == 3 && threadIdx.x == 31)
      continue;
    if (x < columns && (Bug == 4 || y + j < rows))
      tile[threadIdx.y + j][threadIdx.x] =
          in[(y + j) * columns + x]; // bug 1: race // bug 4: out-of-bounds
  }
  WITHOUT(1) __syncthreads();
  int u = blockIdx.y * 32 + threadIdx.x, v = blockIdx.x * 32 + threadIdx.y;
  for (int j = 0; j < 32; j += 8)
    if (u < rows && v + j < columns) {
      int row = Bug == 2 ? threadIdx.x * 2 : threadIdx.x;
      float value =
          (&tile[0][0])[row * 33 + // bug 1: race // bug 2: out-of-bounds
                        threadIdx.y + j]; // bug 2: out-of-bounds // bug 1: race
      out[(v + j) * rows + u] = value; // bug 3: uninitialised
    }
}
KERNELS(transpose, 4, (const float *in, float *out, int rows, int columns),
        (in, out, rows, columns))
#else
CASE(transpose) {
  int rows = 70, columns = 64;
  auto in = vgpu::test::randomFloats(rows * columns, 4);
  vgpu::test::Buffer<float> din(in), out(rows * columns);
  t.launch("transpose", {2, 3}, {32, 8}, din.address(), out.address(), rows,
           columns);
  t.sync();
  std::vector<float> expected(rows * columns);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      expected[j * rows + i] = in[i * columns + j];
  t.expectEqual(out.read(), expected, "transpose");
}
#endif
