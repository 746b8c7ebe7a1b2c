// HopperTest.cpp - TMA, mbarrier, wgmma, clusters, mma.sync: right numbers over
// several schedules with all checks on, and seeded bugs that must be reported.
#include "test/vgpu/core/KernelRunner.h"
#include "tools/vgpu/core/TensorCore.h"
#include "tools/vgpu/core/TensorMap.h"

#include <cmath>
#include <fstream>
#include <sstream>

namespace vgpu::test {
namespace {

std::string readPtx(const std::string &name) {
  std::ifstream file(std::string(VGPU_PTX_DIR) + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct alignas(64) MapBytes {
  uint8_t bytes[tensorMapBytes];
};

MapBytes makeMap(TensorMapType type, uint64_t address, uint64_t width,
                 uint64_t height, uint32_t boxWidth, uint32_t boxHeight,
                 TensorMapSwizzle swizzle) {
  TensorMap map;
  map.type = type;
  map.rank = 2;
  map.address = address;
  map.sizes[0] = width;
  map.sizes[1] = height;
  map.strides[0] = width * tensorMapTypeBytes(type);
  map.box[0] = boxWidth;
  map.box[1] = boxHeight;
  map.elementStrides[0] = map.elementStrides[1] = 1;
  map.swizzle = swizzle;
  MapBytes bytes;
  std::string error;
  EXPECT_TRUE(encodeTensorMap(map, bytes.bytes, error)) << error;
  return bytes;
}

std::vector<uint16_t> bfloats(size_t count, unsigned seed) {
  std::vector<uint16_t> values(count);
  for (size_t i = 0; i < count; ++i) {
    seed = seed * 1664525 + 1013904223;
    values[i] = floatToBfloat(float(int(seed >> 24) - 128) / 64.0f);
  }
  return values;
}

/// A compiler and a schedule.
struct Way {
  const char *compiler;
  uint64_t seed;
};

class HopperTest : public ::testing::TestWithParam<Way> {
protected:
  void load(Runner &runner, const std::string &file) {
    Way way = GetParam();
    runner.options.scheduleSeed = way.seed;
    runner.options.checkRaces = true;
    runner.options.checkUninitialised = true;
    runner.options.instructionLimit = 100000000;
    ASSERT_TRUE(runner.load(readPtx(file + "." + way.compiler + ".ptx")))
        << runner.error.str();
  }
};

LaunchResult runGemm(Runner &runner, unsigned n, unsigned k,
                     std::vector<float> &out, std::vector<float> &want) {
  std::vector<uint16_t> a = bfloats(128 * k, 1), b = bfloats(n * k, 2);
  Buffer bufferA(*runner.device, a), bufferB(*runner.device, b),
      bufferC(*runner.device, 128 * n * 4);
  MapBytes mapA = makeMap(TensorMapType::BF16, bufferA.address, k, 128, 64, 64,
                          TensorMapSwizzle::Bytes128);
  MapBytes mapB = makeMap(TensorMapType::BF16, bufferB.address, k, n, 64, 64,
                          TensorMapSwizzle::Bytes128);
  LaunchResult result =
      runner.run("gemm", {n / 64, 2, 1}, {160, 1, 1}, 2 * 16384 + 64, mapA,
                 mapB, static_cast<const Buffer *>(&bufferC), int(n), int(k));
  out = bufferC.read<float>();
  want.assign(128 * n, 0);
  for (unsigned i = 0; i < 128; ++i)
    for (unsigned j = 0; j < n; ++j) {
      double sum = 0;
      for (unsigned p = 0; p < k; ++p)
        sum += double(bfloatToFloat(a[i * k + p])) *
               double(bfloatToFloat(b[j * k + p]));
      want[i * n + j] = float(sum);
    }
  return result;
}

/// clang drops __cluster_dims__, so the launch names the cluster too.
LaunchResult runClusterSum(Runner &runner, const Buffer &input,
                           const Buffer &output) {
  LaunchConfig config;
  config.grid = {8, 1, 1};
  config.block = {256, 1, 1};
  config.cluster = {4, 1, 1};
  return runner.runWith("clusterSum", config, &input, &output, 500);
}

TEST_P(HopperTest, WarpSpecialisedGemm) {
  Runner runner;
  load(runner, "hopper");
  std::vector<float> out, want;
  LaunchResult result = runGemm(runner, 128, 320, out, want);
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  for (size_t i = 0; i < want.size(); ++i)
    ASSERT_NEAR(out[i], want[i], 1e-3 + 1e-4 * std::fabs(want[i])) << i;
}

TEST_P(HopperTest, ClusterSum) {
  Runner runner;
  load(runner, "hopper");
  std::vector<float> in(8 * 500);
  float want[2] = {};
  for (size_t i = 0; i < in.size(); ++i) {
    in[i] = float(i % 17);
    want[i / 2000] += in[i];
  }
  Buffer input(*runner.device, in), output(*runner.device, 8);
  LaunchResult result = runClusterSum(runner, input, output);
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  EXPECT_EQ(output.read<float>()[0], want[0]);
  EXPECT_EQ(output.read<float>()[1], want[1]);
}

TEST_P(HopperTest, TensorStore) {
  Runner runner;
  load(runner, "hopper");
  const unsigned width = 20, height = 40;
  std::vector<float> in(width * height);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = float(i);
  Buffer from(*runner.device, in),
      to(*runner.device, std::vector<float>(in.size(), -1.0f));
  MapBytes mapFrom = makeMap(TensorMapType::F32, from.address, width, height, 8,
                             32, TensorMapSwizzle::None);
  MapBytes mapTo = makeMap(TensorMapType::F32, to.address, width, height, 8, 32,
                           TensorMapSwizzle::None);
  LaunchResult result =
      runner.run("doubleTile", {3, 2, 1}, {64, 1, 1}, 0, mapFrom, mapTo);
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  std::vector<float> out = to.read<float>();
  for (size_t i = 0; i < in.size(); ++i)
    ASSERT_EQ(out[i], 2 * in[i]) << i;
}

TEST_P(HopperTest, MmaGemm) {
  Runner runner;
  load(runner, "ampere");
  const unsigned k = 96, m = 2 * 4 * 16;
  std::vector<uint16_t> a = bfloats(m * k, 3), b = bfloats(8 * k, 4);
  Buffer bufferA(*runner.device, a), bufferB(*runner.device, b),
      bufferC(*runner.device, m * 8 * 4);
  LaunchResult result =
      runner.run("mmaGemm", {2, 1, 1}, {128, 1, 1}, 0,
                 static_cast<const Buffer *>(&bufferA),
                 static_cast<const Buffer *>(&bufferB),
                 static_cast<const Buffer *>(&bufferC), int(k));
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  std::vector<float> out = bufferC.read<float>();
  for (unsigned i = 0; i < m; ++i)
    for (unsigned j = 0; j < 8; ++j) {
      double sum = 0;
      for (unsigned p = 0; p < k; ++p)
        sum += double(bfloatToFloat(a[i * k + p])) *
               double(bfloatToFloat(b[j * k + p]));
      ASSERT_NEAR(out[i * 8 + j], sum, 1e-3 + 1e-4 * std::fabs(sum));
    }
}

std::string nameOf(const ::testing::TestParamInfo<Way> &info) {
  return std::string(info.param.compiler) + "_seed" +
         std::to_string(info.param.seed);
}
INSTANTIATE_TEST_SUITE_P(Ways, HopperTest,
                         ::testing::Values(Way{"nvcc", 0}, Way{"nvcc", 1},
                                           Way{"nvcc", 7}, Way{"clang", 0},
                                           Way{"clang", 2}, Way{"clang", 11}),
                         nameOf);

/// A bug put into a source, the kernel that has it, what finds it, and the
/// instructions one of which must stand in a line that the report names.
struct Bug {
  const char *file;
  int number;
  const char *kernel;
  std::vector<ReportKind> kinds;
  std::vector<const char *> instructions;
};

/// Line `number` of a text, counted from 1; empty when there is none.
std::string lineOf(const std::string &text, uint32_t number) {
  std::stringstream in(text);
  std::string line;
  for (uint32_t at = 0; at < number; ++at)
    if (!std::getline(in, line))
      return "";
  return number ? line : "";
}

bool names(const Report &report, const std::string &ptx, const Bug &bug) {
  std::string places =
      lineOf(ptx, report.line) + "\n" + lineOf(ptx, report.relatedLine);
  for (const char *instruction : bug.instructions)
    if (places.find(instruction) != places.npos)
      return true;
  return false;
}

class SeededBug : public ::testing::TestWithParam<Bug> {};

TEST_P(SeededBug, IsReported) {
  Bug bug = GetParam();
  Runner runner;
  runner.options.checkRaces = true;
  runner.options.checkUninitialised = true;
  runner.options.instructionLimit = 20000000;
  std::string ptx = readPtx(std::string(bug.file) + ".bug" +
                            std::to_string(bug.number) + ".ptx");
  ASSERT_TRUE(runner.load(ptx)) << runner.error.str();
  LaunchResult result;
  std::string kernel = bug.kernel;
  std::vector<float> out, want;
  if (kernel == "gemm") {
    result = runGemm(runner, 64, 320, out, want);
  } else if (kernel == "clusterSum") {
    Buffer input(*runner.device, std::vector<float>(4000, 1.0f)),
        output(*runner.device, 8);
    result = runClusterSum(runner, input, output);
  } else if (kernel == "doubleTile") {
    Buffer from(*runner.device, std::vector<float>(800, 1.0f)),
        to(*runner.device, 3200);
    MapBytes a = makeMap(TensorMapType::F32, from.address, 20, 40, 8, 32,
                         TensorMapSwizzle::None);
    MapBytes b = makeMap(TensorMapType::F32, to.address, 20, 40, 8, 32,
                         TensorMapSwizzle::None);
    result = runner.run("doubleTile", {3, 2, 1}, {64, 1, 1}, 0, a, b);
  } else {
    Buffer a(*runner.device, bfloats(64 * 96, 3)),
        b(*runner.device, bfloats(8 * 96, 4)), c(*runner.device, 64 * 8 * 4);
    result = runner.run(
        "mmaGemm", {1, 1, 1}, {128, 1, 1}, 0, static_cast<const Buffer *>(&a),
        static_cast<const Buffer *>(&b), static_cast<const Buffer *>(&c), 96);
  }
  bool found = false;
  for (const Report &report : result.reports)
    for (ReportKind kind : bug.kinds)
      found |= report.kind == kind && names(report, ptx, bug);
  EXPECT_TRUE(found) << "status " << int(result.status) << "\n"
                     << reportsOf(result);
}

using K = ReportKind;
constexpr const char *copy = "cp.async.bulk.tensor", *wgmma = "wgmma.mma_async",
                     *remote = "ld.shared::cluster", *matrix = "ldmatrix";
INSTANTIATE_TEST_SUITE_P(
    Bugs, SeededBug,
    ::testing::Values(
        Bug{"hopper",
            1,
            "gemm",
            {K::Race, K::BarrierMisuse},
            {copy, wgmma, "mbarrier.arrive.expect_tx"}},
        Bug{"hopper", 2, "gemm", {K::Race, K::Uninitialised}, {wgmma}},
        Bug{"hopper", 3, "gemm", {K::Race}, {wgmma}},
        Bug{"hopper", 4, "gemm", {K::UseBeforeWait, K::Race}, {wgmma, copy}},
        Bug{"hopper", 5, "gemm", {K::MbarrierDeadlock}, {"mbarrier.try_wait"}},
        Bug{"hopper", 6, "clusterSum", {K::Race, K::Uninitialised}, {remote}},
        Bug{"hopper", 7, "clusterSum", {K::OutOfBounds, K::Race}, {remote}},
        Bug{"hopper", 8, "doubleTile", {K::MissingProxyFence}, {copy}},
        Bug{"hopper", 9, "doubleTile", {K::Race}, {copy}},
        Bug{"ampere", 1, "mmaGemm", {K::Race, K::Uninitialised}, {matrix}},
        Bug{"ampere", 2, "mmaGemm", {K::Race}, {matrix}},
        Bug{"ampere", 3, "mmaGemm", {K::Race}, {matrix, "cp.async"}}),
    [](const ::testing::TestParamInfo<Bug> &info) {
      return std::string(info.param.file) + std::to_string(info.param.number);
    });

} // namespace
} // namespace vgpu::test
