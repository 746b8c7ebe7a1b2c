// RaceTest.cpp - which accesses race, and which only look alike: lanes, bytes
// of a word, epochs, many readers, scattered addresses.
#include "test/vgpu/core/KernelRunner.h"

namespace vgpu::test {
namespace {

/// A kernel over global words at %d and shared bytes at %s; %t is the thread,
/// %b the block, %w the warp, %l the lane.
std::string kernel(const std::string &body) {
  return ".version 8.0\n.target sm_90a\n.address_size 64\n"
         ".visible .entry k(.param .u64 data) {\n.reg .b16 %h<8>;\n"
         ".reg .b32 %r<24>;\n.reg .b64 %a<12>;\n.reg .pred %p<6>;\n"
         ".reg .b32 %t;\n.reg .b32 %b;\n.reg .b32 %w;\n.reg .b32 %l;\n"
         ".reg .b32 %s;\n.reg .b64 %d;\n.shared .align 128 .b8 memory[8192];\n"
         "ld.param.u64 %d, [data];\nmov.u32 %t, %tid.x;\n"
         "mov.u32 %b, %ctaid.x;\nshr.u32 %w, %t, 5;\nand.b32 %l, %t, 31;\n"
         "mov.u32 %s, memory;\n" +
         body + "\nret;\n}\n";
}

class Races : public ::testing::Test {
protected:
  /// Reports of one launch, without repeats.
  std::vector<Report> run(const std::string &body, unsigned threads = 32,
                          unsigned blocks = 1) {
    runner.options.checkRaces = true;
    EXPECT_TRUE(runner.load(kernel(body))) << runner.error.str();
    Buffer data(*runner.device, std::vector<uint32_t>(1 << 16));
    LaunchResult result = runner.run("k", {blocks, 1, 1}, {threads, 1, 1}, 0,
                                     &std::as_const(data));
    return result.reports;
  }
  void expectNone(const char *what, const std::string &body,
                  unsigned threads = 32, unsigned blocks = 1) {
    for (uint64_t seed : {0, 1, 2, 3}) {
      runner.options.scheduleSeed = seed;
      for (const Report &report : run(body, threads, blocks))
        ADD_FAILURE() << what << ", seed " << seed << ": " << report.str();
    }
  }
  void expectRace(const char *what, const std::string &body,
                  unsigned threads = 32, unsigned blocks = 1) {
    for (uint64_t seed : {0, 1, 2, 3}) {
      runner.options.scheduleSeed = seed;
      std::vector<Report> reports = run(body, threads, blocks);
      EXPECT_FALSE(reports.empty()) << what << ", seed " << seed;
      for (const Report &report : reports)
        EXPECT_EQ(report.kind, ReportKind::Race) << what;
    }
  }
  Runner runner;
};

/// %r1 = address of word %t (with `stride` bytes) in shared memory.
std::string own(unsigned stride = 4) {
  return "mad.lo.u32 %r1, %t, " + std::to_string(stride) + ", %s;\n";
}
/// %r2 = address of the next lane's, in the same warp.
std::string neighbour(unsigned stride = 4) {
  return "add.u32 %r2, %l, 1;\nand.b32 %r2, %r2, 31;\nshl.b32 %r3, %w, 5;\n"
         "add.u32 %r2, %r2, %r3;\nmad.lo.u32 %r2, %r2, " +
         std::to_string(stride) + ", %s;\n";
}

TEST_F(Races, LanesOfAWarp) {
  const std::string write = own() + "st.shared.u32 [%r1], %t;\n";
  expectNone("a lane reads its own word",
             write + "ld.shared.u32 %r4, [%r1];\nst.shared.u32 [%r1], 3;\n");
  expectRace("a lane reads its neighbour's",
             write + neighbour() + "ld.shared.u32 %r4, [%r2];\n");
  expectNone("after bar.warp.sync", write + neighbour() +
                                        "bar.warp.sync -1;\n"
                                        "ld.shared.u32 %r4, [%r2];\n");
  expectRace("a lane writes what its neighbour read",
             own() + neighbour() +
                 "ld.shared.u32 %r4, [%r2];\nst.shared.u32 [%r1], %t;\n");
  // The same lane with a mask of its own.
  expectNone("an odd lane reads its own word",
             write + "and.b32 %r4, %t, 1;\nsetp.eq.u32 %p1, %r4, 1;\n"
                     "@%p1 ld.shared.u32 %r5, [%r1];\n"
                     "@%p1 st.shared.u32 [%r1], 9;\n");
}

TEST_F(Races, HalvesAndBytesOfAWord) {
  const std::string write = own(2) + "st.shared.b16 [%r1], %h1;\n";
  expectNone("a lane reads its own half",
             write + "ld.shared.b16 %h2, [%r1];\n");
  expectNone("odd lanes read their own half",
             write + "and.b32 %r4, %t, 1;\nsetp.eq.u32 %p1, %r4, 1;\n"
                     "@%p1 ld.shared.b16 %h2, [%r1];\n");
  expectRace("a lane reads the other half of its word",
             write + "xor.b32 %r2, %r1, 2;\nld.shared.b16 %h2, [%r2];\n");
  const std::string half = "shl.b32 %r1, %l, 2;\nadd.u32 %r1, %r1, %s;\n"
                           "shl.b32 %r2, %w, 1;\nadd.u32 %r1, %r1, %r2;\n";
  expectNone("two warps write a half of each word",
             half + "st.shared.b16 [%r1], %h1;\n", 64);
  expectRace("and read whole words at once",
             half + "st.shared.b16 [%r1], %h1;\nand.b32 %r1, %r1, -4;\n"
                    "ld.shared.u32 %r4, [%r1];\n",
             64);
  expectNone("or after a barrier",
             half + "st.shared.b16 [%r1], %h1;\nbar.sync 0;\n"
                    "and.b32 %r1, %r1, -4;\nld.shared.u32 %r4, [%r1];\n",
             64);
  expectNone("four warps write a byte of each word",
             "shl.b32 %r1, %l, 2;\nadd.u32 %r1, %r1, %s;\n"
             "add.u32 %r1, %r1, %w;\nst.shared.u8 [%r1], %t;\n",
             128);
}

TEST_F(Races, TilesAndBarriers) {
  // Each turn every warp writes its words and reads those of the next warp.
  auto tiles = [](bool first, bool second) {
    return own() +
           "mov.u32 %r9, 0;\nadd.u32 %r2, %t, 32;\n"
           "and.b32 %r2, %r2, 127;\nmad.lo.u32 %r2, %r2, 4, %s;\n"
           "$turn:\nst.shared.u32 [%r1], %r9;\n" +
           (first ? "bar.sync 0;\n" : "") + "ld.shared.u32 %r4, [%r2];\n" +
           (second ? "bar.sync 0;\n" : "") +
           "add.u32 %r9, %r9, 1;\nsetp.lt.u32 %p1, %r9, 5;\n@%p1 bra $turn;\n";
  };
  expectNone("both barriers", tiles(true, true), 128);
  expectRace("write to read", tiles(false, true), 128);
  expectRace("read to write", tiles(true, false), 128);
  // Wide elements: four words a lane.
  auto vectors = [](const char *barrier) {
    return own(16) + "st.shared.v4.u32 [%r1], {%t, %t, %t, %t};\n" + barrier +
           "xor.b32 %r2, %t, 32;\nmad.lo.u32 %r2, %r2, 16, %s;\n"
           "ld.shared.v2.u32 {%r4, %r5}, [%r2+8];\n";
  };
  expectNone("vectors", vectors("bar.sync 0;\n"), 64);
  expectRace("vectors without a barrier", vectors(""), 64);
}

TEST_F(Races, ManyReadersOfOneWord) {
  // All warps read one word, then the last one writes it.
  auto readers = [](const char *between) {
    return std::string("ld.shared.u32 %r4, [%s];\n") + between +
           "setp.eq.u32 %p1, %t, 1023;\n@%p1 st.shared.u32 [%s], 1;\n";
  };
  expectNone("after a barrier", readers("bar.sync 0;\n"), 1024);
  expectRace("at once", readers(""), 1024);
  // More reading blocks than a line remembers; one of them writes.
  const std::string blocks = "ld.global.u32 %r4, [%d];\nadd.u32 %r4, %r4, 1;\n"
                             "setp.eq.u32 %p1, %b, 20;\n"
                             "@%p1 st.global.u32 [%d], %r4;\n";
  expectRace("blocks", blocks, 1, 24);
  expectNone("blocks that only read", "ld.global.u32 %r4, [%d];\n", 32, 24);
}

/// %a1 = address of word (%t * 193 + turn * turn) mod 512: no pattern.
const std::string scattered =
    "mul.lo.u32 %r6, %r9, %r9;\nmul.lo.u32 %r5, %t, %t;\n"
    "mad.lo.u32 %r5, %r5, 193, %r6;\nmad.lo.u32 %r5, %r5, %r9, %t;\n"
    "and.b32 %r5, %r5, 511;\nmad.wide.u32 %a1, %r5, 4, %d;\n";

TEST_F(Races, ScatteredAddresses) {
  // Turns enough for lists of reads to be made short.
  auto loop = [](const std::string &body) {
    return "mov.u32 %r9, 1;\n$turn:\n" + scattered + body +
           "add.u32 %r9, %r9, 1;\nsetp.lt.u32 %p1, %r9, 200;\n"
           "@%p1 bra $turn;\n";
  };
  const std::string reads = loop("ld.global.u32 %r4, [%a1];\n");
  expectNone("reads", reads, 256);
  const std::string all = "mad.wide.u32 %a2, %t, 4, %d;\n"
                          "st.global.u32 [%a2], 5;\n"
                          "st.global.u32 [%a2+1024], 5;\n";
  expectRace("written by others at once", reads + all, 256);
  expectNone("or after a barrier", reads + "bar.sync 0;\n" + all, 256);
  expectNone("atomics", loop("red.global.add.u32 [%a1], 1;\n"), 256);
  expectRace("writes of different values", loop("st.global.u32 [%a1], %t;\n"),
             256);
  expectNone("writes of one value",
             "mov.u32 %r9, 3;\n" + scattered + "st.global.u32 [%a1], 0;\n",
             256);
}

TEST_F(Races, WritesOfOneInstruction) {
  expectNone("all lanes write one value", "st.shared.u32 [%s], 7;\n");
  expectRace("lanes overwrite each other's bytes",
             "mad.lo.u32 %r1, %t, 4, %s;\nmov.u32 %r4, %t;\n"
             "mov.u32 %r5, 77;\nand.b32 %r1, %r1, -8;\n"
             "st.shared.u32 [%r1+4], %r5;\nbar.warp.sync -1;\n"
             "setp.lt.u32 %p1, %t, 16;\n"
             "selp.u32 %r6, 0, 4, %p1;\nadd.u32 %r6, %r6, %s;\n"
             "st.shared.u16 [%r6], %r4;\nsetp.eq.u32 %p2, %t, 0;\n"
             "@%p2 ld.shared.u32 %r7, [%s+4];\n");
}

/// Numbers of lines and patterns that one launch leaves do not disturb the
/// next one.
TEST_F(Races, LaunchesAreApart) {
  // Every thread of many blocks uses another stride: thousands of patterns.
  const std::string strides =
      "add.u32 %r4, %b, 1;\nmul.lo.u32 %r4, %r4, %l;\n"
      "and.b32 %r4, %r4, 16383;\nmad.wide.u32 %a1, %r4, 4, %d;\n"
      "ld.global.u32 %r5, [%a1];\n";
  expectNone("many patterns", strides, 32, 6000);
  const std::string write = "st.shared.u32 [%s], %t;\n";
  for (int launch = 0; launch < 3; ++launch) {
    expectRace("a race in every launch", own() + "st.shared.u32 [%r1], %t;\n" +
                                             neighbour() +
                                             "ld.shared.u32 %r4, [%r2];\n");
    expectNone("no race in every launch",
               own() + "st.shared.u32 [%r1], %t;\nld.shared.u32 %r4, [%r1];\n");
  }
}

} // namespace
} // namespace vgpu::test
