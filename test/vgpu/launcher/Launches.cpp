// Launches.cpp - a driver program whose counts statistics.py knows.
#include <cstdio>
#include <cstdlib>
#include <cuda.h>

static void require(CUresult result, const char *what) {
  if (result == CUDA_SUCCESS)
    return;
  std::fprintf(stderr, "%s: error %d\n", what, int(result));
  std::exit(3);
}

/// twice: p[t] = 2 p[t] + p[t], 64 threads. banks: each lane of a warp writes
/// to the same bank of shared memory, then a barrier.
static const char text[] = R"(
.version 8.0
.target sm_80
.address_size 64
.visible .entry twice(.param .u64 p) {
  .reg .b32 %t;
  .reg .f32 %f;
  .reg .b64 %a<3>;
  ld.param.u64 %a1, [p];
  mov.u32 %t, %tid.x;
  mul.wide.u32 %a2, %t, 4;
  add.u64 %a1, %a1, %a2;
  ld.global.f32 %f, [%a1];
  fma.rn.f32 %f, %f, 0f40000000, %f;
  st.global.f32 [%a1], %f;
  ret;
}
.visible .entry banks() {
  .reg .b32 %t<3>;
  .shared .align 4 .b8 memory[4096];
  mov.u32 %t1, %tid.x;
  mov.u32 %t2, memory;
  mad.lo.u32 %t1, %t1, 128, %t2;
  st.shared.u32 [%t1], %t1;
  bar.sync 0;
  ret;
}
)";

int main() {
  CUcontext context;
  CUmodule module;
  CUfunction twice, banks;
  CUdeviceptr memory;
  require(cuInit(0), "cuInit");
  require(cuDevicePrimaryCtxRetain(&context, 0), "context");
  require(cuCtxSetCurrent(context), "current");
  require(cuModuleLoadData(&module, text), "module");
  require(cuModuleGetFunction(&twice, module, "twice"), "twice");
  require(cuModuleGetFunction(&banks, module, "banks"), "banks");
  require(cuMemAlloc(&memory, 64 * sizeof(float)), "memory");
  require(cuMemsetD32(memory, 0, 64), "fill");
  void *arguments[] = {&memory};
  for (int turn = 0; turn < 3; ++turn)
    require(cuLaunchKernel(twice, 1, 1, 1, 64, 1, 1, 0, nullptr, arguments,
                           nullptr),
            "launch of twice");
  require(
      cuLaunchKernel(banks, 5, 1, 1, 32, 1, 1, 0, nullptr, nullptr, nullptr),
      "launch of banks");
  require(cuCtxSynchronize(), "synchronise");
  return 0;
}
