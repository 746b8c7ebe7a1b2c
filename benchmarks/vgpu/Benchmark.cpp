// Benchmark.cpp - thread instructions per second and tensor-core throughput of
// one core, each result checked before its time is told.
//
//   vgpu_benchmark [PTX-FOLDER]
//
// PTX-FOLDER holds the kernels that race checking is measured on; by default
// the one that the build has compiled.
#include "benchmarks/vgpu/Bench.h"

#include <cstdio>

using namespace vgpu;
using namespace vgpu::bench;

namespace {

/// Each thread iterates x = x * a + b, 16 times a turn of the loop.
std::string fmaKernel() {
  std::string text =
      ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry fma("
      ".param .u64 out, .param .u32 turns) {\n.reg .f32 %x;\n.reg .b32 "
      "%i<4>;\n.reg .b64 %p<2>;\n.reg .pred %q;\nld.param.u32 %i1, [turns];\n"
      "mov.u32 %i2, %tid.x;\nmov.u32 %i3, %ctaid.x;\nshl.b32 %i3, %i3, 8;\n"
      "add.u32 %i2, %i2, %i3;\ncvt.rn.f32.u32 %x, %i2;\nmov.u32 %i0, 0;\n"
      "$loop:\n";
  for (int k = 0; k < 16; ++k)
    text += "fma.rn.f32 %x, %x, 0f3F000000, 0f3F800000;\n";
  return text + "add.u32 %i0, %i0, 1;\nsetp.lt.u32 %q, %i0, %i1;\n@%q bra "
                "$loop;\nld.param.u64 %p0, [out];\nmad.wide.u32 %p0, %i2, 4, "
                "%p0;\nst.global.f32 [%p0], %x;\nret;\n}\n";
}

/// Naive c = a * b of f32: two loads and one fma a step.
const char *sgemmKernel =
    ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry sgemm("
    ".param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n) {\n"
    ".reg .f32 %f<4>;\n.reg .b32 %r<9>;\n.reg .b64 %d<9>;\n.reg .pred %p;\n"
    "ld.param.u64 %d1, [a];\nld.param.u64 %d2, [b];\nld.param.u64 %d3, [c];\n"
    "ld.param.u32 %r1, [n];\nmov.u32 %r2, %tid.x;\nmov.u32 %r3, %ctaid.x;\n"
    "mov.u32 %r4, %ntid.x;\nmad.lo.u32 %r2, %r3, %r4, %r2;\n"
    "mov.u32 %r3, %ctaid.y;\nmul.lo.u32 %r5, %r3, %r1;\n"
    "mad.wide.u32 %d1, %r5, 4, %d1;\nmad.wide.u32 %d2, %r2, 4, %d2;\n"
    "add.u32 %r6, %r5, %r2;\nmad.wide.u32 %d3, %r6, 4, %d3;\n"
    "mul.wide.u32 %d4, %r1, 4;\nmov.f32 %f1, 0f00000000;\nmov.u32 %r7, 0;\n"
    "$loop:\nld.global.f32 %f2, [%d1];\nld.global.f32 %f3, [%d2];\n"
    "fma.rn.f32 %f1, %f2, %f3, %f1;\nadd.u64 %d1, %d1, 4;\n"
    "add.u64 %d2, %d2, %d4;\nadd.u32 %r7, %r7, 1;\n"
    "setp.lt.u32 %p, %r7, %r1;\n@%p bra $loop;\nst.global.f32 [%d3], %f1;\n"
    "ret;\n}\n";

/// A warpgroup multiplies one pair of tiles again and again (64 x 256 x 16).
std::string wgmmaKernel() {
  std::string d;
  for (int k = 0; k < 128; ++k)
    d += (k ? ", %f" : "%f") + std::to_string(k);
  std::string text =
      ".version 8.0\n.target sm_90a\n.address_size 64\n.visible .entry wgmma("
      ".param .u64 out, .param .u32 turns) {\n.reg .f32 %f<128>;\n.reg .b32 "
      "%i<6>;\n.reg .b64 %p<4>;\n.reg .pred %q;\n.shared .align 1024 .b8 "
      "tile[40960];\nmov.u32 %i0, %tid.x;\nshl.b32 %i1, %i0, 2;\nmov.u32 %i2, "
      "tile;\nadd.u32 %i1, %i1, %i2;\nmov.u32 %i3, 0;\n$fill:\nst.shared.u32 "
      "[%i1], 0x3f803f80;\nadd.u32 %i1, %i1, 512;\nadd.u32 %i3, %i3, 1;\n"
      "setp.lt.u32 %q, %i3, 80;\n@%q bra $fill;\nfence.proxy.async;\nbar.sync "
      "0;\nshr.u32 %i2, %i2, 4;\ncvt.u64.u32 %p0, %i2;\nor.b64 %p0, %p0, "
      "0x4000004000010000;\nadd.u64 %p1, %p0, 512;\nld.param.u32 %i4, "
      "[turns];\nmov.u32 %i3, 0;\n";
  for (int k = 0; k < 128; ++k)
    text += "mov.f32 %f" + std::to_string(k) + ", 0f00000000;\n";
  return text +
         "$loop:\nwgmma.fence.sync.aligned;\n"
         "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 {" +
         d +
         "}, %p0, %p1, 1, 1, 1, 0, 0;\nwgmma.commit_group.sync.aligned;\n"
         "wgmma.wait_group.sync.aligned 0;\nadd.u32 %i3, %i3, 1;\nsetp.lt.u32 "
         "%q, %i3, %i4;\n@%q bra $loop;\nld.param.u64 %p2, [out];\n"
         "mad.wide.u32 %p2, %i0, 4, %p2;\nst.global.f32 [%p2], %f0;\nret;\n}\n";
}

bool measureFma(Bench &bench) {
  const unsigned blocks = 64, turns = 2000;
  uint64_t out = bench.device->allocate(blocks * 256 * 4);
  double time = bench.run(fmaKernel(), "fma", {blocks, 1, 1}, {256, 1, 1},
                          Arguments(out, turns));
  auto *values = reinterpret_cast<const float *>(out);
  bool good = time > 0 && values[0] == 2.0f && values[blocks * 256 - 1] == 2.0f;
  double count = double(blocks) * 256 * turns * 19;
  printf("fma loop       %8.3f G thread-instructions/s%s\n", count / time / 1e9,
         good ? "" : "  WRONG RESULT");
  bench.device->free(out);
  return good;
}

bool measureSgemm(Bench &bench, double &time, const char *label) {
  const unsigned n = 256;
  std::vector<float> host(n * n, 1.0f);
  uint64_t a = bench.device->allocate(n * n * 4),
           b = bench.device->allocate(n * n * 4),
           c = bench.device->allocate(n * n * 4);
  bench.device->copy(a, uint64_t(host.data()), n * n * 4);
  bench.device->copy(b, uint64_t(host.data()), n * n * 4);
  time = bench.run(sgemmKernel, "sgemm", {1, n, 1}, {n, 1, 1},
                   Arguments(a, b, c, n));
  bool good = time > 0 && reinterpret_cast<const float *>(c)[n + 3] == float(n);
  double count = double(n) * n * (8.0 * n + 18);
  printf("%-14s %8.3f G thread-instructions/s%s\n", label, count / time / 1e9,
         good ? "" : "  WRONG RESULT");
  for (uint64_t address : {a, b, c})
    bench.device->free(address);
  return good;
}

bool measureWgmma(Bench &bench, TensorCoreMode mode, const char *label) {
  bench.options.tensorCore = mode;
  const unsigned turns = 400;
  uint64_t out = bench.device->allocate(128 * 4);
  double time = bench.run(wgmmaKernel(), "wgmma", {4, 1, 1}, {128, 1, 1},
                          Arguments(out, turns));
  bool good = time > 0 && reinterpret_cast<const float *>(out)[7] == 16 * turns;
  double flops = 4.0 * turns * 2 * 64 * 256 * 16;
  printf("%-14s %8.3f GFLOP/s%s\n", label, flops / time / 1e9,
         good ? "" : "  WRONG RESULT");
  bench.device->free(out);
  return good;
}

} // namespace

int main(int argc, char **argv) {
  Bench bench;
  if (!bench.start())
    return 1;
  bench.options.hostThreads = 1;
  double plain, races;
  bool good = measureFma(bench);
  good &= measureSgemm(bench, plain, "sgemm naive");
  bench.options.checkRaces = true;
  good &= measureSgemm(bench, races, "  with races");
  bench.options.checkRaces = false;
  printf("race checking  %8.2f times slower\n", races / plain);
  good &= measureWgmma(bench, TensorCoreMode::Fast, "wgmma fast");
  good &= measureWgmma(bench, TensorCoreMode::Exact, "wgmma exact");
  std::string folder = argc > 1 ? argv[1] : VGPU_BENCH_PTX;
  if (!folder.empty())
    good &= measureRaces(bench, folder);
  return good ? 0 : 1;
}
