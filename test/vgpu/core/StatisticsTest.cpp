// StatisticsTest.cpp - counters of small kernels whose counts are known.
#include "test/vgpu/core/KernelRunner.h"

#include "tools/vgpu/core/TensorMap.h"

namespace vgpu::test {
namespace {

using Class = InstructionClass;

const std::string head = ".version 8.0\n.target sm_90a\n.address_size 64\n";

/// A kernel `k` with one pointer; %t is the thread's number, %d the pointer,
/// %s the address of 8 KiB of shared memory.
std::string kernel(const std::string &body) {
  return head +
         ".visible .entry k(.param .u64 data) {\n.reg .b16 %h<8>;\n.reg .b32 "
         "%r<40>;\n.reg .f32 %f<40>;\n.reg .f64 %g<4>;\n.reg .b64 %l<8>;\n"
         ".reg .pred %p<4>;\n.reg .b32 %t;\n.reg .b32 %s;\n.reg .b64 %d;\n"
         ".shared .align 1024 .b8 memory[8192];\n"
         "ld.param.u64 %d, [data];\nmov.u32 %t, %tid.x;\nmov.u32 %s, "
         "memory;\n" +
         body + "\nret;\n}\n";
}

class Statistics : public ::testing::Test {
protected:
  /// Runs `body` on one block; fails the test when the launch does.
  KernelStatistics count(const std::string &body, unsigned threads = 32,
                         Dim3 grid = {1, 1, 1}) {
    runner.options.statistics = true;
    EXPECT_TRUE(runner.load(kernel(body))) << runner.error.str();
    Buffer data(*runner.device, std::vector<uint32_t>(1 << 16));
    LaunchResult result =
        runner.run("k", grid, {threads, 1, 1}, 0, &std::as_const(data));
    EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
    return result.statistics;
  }
  Runner runner;
};

/// Address of lane t at `stride` bytes in %l1.
std::string globalAddress(unsigned stride, unsigned offset = 0) {
  return "mul.wide.u32 %l1, %t, " + std::to_string(stride) +
         ";\nadd.u64 %l1, %l1, %d;\nadd.u64 %l1, %l1, " +
         std::to_string(offset) + ";\n";
}
/// The same in shared memory, in %r1.
std::string sharedAddress(unsigned stride) {
  return "mad.lo.u32 %r1, %t, " + std::to_string(stride) + ", %s;\n";
}

struct Sectors {
  const char *what;
  unsigned stride, offset;
  uint64_t requested, moved;
};

TEST_F(Statistics, SectorsOfLoadsAndStores) {
  for (const Sectors &c : {Sectors{"coalesced", 4, 0, 4, 4},
                           Sectors{"shifted by one word", 4, 4, 4, 5},
                           Sectors{"every other word", 8, 0, 4, 8},
                           Sectors{"one sector a lane", 32, 0, 4, 32},
                           Sectors{"far apart", 4096, 0, 4, 32},
                           Sectors{"broadcast", 0, 0, 4, 1}}) {
    KernelStatistics load =
        count(globalAddress(c.stride, c.offset) + "ld.global.f32 %f1, [%l1];");
    EXPECT_EQ(load.globalLoadSectorsRequested, c.requested) << c.what;
    EXPECT_EQ(load.globalLoadSectorsMoved, c.moved) << c.what;
    EXPECT_EQ(load.globalStoreSectorsMoved, 0u) << c.what;
    KernelStatistics store =
        count(globalAddress(c.stride, c.offset) + "st.global.u32 [%l1], 7;");
    EXPECT_EQ(store.globalStoreSectorsRequested, c.requested) << c.what;
    EXPECT_EQ(store.globalStoreSectorsMoved, c.moved) << c.what;
    EXPECT_EQ(store.globalLoadSectorsMoved, 0u) << c.what;
  }
}

TEST_F(Statistics, SectorsOfVectorsHalvesAndPartsOfAWarp) {
  KernelStatistics wide = count(
      globalAddress(16) + "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%l1];");
  EXPECT_EQ(wide.globalLoadSectorsRequested, 16u);
  EXPECT_EQ(wide.globalLoadSectorsMoved, 16u);
  KernelStatistics half = count(globalAddress(2) + "ld.global.b16 %h1, [%l1];");
  EXPECT_EQ(half.globalLoadSectorsRequested, 2u);
  EXPECT_EQ(half.globalLoadSectorsMoved, 2u);
  // Eight lanes of 32, through a generic address.
  KernelStatistics part = count(globalAddress(4) + "setp.lt.u32 %p1, %t, 8;\n"
                                                   "@%p1 ld.f32 %f1, [%l1];");
  EXPECT_EQ(part.globalLoadSectorsRequested, 1u);
  EXPECT_EQ(part.globalLoadSectorsMoved, 1u);
  KernelStatistics atomic =
      count(globalAddress(0) + "red.global.add.u32 [%l1], 1;");
  EXPECT_EQ(atomic.globalStoreSectorsMoved, 1u);
  EXPECT_EQ(atomic.warpInstructions[unsigned(Class::Atomic)], 1u);
}

struct Banks {
  const char *what;
  unsigned stride;
  const char *load;
  uint64_t conflicts;
};

TEST_F(Statistics, BankConflicts) {
  for (const Banks &c :
       {Banks{"one word a lane", 4, "ld.shared.u32 %r2, [%r1];", 0},
        Banks{"2-way", 8, "ld.shared.u32 %r2, [%r1];", 1},
        Banks{"4-way", 16, "ld.shared.u32 %r2, [%r1];", 3},
        Banks{"32-way", 128, "ld.shared.u32 %r2, [%r1];", 31},
        Banks{"padded rows", 132, "ld.shared.u32 %r2, [%r1];", 0},
        Banks{"broadcast", 0, "ld.shared.u32 %r2, [%r1];", 0},
        Banks{"two lanes a word", 2, "ld.shared.b16 %h2, [%r1];", 0},
        Banks{"vectors", 16, "ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r1];",
              0},
        // Eight lanes a pass, all in the banks of the first.
        Banks{"vectors in rows", 128,
              "ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r1];", 4 * 7},
        Banks{"stores, 2-way", 8, "st.shared.u32 [%r1], 1;", 1}}) {
    KernelStatistics s = count(sharedAddress(c.stride) + c.load);
    EXPECT_EQ(s.sharedAccesses, 1u) << c.what;
    EXPECT_EQ(s.sharedBankConflicts, c.conflicts) << c.what;
    EXPECT_EQ(s.globalLoadSectorsMoved, 0u) << c.what;
  }
}

TEST_F(Statistics, MatrixLoads) {
  const std::string load =
      "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r2, %r3, %r4, %r5}, [%r1];";
  KernelStatistics dense = count(sharedAddress(16) + load);
  EXPECT_EQ(dense.sharedAccesses, 1u);
  EXPECT_EQ(dense.sharedBankConflicts, 0u);
  // The eight rows of each matrix lie in the same four banks.
  KernelStatistics rows = count(sharedAddress(128) + load);
  EXPECT_EQ(rows.sharedBankConflicts, 4u * 7);
  EXPECT_EQ(rows.warpInstructions[unsigned(Class::LoadShared)], 1u);
}

TEST_F(Statistics, AsynchronousCopies) {
  KernelStatistics lanes =
      count(globalAddress(16) + sharedAddress(16) +
            "cp.async.cg.shared.global [%r1], [%l1], 16;\n"
            "cp.async.commit_group;\ncp.async.wait_group 0;");
  EXPECT_EQ(lanes.asyncBytesLoaded, 32u * 16);
  EXPECT_EQ(lanes.asyncBytesStored, 0u);
  const std::string barrier =
      "setp.ne.u32 %p1, %t, 0;\n@%p1 bra $end;\nadd.u32 %r2, %s, 4096;\n"
      "mbarrier.init.shared.b64 [%r2], 1;\nfence.proxy.async;\n"
      "mbarrier.arrive.expect_tx.shared.b64 %l2, [%r2], 1024;\n";
  const std::string wait =
      "$wait:\nmbarrier.try_wait.parity.shared.b64 %p2, [%r2], 0;\n"
      "@!%p2 bra $wait;\n";
  KernelStatistics bulk =
      count(barrier +
            "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes "
            "[%s], [%d], 1024, [%r2];\n" +
            wait +
            "cp.async.bulk.global.shared::cta.bulk_group [%d], [%s], 512;\n"
            "cp.async.bulk.commit_group;\ncp.async.bulk.wait_group 0;\n$end:");
  EXPECT_EQ(bulk.asyncBytesLoaded, 1024u);
  EXPECT_EQ(bulk.asyncBytesStored, 512u);
  EXPECT_EQ(bulk.warpInstructions[unsigned(Class::AsyncCopy)], 4u);
}

TEST_F(Statistics, TensorCopies) {
  runner.options.statistics = true;
  ASSERT_TRUE(runner.load(
      head +
      ".visible .entry k(.param .align 64 .b8 map[128]) {\n.reg .b32 %r<4>;\n"
      ".reg .b64 %l<4>;\n.reg .pred %p<2>;\n"
      ".shared .align 128 .b8 memory[2048];\nmov.u32 %r0, memory;\n"
      "add.u32 %r1, %r0, 1024;\nmbarrier.init.shared.b64 [%r1], 1;\n"
      "fence.proxy.async;\n"
      "mbarrier.arrive.expect_tx.shared.b64 %l0, [%r1], 512;\n"
      "mov.b64 %l1, map;\ncvta.param.u64 %l1, %l1;\n"
      "cp.async.bulk.tensor.2d.shared::cluster.global.tile.mbarrier"
      "::complete_tx::bytes [%r0], [%l1, {0, 0}], [%r1];\n"
      "$wait:\nmbarrier.try_wait.parity.shared.b64 %p1, [%r1], 0;\n"
      "@!%p1 bra $wait;\nret;\n}\n"))
      << runner.error.str();
  Buffer data(*runner.device, std::vector<float>(64 * 64, 1.0f));
  TensorMap map;
  map.type = TensorMapType::F32;
  map.rank = 2;
  map.address = data.address;
  map.sizes[0] = map.sizes[1] = 64;
  map.strides[0] = 256;
  map.box[0] = 16;
  map.box[1] = 8;
  map.elementStrides[0] = map.elementStrides[1] = 1;
  struct alignas(64) {
    uint8_t bytes[tensorMapBytes];
  } encoded;
  std::string error;
  ASSERT_TRUE(encodeTensorMap(map, encoded.bytes, error)) << error;
  LaunchResult result = runner.run("k", {1, 1, 1}, {1, 1, 1}, 0, encoded);
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  EXPECT_EQ(result.statistics.asyncBytesLoaded, 16u * 8 * 4);
}

TEST_F(Statistics, TensorCores) {
  KernelStatistics mma = count(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, "
      "%f4}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%f1, %f2, %f3, %f4};",
      64);
  EXPECT_EQ(mma.tensorMultiplyAdds, 2u * 16 * 8 * 16);
  EXPECT_EQ(mma.warpInstructions[unsigned(Class::Mma)], 2u);
  EXPECT_EQ(mma.flops, 0u);
  KernelStatistics wide = count(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r11, %r12, %r13, "
      "%r14}, {%r1, %r2, %r3, %r4}, {%r5, %r6}, {%r11, %r12, %r13, %r14};");
  EXPECT_EQ(wide.tensorMultiplyAdds, 16u * 8 * 32);
  KernelStatistics group = count(
      "shr.u32 %r1, %s, 4;\ncvt.u64.u32 %l1, %r1;\n"
      "or.b64 %l1, %l1, 0x0000004000010000;\nwgmma.fence.sync.aligned;\n"
      "wgmma.mma_async.sync.aligned.m64n8k16.f32.bf16.bf16 {%f1, %f2, %f3, "
      "%f4}, %l1, %l1, 0, 1, 1, 0, 0;\nwgmma.commit_group.sync.aligned;\n"
      "wgmma.wait_group.sync.aligned 0;",
      128);
  EXPECT_EQ(group.tensorMultiplyAdds, 64u * 8 * 16);
  // Four of each warp: fence, product, commit, wait.
  EXPECT_EQ(group.warpInstructions[unsigned(Class::Wgmma)], 16u);
}

struct Flops {
  const char *instruction;
  uint64_t perLane;
};

TEST_F(Statistics, FloatingPointOperations) {
  for (const Flops &c :
       {Flops{"add.f32 %f1, %f2, %f3;", 1}, Flops{"sub.f32 %f1, %f2, %f3;", 1},
        Flops{"mul.f32 %f1, %f2, %f3;", 1},
        Flops{"fma.rn.f32 %f1, %f2, %f3, %f4;", 2},
        Flops{"div.rn.f32 %f1, %f2, %f3;", 1},
        Flops{"sqrt.rn.f32 %f1, %f2;", 1}, Flops{"ex2.approx.f32 %f1, %f2;", 1},
        Flops{"rcp.rn.f64 %g1, %g2;", 1},
        Flops{"fma.rn.f64 %g1, %g2, %g2, %g3;", 2},
        Flops{"add.f16 %h1, %h2, %h3;", 1},
        Flops{"fma.rn.f16x2 %r1, %r2, %r3, %r4;", 4},
        Flops{"mul.bf16x2 %r1, %r2, %r3;", 2},
        Flops{"max.f32 %f1, %f2, %f3;", 0}, Flops{"neg.f32 %f1, %f2;", 0},
        Flops{"add.u32 %r1, %r2, %r3;", 0},
        Flops{"mad.lo.u32 %r1, %r2, %r3, %r4;", 0},
        Flops{"mov.f32 %f1, %f2;", 0}}) {
    EXPECT_EQ(count(c.instruction).flops, 32 * c.perLane) << c.instruction;
    // Only lanes that execute count.
    EXPECT_EQ(
        count(std::string("setp.lt.u32 %p1, %t, 5;\n@%p1 ") + c.instruction)
            .flops,
        5 * c.perLane)
        << c.instruction;
  }
}

TEST_F(Statistics, InstructionsByClass) {
  // 40 threads: a full warp and one of 8 lanes; %t < 4 is in the first.
  KernelStatistics s =
      count("add.u32 %r1, %t, 1;\nmul.lo.u32 %r2, %r1, %r1;\n"
            "add.f32 %f1, %f2, %f3;\nadd.f64 %g1, %g2, %g3;\n"
            "add.f16 %h1, %h2, %h3;\nsin.approx.f32 %f4, %f5;\n"
            "cvt.rn.f32.u32 %f6, %r2;\nst.shared.u32 [%s], 1;\n"
            "bar.sync 0;\nld.shared.u32 %r3, [%s];\n"
            "setp.lt.u32 %p1, %t, 4;\n@!%p1 bra $skip;\n"
            "add.u32 %r1, %r1, 1;\n$skip:\nactivemask.b32 %r4;",
            40, {3, 1, 1});
  auto expect = [&](Class c, uint64_t warps, uint64_t threads) {
    EXPECT_EQ(s.warpInstructions[unsigned(c)], warps)
        << instructionClassName(c);
    EXPECT_EQ(s.threadInstructions[unsigned(c)], threads)
        << instructionClassName(c);
  };
  EXPECT_EQ(s.blocks, 3u);
  EXPECT_EQ(s.warps, 6u);
  EXPECT_EQ(s.launches, 1u);
  // Three integer instructions of everyone, setp, and one of four lanes.
  expect(Class::Integer, 3 * (2 * 3 + 1), 3 * (40 * 3 + 4));
  expect(Class::Float32, 3 * 2, 3 * 40);
  expect(Class::Float64, 3 * 2, 3 * 40);
  expect(Class::Float16, 3 * 2, 3 * 40);
  expect(Class::SpecialFunction, 3 * 2, 3 * 40);
  expect(Class::Conversion, 3 * 2, 3 * 40);
  expect(Class::Barrier, 3 * 2, 3 * 40);
  expect(Class::LoadParam, 3 * 2, 3 * 40);
  expect(Class::StoreShared, 3 * 2, 3 * 40);
  expect(Class::LoadShared, 3 * 2, 3 * 40);
  expect(Class::LoadGlobal, 0, 0);
  EXPECT_EQ(s.barriers, 6u);
  EXPECT_EQ(s.divergentBranches, 3u);
}

TEST_F(Statistics, Barriers) {
  EXPECT_EQ(count("bar.sync 0;\nbar.sync 1;", 128).barriers, 8u);
  KernelStatistics named =
      count("setp.lt.u32 %p1, %t, 64;\n@%p1 bra $first;\nbar.sync 1, 128;\n"
            "bra $end;\n$first:\nbar.arrive 1, 128;\n$end:",
            128);
  EXPECT_EQ(named.barriers, 4u);
}

TEST_F(Statistics, OccupancyOfGridsOfSeveralSizes) {
  const DeviceModel &model = runner.device->model();
  // 8 KiB of shared memory and 1 KiB reserved: 25 blocks of 2 warps fit.
  uint32_t fit = model.sharedPerMultiprocessor / (9 << 10);
  uint64_t all = uint64_t(fit) * model.multiprocessors;
  auto run = [&](uint64_t blocks) {
    return count("bar.sync 0;", 64, {uint32_t(blocks), 1, 1});
  };
  KernelStatistics one = run(1);
  EXPECT_EQ(one.blocksPerMultiprocessor, fit);
  EXPECT_DOUBLE_EQ(one.occupancy, fit * 2 / 64.0);
  EXPECT_DOUBLE_EQ(one.achievedOccupancy, 2 / 64.0);
  EXPECT_DOUBLE_EQ(run(model.multiprocessors).achievedOccupancy, 2 / 64.0);
  EXPECT_DOUBLE_EQ(run(all).achievedOccupancy, fit * 2 / 64.0);
  // A full wave, then one block on one multiprocessor.
  EXPECT_DOUBLE_EQ(run(all + 1).achievedOccupancy,
                   double(all + 1) * 2 / (64.0 * (model.multiprocessors + 1)));
}

TEST_F(Statistics, MergeAddsLaunches) {
  KernelStatistics sum = count("add.f32 %f1, %f2, %f3;");
  sum.merge(count("fma.rn.f32 %f1, %f2, %f3, %f4;\nst.shared.u32 [%s], 1;"));
  EXPECT_EQ(sum.launches, 2u);
  EXPECT_EQ(sum.flops, 96u);
  EXPECT_EQ(sum.sharedAccesses, 1u);
  EXPECT_EQ(sum.warpInstructions[unsigned(Class::Float32)], 2u);
}

/// Numbers do not depend on how many host threads count.
TEST_F(Statistics, HostThreadsCountTogether) {
  for (unsigned threads : {1u, 3u}) {
    runner.options.hostThreads = threads;
    KernelStatistics s = count(globalAddress(4) + "ld.global.f32 %f1, [%l1];\n"
                                                  "add.f32 %f1, %f1, %f1;",
                               64, {17, 1, 1});
    EXPECT_EQ(s.blocks, 17u);
    EXPECT_EQ(s.globalLoadSectorsMoved, 17u * 8);
    EXPECT_EQ(s.flops, 17u * 64);
  }
}

// Shared memory of a kernel: what it can reach, not what the module holds.

uint32_t staticShared(Runner &runner, const std::string &text,
                      const std::string &name) {
  EXPECT_TRUE(runner.load(head + text)) << runner.error.str();
  const Kernel *kernel =
      runner.module ? runner.module->findKernel(name) : nullptr;
  EXPECT_TRUE(kernel);
  return kernel ? kernel->staticShared : 0;
}

const std::string touch = "st.shared.u32 [%r], 1;\n";

TEST(SharedLayout, KernelsDoNotAddUp) {
  Runner runner;
  std::string text;
  for (char name : {'a', 'b', 'c'})
    text += std::string(".shared .align 16 .b8 of_") + name + "[40000];\n";
  for (char name : {'a', 'b', 'c'})
    text += std::string(".visible .entry ") + name +
            "() {\n.reg .b32 %r;\nmov.u32 %r, of_" + name + ";\n" + touch +
            "ret;\n}\n";
  EXPECT_EQ(staticShared(runner, text, "a"), 40000u);
  EXPECT_EQ(staticShared(runner, text, "b"), 40000u);
  EXPECT_EQ(staticShared(runner, text, "c"), 40000u);
  for (const char *name : {"a", "b", "c"})
    EXPECT_EQ(runner.run(name, {1, 1, 1}, {32, 1, 1}, 0).status,
              LaunchStatus::Ok);
}

TEST(SharedLayout, WhatACalleeNamesCounts) {
  Runner runner;
  const std::string text =
      ".shared .align 4 .b8 own[100];\n.shared .align 4 .b8 of_callee[200];\n"
      ".shared .align 4 .b8 of_nobody[400];\n"
      ".func inner() {\n.reg .b32 %r;\nmov.u32 %r, of_callee;\n" +
      touch + "ret;\n}\n.func outer() {\ncall.uni inner;\nret;\n}\n" +
      ".visible .entry caller() {\n.reg .b32 %r;\nmov.u32 %r, own;\n" + touch +
      "call.uni outer;\nret;\n}\n.visible .entry other() {\n.reg .b32 %r;\n"
      "mov.u32 %r, own;\n" +
      touch + "ret;\n}\n.visible .entry none() {\nret;\n}\n";
  EXPECT_EQ(staticShared(runner, text, "caller"), 300u);
  EXPECT_EQ(staticShared(runner, text, "other"), 100u);
  EXPECT_EQ(staticShared(runner, text, "none"), 0u);
}

TEST(SharedLayout, AVariableOfTwoKernelsHasOnePlace) {
  Runner runner;
  // `both` must lie behind `first` in a and may not overlap `second` in b.
  const std::string text =
      ".shared .align 4 .b8 first[64];\n.shared .align 4 .b8 second[16];\n"
      ".shared .align 4 .b8 both[4];\n"
      ".func put() {\n.reg .b32 %r;\nmov.u32 %r, both;\n"
      "st.shared.u32 [%r], 77;\nret;\n}\n"
      ".visible .entry a(.param .u64 out) {\n.reg .b32 %r;\n.reg .b64 %d;\n"
      "call.uni put;\nmov.u32 %r, first;\nst.shared.u32 [%r+60], 1;\n"
      "mov.u32 %r, both;\nld.shared.u32 %r, [%r];\n"
      "ld.param.u64 %d, [out];\nst.global.u32 [%d], %r;\nret;\n}\n"
      ".visible .entry b(.param .u64 out) {\n.reg .b32 %r;\n.reg .b64 %d;\n"
      "call.uni put;\nmov.u32 %r, second;\nst.shared.u32 [%r], 1;\n"
      "st.shared.u32 [%r+12], 1;\nmov.u32 %r, both;\n"
      "ld.shared.u32 %r, [%r];\nld.param.u64 %d, [out];\n"
      "st.global.u32 [%d], %r;\nret;\n}\n";
  EXPECT_EQ(staticShared(runner, text, "a"), 68u);
  for (const char *name : {"a", "b"}) {
    Buffer out(*runner.device, std::vector<uint32_t>(1));
    LaunchResult result =
        runner.run(name, {1, 1, 1}, {1, 1, 1}, 0, &std::as_const(out));
    EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
    EXPECT_EQ(out.read<uint32_t>()[0], 77u) << name;
  }
}

TEST(SharedLayout, TooMuchIsRefusedAtItsLine) {
  Runner runner;
  const std::string two = head + ".shared .align 4 .b8 one[200000];\n"
                                 ".shared .align 4 .b8 two[200000];\n"
                                 ".visible .entry k() {\n.reg .b32 %r;\n";
  EXPECT_FALSE(runner.load(two + "mov.u32 %r, one;\nmov.u32 %r, two;\n" +
                           touch + "ret;\n}\n"));
  EXPECT_EQ(runner.error.line, 5u);
  // Nobody uses the second: it takes no place.
  EXPECT_TRUE(runner.load(two + "mov.u32 %r, one;\n" + touch + "ret;\n}\n"))
      << runner.error.str();
}

} // namespace
} // namespace vgpu::test
