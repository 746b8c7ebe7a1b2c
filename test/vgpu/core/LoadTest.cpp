// LoadTest.cpp - PTX that must be refused with a line, and mutated text that
// must never do harm.
#include "test/vgpu/core/KernelRunner.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace vgpu::test {
namespace {

const std::string head = ".version 8.0\n.target sm_90a\n.address_size 64\n";
const std::string good =
    head + ".global .align 4 .b8 data[16] = {1, 2, 3};\n"
           ".visible .entry k(.param .u64 p) {\n"
           ".reg .b32 %r<4>;\n.reg .b64 %rd<3>;\n.reg .pred %p<2>;\n"
           "ld.param.u64 %rd1, [p];\nmov.u32 %r1, %tid.x;\n"
           "$L1:\nadd.s32 %r1, %r1, 1;\nsetp.lt.s32 %p1, %r1, 9;\n"
           "@%p1 bra $L1;\n{ .reg .b32 x; mov.b32 x, 7; st.global.u32 [%rd1], "
           "x; }\nret;\n}\n";

struct Refused {
  const char *body;
  uint32_t line;
  const char *text;
};

/// Bodies of a kernel whose first line is line 5 of the text.
TEST(Load, RefusesWithTheLine) {
  const Refused cases[] = {
      {"frobnicate.u32 %r1, %r2;", 6, "not modelled"},
      {"add.u32.foo %r1, %r2, %r3;", 6, "foo"},
      {"add.u32 %r1, %r2;", 6, "operands"},
      {"add.u32 %r1, %r2, %r9;", 6, "unknown register"},
      {"add.u32 %rd1, %r1, %r2;", 6, "expected a register of 32 bits"},
      {"bra nowhere;", 6, "unknown name"},
      {"L: L: ret;", 6, "defined twice"},
      {"ld.global.u32 %r1, %rd1;", 6, "address"},
      {"mov.u32 %r1, %nonsense;", 6, "unknown register"},
      {"\n\nmma.sync.aligned.m3n3k3.row.col.f32.f16.f16.f32 {%r1}, {%r1}, "
       "{%r1}, {%r1};",
       8, "not modelled"},
      {".local .b8 big[1000000000000];", 6, "bytes"},
      {".shared .b8 big[4294967296];", 6, "bytes"},
      {".reg .b32 %q<99999999999999999999>;", 6, "expected an integer"},
      {"call (%r1), k, ();", 6, "call"},
      {"@%r1 ret;", 6, "predicate"},
      {"ret", 7, "expected"},
      {"{ { ret; }", 8, "expected"},
      {"setp.foo.u32 %p1, %r1, %r2;", 6, "not modelled"},
      {"st.global.v4.u32 [%rd1], {%r1, %r2};", 6, "vector"},
      {"brx.idx %r1, L9;", 6, "unknown name"},
      {"mov.u32 %r1, 0x1234567890123456789;", 6, "expected"},
      {"/* never closed", 8, "expected '}'"},
  };
  for (const Refused &one : cases) {
    SCOPED_TRACE(one.body);
    std::string text = head +
                       ".entry k() {\n.reg .b32 %r<4>; .reg .b64 "
                       "%rd<4>; .reg .pred %p<3>;\n" +
                       one.body + "\n}\n";
    Runner runner;
    ASSERT_FALSE(runner.load(text));
    EXPECT_NE(runner.error.text.find(one.text), std::string::npos)
        << runner.error.str();
    EXPECT_EQ(runner.error.line, one.line) << runner.error.str();
  }
}

TEST(Load, RefusesOtherArchitectures) {
  Runner runner(a100());
  EXPECT_FALSE(runner.load(good));
  EXPECT_TRUE(runner.error.wrongArchitecture);
  Runner hopper;
  EXPECT_TRUE(hopper.load(good)) << hopper.error.str();
  EXPECT_FALSE(hopper.load(".version 8.0\n.target sm_100\n"));
  EXPECT_TRUE(hopper.error.wrongArchitecture);
}

TEST(Load, FindsKernelsAndGlobals) {
  Runner runner;
  ASSERT_TRUE(runner.load(good)) << runner.error.str();
  const GlobalVariable *data = runner.module->findGlobal("data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->bytes, 16u);
  auto *bytes = reinterpret_cast<const uint8_t *>(data->address);
  EXPECT_EQ(bytes[0] + bytes[1] * 10 + bytes[2] * 100 + bytes[3], 321);
  const Kernel *kernel = runner.module->findKernel("k");
  ASSERT_NE(kernel, nullptr);
  EXPECT_EQ(kernel->parameterBytes, 8u);
}

/// Cuts and byte changes of a good text: it loads or is refused, nothing else.
void mutate(const std::string &text, unsigned rounds) {
  std::string error;
  auto device = Device::create(h100(), 0, error, 1 << 28);
  ASSERT_TRUE(device) << error;
  unsigned seed = 7;
  auto next = [&] { return seed = seed * 1664525 + 1013904223, seed >> 8; };
  for (unsigned i = 0; i < rounds; ++i) {
    std::string bad = text;
    if (i % 3 == 0)
      bad.resize(next() % bad.size());
    for (unsigned k = next() % 4; k-- > 0 && !bad.empty();)
      bad[next() % bad.size()] = "{}()[];,.%@09azAZ\0\xff\"/*-"[next() % 24];
    if (i % 5 == 0 && bad.size() > 20)
      bad.insert(next() % bad.size(), bad.substr(next() % bad.size(), 40));
    LoadError why;
    auto module = Module::load(*device, bad, why);
    if (!module) {
      EXPECT_FALSE(why.text.empty());
      EXPECT_GT(why.line, 0u);
    }
  }
  EXPECT_EQ(device->memoryUsed(), 0u);
}

TEST(Load, SurvivesMutation) { mutate(good, 3000); }

TEST(Load, CorpusReplays) {
  std::filesystem::path folder(VGPU_CORPUS_DIR);
  unsigned count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    SCOPED_TRACE(entry.path().filename().string());
    mutate(text.str(), 40);
    ++count;
  }
  EXPECT_GE(count, 5u);
}

TEST(Launch, RefusesWhatTheDeviceCannotRun) {
  Runner runner;
  ASSERT_TRUE(runner.load(good)) << runner.error.str();
  Buffer out(*runner.device, 4);
  auto status = [&](Dim3 grid, Dim3 block, uint32_t shared) {
    return runner
        .run("k", grid, block, shared, static_cast<const Buffer *>(&out))
        .status;
  };
  EXPECT_EQ(status({1, 1, 1}, {32, 1, 1}, 0), LaunchStatus::Ok);
  EXPECT_EQ(out.read<uint32_t>()[0], 7u);
  EXPECT_EQ(status({0, 1, 1}, {32, 1, 1}, 0), LaunchStatus::InvalidValue);
  EXPECT_EQ(status({1, 70000, 1}, {32, 1, 1}, 0), LaunchStatus::InvalidValue);
  EXPECT_EQ(status({1, 1, 1}, {1025, 1, 1}, 0), LaunchStatus::InvalidValue);
  EXPECT_EQ(status({1, 1, 1}, {1, 1, 65}, 0), LaunchStatus::InvalidValue);
  EXPECT_EQ(status({1, 1, 1}, {32, 1, 1}, 300000), LaunchStatus::InvalidValue);
}

TEST(Launch, ReportsOutOfBoundsWithLineAndLane) {
  Runner runner;
  ASSERT_TRUE(runner.load(
      head + ".visible .entry k(.param .u64 p) {\n.reg .b32 %r<4>;\n.reg .b64 "
             "%rd<3>;\nld.param.u64 %rd1, [p];\nmov.u32 %r1, %tid.x;\n"
             "mad.wide.u32 %rd2, %r1, 4, %rd1;\nst.global.u32 [%rd2], %r1;\n"
             "ret;\n}\n"));
  Buffer out(*runner.device, 40 * 4);
  LaunchResult result = runner.run("k", {1, 1, 1}, {64, 1, 1}, 0,
                                   static_cast<const Buffer *>(&out));
  EXPECT_EQ(result.status, LaunchStatus::IllegalAddress);
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].kind, ReportKind::OutOfBounds);
  EXPECT_EQ(result.reports[0].line, 10u);
  EXPECT_EQ(result.reports[0].warp, 1u);
  EXPECT_EQ(result.reports[0].lane, 8);
}

} // namespace
} // namespace vgpu::test
