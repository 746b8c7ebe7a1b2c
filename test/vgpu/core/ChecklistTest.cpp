// ChecklistTest.cpp - the instructions that the published GEMM and attention
// kernels for the H100 issue in inline assembly: each loads and runs.
//
// One kernel a row. A warpgroup runs it with a block of its own; the first
// thread has set up the shared memory, two mbarriers and the tensor maps that
// rows use by name. What the instructions compute is tested elsewhere: here a
// row must load, end, and give no report.
#include "test/vgpu/core/KernelRunner.h"
#include "tools/vgpu/core/TensorMap.h"

namespace vgpu::test {
namespace {

/// Who executes a row.
enum class By { Everyone, FirstThread, FirstWarp };

struct Row {
  By by;
  const char *text;
};

const Row rows[] = {
    // Barriers and clusters.
    {By::Everyone, "bar.sync 1, 128;"},
    {By::Everyone, "bar.arrive 2, 128;"},
    {By::Everyone, "barrier.sync 3, 128;"},
    {By::Everyone, "barrier.sync.aligned 3;"},
    {By::Everyone, "barrier.cta.sync.aligned 4;"},
    {By::Everyone, "barrier.cluster.arrive.aligned; "
                   "barrier.cluster.wait.aligned;"},
    {By::Everyone, "barrier.cluster.arrive.relaxed.aligned; "
                   "barrier.cluster.wait.acquire.aligned;"},
    {By::Everyone, "barrier.cluster.arrive.release; "
                   "barrier.cluster.wait.acquire;"},
    {By::Everyone, "mapa.shared::cluster.u32 %r0, %r20, 0; "
                   "mapa.u64 %rd0, %rd20, 0; getctarank.shared::cluster.u32 "
                   "%r1, %r0;"},
    {By::FirstWarp, "elect.sync _|%p1, 0xffffffff; elect.sync %r0|%p1, -1;"},
    {By::Everyone, "griddepcontrol.wait; griddepcontrol.launch_dependents;"},
    {By::Everyone, "setmaxnreg.dec.sync.aligned.u32 40; "
                   "setmaxnreg.inc.sync.aligned.u32 232;"},
    {By::Everyone, "nanosleep.u32 20;"},
    {By::Everyone, "mov.u64 %rd0, %globaltimer; mov.u32 %r0, %smid; mov.u32 "
                   "%r1, %clusterid.x; mov.u32 %r2, %cluster_ctarank; mov.u64 "
                   "%rd1, %clock64; mov.u32 %r3, %lanemask_lt;"},
    // mbarriers.
    {By::FirstThread, "mbarrier.arrive.shared::cta.b64 _, [%r21]; "
                      "mbarrier.arrive.shared::cta.b64 %rd0, [%r21];"},
    {By::FirstThread, "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], 0;"
                      "mbarrier.expect_tx.shared::cta.b64 [%r22], 16; "
                      "mbarrier.complete_tx.shared::cluster.relaxed.cluster."
                      "b64 [%r22], 16;"},
    {By::FirstThread,
     "mapa.shared::cluster.u32 %r0, %r21, 0; mbarrier.arrive.shared::cluster."
     "b64 _, [%r0]; mbarrier.arrive.release.cluster.shared::cluster.b64 _, "
     "[%r0], 1; mbarrier.arrive.expect_tx.shared::cluster.b64 _, [%r0], 0; "
     "mbarrier.arrive.relaxed.cluster.shared::cta.b64 _, [%r21];"},
    {By::FirstThread,
     "mbarrier.test_wait.parity.shared::cta.b64 %p1, [%r21], 1; "
     "mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 1; "
     "mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 1, 1000; "
     "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 %p1, [%r21], "
     "1;"},
    {By::FirstThread, "mbarrier.inval.shared::cta.b64 [%r21];"},
    {By::Everyone, "cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%r21]; "
                   "cp.async.mbarrier.arrive.shared::cta.b64 [%r22];"},
    // Fences.
    {By::Everyone, "fence.acq_rel.gpu; fence.sc.sys; fence.acq_rel.cluster; "
                   "membar.gl; membar.sys; membar.cta;"},
    {By::Everyone, "fence.mbarrier_init.release.cluster;"},
    {By::Everyone, "fence.proxy.async; fence.proxy.async.shared::cta; "
                   "fence.proxy.async.global; fence.proxy.alias;"},
    {By::Everyone, "fence.proxy.tensormap::generic.release.gpu; "
                   "fence.proxy.tensormap::generic.acquire.gpu [%rd22], 128;"},
    {By::Everyone, "fence.release.sync_restrict::shared::cta.cluster; "
                   "fence.acquire.sync_restrict::shared::cluster.cluster;"},
    // cp.async.
    {By::FirstThread,
     "cp.async.ca.shared.global [%r20], [%rd21], 4; "
     "cp.async.ca.shared.global.L2::128B [%r20+16], [%rd21+16], 8, 8; "
     "cp.async.cg.shared.global.L2::128B [%r20+32], [%rd21+32], 16; "
     "cp.async.cg.shared.global [%r20+48], [%rd21], 16, 0; "
     "cp.async.commit_group; cp.async.wait_group 0;"},
    {By::FirstThread,
     "createpolicy.fractional.L2::evict_last.b64 %rd0, 1.0; "
     "cp.async.cg.shared.global.L2::cache_hint [%r20], [%rd21], 16, %rd0; "
     "cp.async.cg.shared.global.L2::cache_hint.L2::256B [%r20+16], [%rd21], "
     "16, %rd0; cp.async.cg.shared.global.L2::cache_hint.L2::64B [%r20+32], "
     "[%rd21], 16, 16, %rd0; cp.async.wait_all;"},
    // Bulk copies.
    {By::FirstThread,
     "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], 64; "
     "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
     "[%r20], [%rd21], 32, [%r21]; "
     "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::"
     "cache_hint [%r20+32], [%rd21], 32, [%r21], %rd23; wait: "
     "mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 0; @!%p1 bra "
     "wait;"},
    {By::FirstThread,
     "mapa.shared::cluster.u32 %r0, %r20, 0; mapa.shared::cluster.u32 %r1, "
     "%r21, 0; mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], 16; "
     "fence.proxy.async; cp.async.bulk.shared::cluster.shared::cta.mbarrier::"
     "complete_tx::bytes [%r0+4096], [%r20], 16, [%r1]; wait: "
     "mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 0; @!%p1 bra "
     "wait;"},
    {By::FirstThread,
     "fence.proxy.async; cp.async.bulk.global.shared::cta.bulk_group [%rd21], "
     "[%r20], 64; cp.async.bulk.global.shared::cta.bulk_group.L2::cache_hint "
     "[%rd21+64], [%r20], 64, %rd23; cp.async.bulk.commit_group; "
     "cp.async.bulk.wait_group.read 0; cp.async.bulk.wait_group 0;"},
    {By::FirstThread,
     "fence.proxy.async; cp.reduce.async.bulk.global.shared::cta.bulk_group."
     "add.f32 [%rd21], [%r20], 64; cp.reduce.async.bulk.global.shared::cta."
     "bulk_group.add.noftz.bf16 [%rd21+64], [%r20], 64; "
     "cp.async.bulk.commit_group; cp.async.bulk.wait_group 0;"},
    {By::FirstThread, "cp.async.bulk.prefetch.L2.global [%rd21], 64;"},
    {By::FirstThread, "prefetch.tensormap [%rd22]; prefetch.global.L1 "
                      "[%rd21]; prefetch.global.L2 [%rd21]; "
                      "prefetch.global.L2::evict_last [%rd21];"},
    {By::FirstThread,
     "cp.async.bulk.prefetch.tensor.2d.L2.global [%rd22, {0, 0}]; "
     "cp.async.bulk.prefetch.tensor.2d.L2.global.tile [%rd22, {0, 0}];"},
    {By::FirstThread,
     "mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], 768; "
     "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
     "bytes [%r20], [%rd22, {0, 0}], [%r21]; "
     "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier::complete_"
     "tx::bytes.L2::cache_hint [%r20+256], [%rd22, {%r4, %r4}], [%r21], "
     "%rd23; cp.async.bulk.tensor.2d.shared::cta.global.mbarrier::complete_"
     "tx::bytes.L2::cache_hint [%r20+512], [%rd22, {0, 0}], [%r21], %rd23; "
     "wait: mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 0; @!%p1 "
     "bra wait;"},
    {By::FirstThread,
     "mov.b16 %h0, 1; mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], "
     "512; cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_"
     "tx::bytes.multicast::cluster [%r20], [%rd22, {0, 0}], [%r21], %h0; "
     "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::"
     "bytes.multicast::cluster.L2::cache_hint [%r20+256], [%rd22, {0, 0}], "
     "[%r21], %h0, %rd23; wait: mbarrier.try_wait.parity.shared::cta.b64 "
     "%p1, [%r21], 0; @!%p1 bra wait;"},
    {By::FirstThread,
     "fence.proxy.async; cp.async.bulk.tensor.2d.global.shared::cta.bulk_"
     "group [%rd22, {0, 0}], [%r20]; cp.async.bulk.tensor.2d.global.shared::"
     "cta.tile.bulk_group.L2::cache_hint [%rd22, {0, 8}], [%r20], %rd23; "
     "cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.bulk_group "
     "[%rd22, {0, 16}], [%r20]; "
     "cp.reduce.async.bulk.tensor.2d.global.shared::cta.add.tile.bulk_group "
     "[%rd22, {0, 24}], [%r20]; cp.async.bulk.commit_group; "
     "cp.async.bulk.wait_group.read 0; cp.async.bulk.wait_group 0;"},
    // Tensor maps that kernels change.
    {By::FirstThread,
     "tensormap.replace.tile.global_address.shared::cta.b1024.b64 [%r23], "
     "%rd21; tensormap.replace.tile.global_dim.shared::cta.b1024."
     "b32 [%r23], 0, 8; tensormap.replace.tile.global_dim.shared::"
     "cta.b1024.b32 [%r23], 1, %r4; tensormap.replace.tile.global_"
     "stride.shared::cta.b1024.b64 [%r23], 0, 32;"},
    {By::FirstWarp,
     "tensormap.cp_fenceproxy.global.shared::cta.tensormap::generic.release."
     "gpu.sync.aligned [%rd24], [%r23], 128; fence.proxy.tensormap::generic."
     "acquire.gpu [%rd24], 128;"},
    {By::FirstThread,
     "tensormap.replace.tile.rank.global.b1024.b32 [%rd22], 1; "
     "tensormap.replace.tile.box_dim.global.b1024.b32 [%rd22], 0, 8; "
     "tensormap.replace.tile.element_stride.global.b1024.b32 [%rd22], 0, 1; "
     "tensormap.replace.tile.elemtype.global.b1024.b32 [%rd22], 7; "
     "tensormap.replace.tile.interleave_layout.global.b1024.b32 [%rd22], 0; "
     "tensormap.replace.tile.swizzle_mode.global.b1024.b32 [%rd22], 0; "
     "tensormap.replace.tile.fill_mode.global.b1024.b32 [%rd22], 0;"},
    // Asynchronous stores into the cluster.
    {By::FirstThread,
     "mapa.shared::cluster.u32 %r0, %r20, 0; mapa.shared::cluster.u32 %r1, "
     "%r21, 0; mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], 36; "
     "st.async.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r0], %r4, "
     "[%r1]; st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v2."
     "s64 [%r0+16], {%rd21, %rd21}, [%r1]; "
     "st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%r0+32], "
     "{%r4, %r4, %r4, %r4}, [%r1]; wait: "
     "mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 0; @!%p1 bra "
     "wait;"},
    {By::FirstThread,
     "mapa.shared::cluster.u32 %r0, %r20, 0; mapa.shared::cluster.u32 %r1, "
     "%r21, 0; mbarrier.arrive.expect_tx.shared::cta.b64 _, [%r21], 12; "
     "red.async.relaxed.cluster.shared::cluster.mbarrier::complete_tx::bytes."
     "inc.u32 [%r0], %r4, [%r1]; red.async.relaxed.cluster.shared::cluster."
     "mbarrier::complete_tx::bytes.add.u64 [%r0+8], %rd21, [%r1]; wait: "
     "mbarrier.try_wait.parity.shared::cta.b64 %p1, [%r21], 0; @!%p1 bra "
     "wait;"},
    // Loads and stores.
    {By::FirstThread,
     "ld.acquire.gpu.global.b32 %r0, [%rd21]; ld.acquire.gpu.global.u64 %rd0, "
     "[%rd21]; ld.acquire.sys.global.b64 %rd0, [%rd21]; ld.acquire.sys.global."
     "s32 %r0, [%rd21]; ld.global.acquire.gpu.b32 %r0, [%rd21]; "
     "ld.volatile.global.b64 %rd0, [%rd21]; ld.cg.global.b32 %r0, [%rd21]; "
     "ld.global.cg.b32 %r0, [%rd21]; ld.global.cv.u32 %r0, [%rd21]; "
     "ld.relaxed.gpu.global.u32 %r0, [%rd21];"},
    {By::Everyone,
     "ld.global.nc.L1::no_allocate.L2::256B.v4.u32 {%r0, %r1, %r2, %r3}, "
     "[%rd21]; ld.global.nc.L1::no_allocate.L2::128B.v2.s32 {%r0, %r1}, "
     "[%rd21]; ld.global.nc.L1::evict_last.v4.f32 {%f0, %f1, %f2, %f3}, "
     "[%rd21]; ld.global.L1::evict_first.L2::cache_hint.v2.u64 {%rd0, %rd1}, "
     "[%rd21], %rd23; ld.global.nc.L1::no_allocate.L2::cache_hint.v4.s32 "
     "{%r0, %r1, %r2, %r3}, [%rd21], %rd23; ld.global.nc.v2.b64 {%rd0, %rd1}, "
     "[%rd21];"},
    {By::Everyone,
     "ld.global.L2::128B.u16 %h0, [%rd21]; ld.global.lu.v4.u32 {%r0, %r1, "
     "%r2, %r3}, [%rd21]; ld.global.L2::128B.v4.u32 {%r0, %r1, %r2, %r3}, "
     "[%rd21]; ld.shared.v4.f32 {%f0, %f1, %f2, %f3}, [%r20]; ld.shared.v2."
     "u32 {%r0, %r1}, [%r20]; ld.shared.b128 %q0, [%r20]; "
     "ld.shared::cluster.u32 %r0, [%r20];"},
    {By::FirstThread,
     "st.global.release.gpu.b32 [%rd21], %r4; st.global.cg.b32 [%rd21], %r4; "
     "st.release.sys.global.u32 [%rd21], %r4; st.L1::no_allocate.relaxed.sys."
     "global.u64 [%rd21], %rd21; st.weak.global.cs.v4.f32 [%rd21], {%f4, %f4, "
     "%f4, %f4}; st.global.L1::no_allocate.v4.u32 [%rd21], {%r4, %r4, %r4, "
     "%r4}; st.global.wt.u32 [%rd21], %r4; st.volatile.global.u32 [%rd21], "
     "%r4; ld.shared.b128 %q0, [%r20]; st.shared.b128 [%r20], %q0; "
     "st.weak.shared::cta.b128 [%r20], %q0; st.shared.v4.b32 [%r20], {%r4, "
     "%r4, %r4, %r4}; st.shared::cluster.u32 [%r20], %r4;"},
    {By::FirstThread,
     "createpolicy.fractional.L2::evict_first.b64 %rd0, 1.0; "
     "createpolicy.fractional.L2::evict_last.L2::evict_unchanged.b64 %rd0, "
     "0.5; createpolicy.fractional.L2::evict_last.b64 %rd0; "
     "createpolicy.range.global.L2::evict_last.L2::evict_unchanged.b64 %rd0, "
     "[%rd21], 64, 128; createpolicy.cvt.L2.b64 %rd0, %rd21;"},
    // Atomics.
    {By::FirstThread,
     "atom.global.add.u64 %rd0, [%rd21], 1; atom.release.gpu.global.add.u32 "
     "%r0, [%rd21], 1; atom.sys.global.add.u64 %rd0, [%rd21], 1; "
     "atom.acq_rel.gpu.global.cas.b32 %r0, [%rd21], 0, 1; "
     "atom.relaxed.gpu.global.exch.b32 %r0, [%rd21], 1; atom.add.acquire.gpu."
     "global.u32 %r0, [%rd21], 1;"},
    {By::FirstThread,
     "red.gpu.global.add.noftz.f16x2 [%rd21], %r4; red.gpu.global.add.s32 "
     "[%rd21], 1; red.relaxed.gpu.global.add.L2::cache_hint.f32 [%rd21], "
     "%f4, %rd23; red.relaxed.gpu.global.add.L2::cache_hint.v4.f32 [%rd21], "
     "{%f4, %f4, %f4, %f4}, %rd23; red.release.gpu.global.add.u32 [%rd21], "
     "1; red.release.sys.global.or.b64 [%rd21], %rd21; "
     "red.global.add.noftz.v4.bf16x2 [%rd21], {%r4, %r4, %r4, %r4};"},
    // Matrices.
    {By::Everyone,
     "ldmatrix.sync.aligned.x1.m8n8.shared.b16 {%r0}, [%r20]; "
     "ldmatrix.sync.aligned.x2.trans.m8n8.shared.b16 {%r0, %r1}, [%r20]; "
     "ldmatrix.sync.aligned.x4.m8n8.shared.b16 {%r0, %r1, %r2, %r3}, [%r20]; "
     "ldmatrix.sync.aligned.m8n8.x4.trans.shared::cta.b16 {%r0, %r1, %r2, "
     "%r3}, [%r20];"},
    {By::FirstWarp,
     "stmatrix.sync.aligned.x1.m8n8.shared.b16 [%r24], {%r4}; bar.warp.sync "
     "-1; stmatrix.sync.aligned.x2.trans.m8n8.shared.b16 [%r24], {%r4, %r4}; "
     "bar.warp.sync -1; stmatrix.sync.aligned.x4.m8n8.shared.b16.trans "
     "[%r24], {%r4, %r4, %r4, %r4}; bar.warp.sync -1; "
     "stmatrix.sync.aligned.m8n8.x4.shared.b16 [%r24], {%r4, %r4, %r4, %r4};"},
    {By::FirstWarp, "movmatrix.sync.aligned.m8n8.trans.b16 %r0, %r4;"},
};

/// Rows that only differ in types: mma.sync and wgmma.
std::vector<std::string> products() {
  std::vector<std::string> out;
  auto list = [](const char *name, unsigned count, unsigned first = 0) {
    std::string text = "{";
    for (unsigned k = 0; k < count; ++k)
      text += (k ? ", " : "") + std::string(name) + std::to_string(first + k);
    return text + "}";
  };
  struct Mma {
    const char *form;
    unsigned a, b, c;
    bool wide;
  };
  const Mma forms[] = {
      {"m16n8k8.row.col.f16.f16.f16.f16", 2, 1, 2, false},
      {"m16n8k8.row.col.f32.f16.f16.f32", 2, 1, 4, false},
      {"m16n8k8.row.col.f32.bf16.bf16.f32", 2, 1, 4, false},
      {"m16n8k16.row.col.f16.f16.f16.f16", 4, 2, 2, false},
      {"m16n8k16.row.col.f32.f16.f16.f32", 4, 2, 4, false},
      {"m16n8k16.row.col.f32.bf16.bf16.f32", 4, 2, 4, false},
      {"m16n8k4.row.col.f32.tf32.tf32.f32", 2, 1, 4, false},
      {"m16n8k8.row.col.f32.tf32.tf32.f32", 4, 2, 4, false},
      {"m8n8k16.row.col.s32.s8.s8.s32", 1, 1, 2, false},
      {"m8n8k16.row.col.satfinite.s32.u8.s8.s32", 1, 1, 2, false},
      {"m16n8k16.row.col.s32.s8.u8.s32", 2, 1, 4, false},
      {"m16n8k16.row.col.s32.u8.u8.s32.satfinite", 2, 1, 4, false},
      {"m16n8k32.row.col.s32.s8.s8.s32", 4, 2, 4, false},
      {"m16n8k32.row.col.s32.u8.s8.s32.satfinite", 4, 2, 4, false},
      {"m8n8k32.row.col.s32.s4.u4.s32", 1, 1, 2, false},
      {"m16n8k32.row.col.s32.s4.s4.s32", 2, 1, 4, false},
      {"m16n8k64.row.col.s32.u4.s4.s32.satfinite", 4, 2, 4, false},
      {"m8n8k128.row.col.s32.b1.b1.s32.xor.popc", 1, 1, 2, false},
      {"m16n8k128.row.col.s32.b1.b1.s32.and.popc", 2, 1, 4, false},
      {"m16n8k256.row.col.s32.b1.b1.s32.xor.popc", 4, 2, 4, false},
      {"m16n8k32.row.col.f32.e4m3.e5m2.f32", 4, 2, 4, false},
      {"m16n8k32.row.col.f16.e5m2.e4m3.f16", 4, 2, 2, false},
      {"m8n8k4.row.col.f64.f64.f64.f64", 1, 1, 2, true},
      {"m16n8k4.row.col.f64.f64.f64.f64.rn", 2, 1, 4, true},
      {"m16n8k8.row.col.f64.f64.f64.f64", 4, 2, 4, true},
      {"m16n8k16.row.col.f64.f64.f64.f64", 8, 4, 4, true}};
  for (const Mma &f : forms) {
    const char *reg = f.wide ? "%z" : "%y";
    out.push_back("mma.sync.aligned." + std::string(f.form) + " " +
                  list(reg, f.c, 20) + ", " + list(reg, f.a) + ", " +
                  list(reg, f.b, 10) + ", " + list(reg, f.c, 20) + ";");
  }
  struct Wgmma {
    const char *types;
    unsigned k, perN, aRegisters; ///< accumulators: n * perN / 8
    const char *tail;
  };
  const Wgmma groups[] = {{"f32.bf16.bf16", 16, 4, 4, ", %p1, 1, 1, 0, 0"},
                          {"f32.f16.f16", 16, 4, 4, ", %p1, 1, -1, 0, 0"},
                          {"f16.f16.f16", 16, 2, 4, ", %p1, 1, 1, 0, 0"},
                          {"f32.tf32.tf32", 8, 4, 4, ", %p1, 1, 1"},
                          {"f32.e4m3.e4m3", 32, 4, 4, ", %p1, 1, 1"},
                          {"f32.e4m3.e5m2", 32, 4, 4, ", %p1, 1, 1"},
                          {"f32.e5m2.e4m3", 32, 4, 4, ", %p1, 1, 1"},
                          {"f16.e5m2.e5m2", 32, 2, 4, ", %p1, 1, 1"},
                          {"s32.s8.s8", 32, 4, 4, ", %p1"},
                          {"s32.u8.s8", 32, 4, 4, ", %p1"}};
  for (const Wgmma &g : groups)
    for (unsigned n : {8u, 64u, 96u, 256u})
      for (bool registers : {false, true}) {
        std::string tail = g.tail;
        // A from registers has no layout of its own.
        if (registers && tail.ends_with(", 0, 0"))
          tail.resize(tail.size() - 3);
        std::string text = "wgmma.fence.sync.aligned; setp.ne.b32 %p1, %r4, 0; "
                           "wgmma.mma_async.sync.aligned.m64n" +
                           std::to_string(n) + "k" + std::to_string(g.k) + "." +
                           g.types + " " + list("%y", n * g.perN / 8, 20) +
                           ", " +
                           (registers ? list("%y", g.aRegisters) : "%rd25") +
                           ", %rd25" + tail +
                           "; wgmma.commit_group.sync.aligned; "
                           "wgmma.wait_group.sync.aligned 0;";
        out.push_back(text);
      }
  return out;
}

/// The kernel around a row: %r20 shared memory, %r21 and %r22 mbarriers, %r23
/// a tensor map in shared memory, %r24 a row of it per lane; %rd20 shared
/// memory (generic), %rd21 a piece of global memory per thread, %rd22 and
/// %rd24 tensor maps, %rd23 a cache policy, %rd25 a matrix descriptor; %r4,
/// %f4, %y and %z hold values.
std::string kernelAround(By by, const std::string &row) {
  std::string text =
      ".version 8.8\n.target sm_90a\n.address_size 64\n"
      ".visible .entry k(.param .u64 p0, .param .u64 p1) {\n"
      ".reg .pred %p<4>; .reg .b16 %h<4>; .reg .b32 %r<32>; .reg .f32 %f<8>;\n"
      ".reg .b64 %rd<32>; .reg .b128 %q<2>; .reg .b32 %y<160>;\n"
      ".reg .f64 %z<32>;\n"
      ".shared .align 1024 .b8 memory[65536]; .shared .align 8 .b64 bars[2];\n"
      ".shared .align 128 .b8 map[128];\n"
      "mov.u32 %r20, memory; mov.u32 %r21, bars; add.u32 %r22, %r21, 8;\n"
      "mov.u32 %r23, map; mov.u32 %r4, %tid.x; and.b32 %r5, %r4, 31;\n"
      "mad.lo.u32 %r24, %r5, 16, %r20; cvt.u64.u32 %rd0, %r20;\n"
      "cvta.shared.u64 %rd20, %rd0; ld.param.u64 %rd21, [p0];\n"
      "mad.wide.u32 %rd21, %r4, 128, %rd21; ld.param.u64 %rd22, [p1];\n"
      "add.u64 %rd24, %rd22, 128;\n"
      "createpolicy.fractional.L2::evict_last.b64 %rd23, 1.0;\n"
      // 64 rows of 128 bytes, 128-byte swizzle.
      "mov.b64 %rd25, 0x4000004000010000; shr.u32 %r6, %r20, 4;\n"
      "cvt.u64.u32 %rd1, %r6; or.b64 %rd25, %rd25, %rd1;\n"
      "cvt.rn.f32.u32 %f4, %r4;\n"
      "mad.lo.u32 %r6, %r4, 512, %r20; mov.u32 %r7, 0;\n"
      "fill: st.shared.v4.b32 [%r6], {0, 0, 0, 0}; add.u32 %r6, %r6, 16;\n"
      "add.u32 %r7, %r7, 1; setp.lt.u32 %p0, %r7, 32; @%p0 bra fill;\n";
  for (unsigned k = 0; k < 160; ++k)
    text += "mov.b32 %y" + std::to_string(k) + ", 0;\n";
  for (unsigned k = 0; k < 32; ++k)
    text += "mov.f64 %z" + std::to_string(k) + ", 0d0000000000000000;\n";
  text += "setp.ne.u32 %p0, %r4, 0; @%p0 bra ready;\n"
          "mbarrier.init.shared::cta.b64 [%r21], 1;\n"
          "mbarrier.init.shared::cta.b64 [%r22], 1;\n";
  for (unsigned k = 0; k < 128; k += 16)
    text += "ld.global.v4.b32 {%r0, %r1, %r2, %r3}, [%rd22+" +
            std::to_string(k) + "]; st.shared.v4.b32 [%r23+" +
            std::to_string(k) + "], {%r0, %r1, %r2, %r3};\n";
  text += "fence.mbarrier_init.release.cluster; fence.proxy.async;\n"
          "ready: fence.proxy.async; bar.sync 0;\n";
  if (by == By::FirstThread)
    text += "@%p0 bra done;\n";
  if (by == By::FirstWarp)
    text += "setp.ge.u32 %p0, %r4, 32; @%p0 bra done;\n";
  return text + row + "\ndone: ret;\n}\n";
}

void runRow(By by, const std::string &row) {
  SCOPED_TRACE(row.substr(0, 200));
  Runner runner;
  runner.options.checkRaces = true;
  runner.options.checkUninitialised = true;
  runner.options.instructionLimit = 1000000;
  ASSERT_TRUE(runner.load(kernelAround(by, row))) << runner.error.str();
  Buffer memory(*runner.device, std::vector<uint32_t>(128 * 32, 0));
  struct alignas(128) Maps {
    uint8_t bytes[2][tensorMapBytes];
  } maps;
  TensorMap map;
  map.type = TensorMapType::F32;
  map.rank = 2;
  map.address = memory.address;
  map.sizes[0] = 8;
  map.sizes[1] = 32;
  map.strides[0] = 32;
  map.box[0] = map.box[1] = 8;
  map.elementStrides[0] = map.elementStrides[1] = 1;
  std::string error;
  for (auto &bytes : maps.bytes)
    ASSERT_TRUE(encodeTensorMap(map, bytes, error)) << error;
  std::vector<uint8_t> bytes(&maps.bytes[0][0],
                             &maps.bytes[0][0] + sizeof maps.bytes);
  Buffer mapBuffer(*runner.device, bytes);
  LaunchResult result = runner.run("k", {1, 1, 1}, {128, 1, 1}, 0,
                                   static_cast<const Buffer *>(&memory),
                                   static_cast<const Buffer *>(&mapBuffer));
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  EXPECT_TRUE(result.reports.empty()) << reportsOf(result);
}

TEST(Checklist, EveryInstructionLoadsAndRuns) {
  for (const Row &row : rows)
    runRow(row.by, row.text);
}

TEST(Checklist, EveryProductLoadsAndRuns) {
  for (const std::string &row : products())
    runRow(By::Everyone, row);
}

} // namespace
} // namespace vgpu::test
