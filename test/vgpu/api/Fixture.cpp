// Fixture.cpp - the module of the driver tests.

#include "test/vgpu/api/Fixture.h"

const char *const modulePtx = R"(.version 8.0
.target sm_80
.address_size 64
.visible .global .align 4 .u32 counter = 7;
.visible .const .align 4 .b8 table[8] = {1, 0, 0, 0, 2, 0, 0, 0};

.visible .entry add(.param .u64 p, .param .u32 n, .param .u32 v)
{
  .reg .pred %q;
  .reg .b32 %r<8>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r1, [n];
  ld.param.u32 %r2, [v];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r6, %r3, %r4, %r5;
  setp.ge.s32 %q, %r6, %r1;
  @%q bra DONE;
  cvta.to.global.u64 %rd2, %rd1;
  mul.wide.s32 %rd3, %r6, 4;
  add.s64 %rd2, %rd2, %rd3;
  ld.global.u32 %r7, [%rd2];
  add.s32 %r7, %r7, %r2;
  st.global.u32 [%rd2], %r7;
DONE:
  ret;
}

.visible .entry store(.param .u64 p, .param .u32 v)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r1, [v];
  st.global.u32 [%rd1], %r1;
  ret;
}

.visible .entry big(.param .u64 p)
.maxntid 256, 1, 1
{
  .shared .align 4 .b8 tile[16384];
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, 1;
  st.shared.u32 [tile], %r1;
  st.global.u32 [%rd1], %r1;
  ret;
}
)";

void Driver::SetUp() {
  ASSERT_CU(cuInit(0));
  ASSERT_CU(cuDeviceGet(&device, 0));
  ASSERT_CU(cuCtxCreate(&context, nullptr, 0, device));
  ASSERT_CU(cuModuleLoadData(&module, modulePtx));
  ASSERT_CU(cuModuleGetFunction(&addKernel, module, "add"));
  ASSERT_CU(cuModuleGetFunction(&storeKernel, module, "store"));
}

void Driver::TearDown() {
  cuCtxDestroy(context);
  CUcontext rest = nullptr;
  while (cuCtxPopCurrent(&rest) == CUDA_SUCCESS) {
  }
}

CUresult Driver::add(CUdeviceptr pointer, int count, int value,
                     CUstream stream) {
  void *arguments[] = {&pointer, &count, &value};
  return cuLaunchKernel(addKernel, unsigned(count + 63) / 64, 1, 1, 64, 1, 1, 0,
                        stream, arguments, nullptr);
}

CUdeviceptr Driver::allocate(int count, int value) {
  CUdeviceptr pointer = 0;
  EXPECT_CU(cuMemAlloc(&pointer, size_t(count) * 4));
  EXPECT_CU(cuMemsetD32(pointer, unsigned(value), size_t(count)));
  // Streams that do not block are not ordered after the fill.
  EXPECT_CU(cuCtxSynchronize());
  return pointer;
}

std::vector<int> Driver::read(CUdeviceptr pointer, int count) {
  std::vector<int> values(static_cast<size_t>(count));
  EXPECT_CU(cuMemcpyDtoH(values.data(), pointer, size_t(count) * 4));
  return values;
}
