// Harness.cpp - runs one case: vgpu-kernels PTX-FOLDER CASE [BUG].

#include "test/vgpu/kernels/Harness.h"

#include <cstdio>
#include <cstdlib>
#include <map>

namespace vgpu::test {

void require(CUresult result, const char *what) {
  if (result == CUDA_SUCCESS)
    return;
  const char *name = nullptr;
  cuGetErrorName(result, &name);
  std::fprintf(stderr, "%s: %s\n", what, name ? name : "?");
  std::exit(3);
}

Test::Test(std::string ptxFile, int bug) : bug(bug) {
  CUdevice device;
  REQUIRE_CU(cuInit(0));
  REQUIRE_CU(cuDeviceGet(&device, 0));
  REQUIRE_CU(cuDevicePrimaryCtxRetain(&context, device));
  REQUIRE_CU(cuCtxSetCurrent(context));
  REQUIRE_CU(cuModuleLoad(&loaded, ptxFile.c_str()));
}

Test::~Test() {
  cuModuleUnload(loaded);
  cuDevicePrimaryCtxRelease(0);
}

CUfunction Test::kernel(const std::string &name) {
  CUfunction function = nullptr;
  std::string variant = name + "_bug" + std::to_string(bug);
  if (bug &&
      cuModuleGetFunction(&function, loaded, variant.c_str()) == CUDA_SUCCESS)
    return function;
  require(cuModuleGetFunction(&function, loaded, name.c_str()), name.c_str());
  return function;
}

void Test::launchPacked(CUfunction function, Shape grid, Shape block,
                        const LaunchExtras &extras, void **pointers) {
  if (extras.shared > 48 * 1024)
    REQUIRE_CU(cuFuncSetAttribute(
        function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
        int(extras.shared)));
  CUlaunchConfig config = {};
  config.gridDimX = grid.x;
  config.gridDimY = grid.y;
  config.gridDimZ = grid.z;
  config.blockDimX = block.x;
  config.blockDimY = block.y;
  config.blockDimZ = block.z;
  config.sharedMemBytes = extras.shared;
  CUlaunchAttribute attributes[2] = {};
  config.attrs = attributes;
  if (extras.cluster.x) {
    CUlaunchAttribute &cluster = attributes[config.numAttrs++];
    cluster.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
    cluster.value.clusterDim.x = extras.cluster.x;
    cluster.value.clusterDim.y = extras.cluster.y;
    cluster.value.clusterDim.z = extras.cluster.z;
  }
  if (extras.cooperative) {
    CUlaunchAttribute &cooperative = attributes[config.numAttrs++];
    cooperative.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
    cooperative.value.cooperative = 1;
  }
  REQUIRE_CU(cuLaunchKernelEx(&config, function, pointers, nullptr));
}

void Test::sync() { REQUIRE_CU(cuCtxSynchronize()); }

void Test::fail(const char *what, size_t index, double actual,
                double expected) {
  if (seeded())
    return;
  ++failures;
  std::fprintf(stderr, "%s[%zu]: expected %.9g, but got %.9g\n", what, index,
               expected, actual);
}

std::vector<uint32_t> randomWords(size_t count, uint32_t seed) {
  std::vector<uint32_t> words(count);
  uint64_t state = seed * 0x9E3779B97F4A7C15ull + 1;
  for (uint32_t &word : words) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    word = uint32_t(state >> 32);
  }
  return words;
}

std::vector<float> randomFloats(size_t count, uint32_t seed) {
  std::vector<float> values(count);
  std::vector<uint32_t> words = randomWords(count, seed);
  for (size_t i = 0; i < count; ++i)
    values[i] = float(int32_t(words[i])) / 2147483648.0f;
  return values;
}

uint16_t toBf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float fromBf16(uint16_t half) {
  uint32_t bits = uint32_t(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

std::vector<uint16_t> toBf16(const std::vector<float> &values) {
  std::vector<uint16_t> bits;
  for (float value : values)
    bits.push_back(toBf16(value));
  return bits;
}

std::vector<float> fromBf16(const std::vector<uint16_t> &bits) {
  std::vector<float> values;
  for (uint16_t half : bits)
    values.push_back(fromBf16(half));
  return values;
}

std::vector<double> matmul(const std::vector<float> &a,
                           const std::vector<float> &b, int m, int n, int k,
                           bool bTransposed) {
  std::vector<double> c(size_t(m) * n);
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      double sum = 0;
      for (int x = 0; x < k; ++x)
        sum +=
            double(a[i * k + x]) * (bTransposed ? b[j * k + x] : b[x * n + j]);
      c[i * n + j] = sum;
    }
  return c;
}

CUtensorMap tensorMap2d(CUtensorMapDataType type, CUdeviceptr base,
                        uint64_t columns, uint64_t rows, uint64_t rowBytes,
                        uint32_t boxColumns, uint32_t boxRows,
                        CUtensorMapSwizzle swizzle) {
  CUtensorMap map;
  cuuint64_t sizes[] = {columns, rows};
  cuuint64_t strides[] = {rowBytes};
  cuuint32_t box[] = {boxColumns, boxRows};
  cuuint32_t steps[] = {1, 1};
  REQUIRE_CU(cuTensorMapEncodeTiled(
      &map, type, 2, reinterpret_cast<void *>(base), sizes, strides, box, steps,
      CU_TENSOR_MAP_INTERLEAVE_NONE, swizzle, CU_TENSOR_MAP_L2_PROMOTION_NONE,
      CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE));
  return map;
}

static std::map<std::string, CaseFunction> &cases() {
  static std::map<std::string, CaseFunction> table;
  return table;
}

Registration::Registration(const char *name, CaseFunction function) {
  cases()[name] = function;
}

/// 0 right, 1 wrong numbers.
static int runCase(const std::string &folder, const std::string &name,
                   int bug) {
  Test test(folder + "/" + name + ".ptx", bug);
  cases().at(name)(test);
  std::printf("%s %s\n", test.failed() ? "wrong" : "right", name.c_str());
  return test.failed() ? 1 : 0;
}

} // namespace vgpu::test

int main(int argc, char **argv) {
  using namespace vgpu::test;
  if (argc == 2 && std::string(argv[1]) == "--list") {
    for (auto &[name, function] : cases())
      std::printf("%s\n", name.c_str());
    return 0;
  }
  if (argc < 3 || argc > 4 ||
      (std::string(argv[2]) != "all" && !cases().count(argv[2]))) {
    std::fprintf(stderr, "usage: vgpu-kernels PTX-FOLDER all|CASE [BUG]\n"
                         "       vgpu-kernels --list\n");
    return 2;
  }
  int bug = argc == 4 ? std::atoi(argv[3]) : 0;
  if (std::string(argv[2]) != "all")
    return runCase(argv[1], argv[2], bug);
  int wrong = 0;
  for (auto &[name, function] : cases())
    wrong |= runCase(argv[1], name, bug);
  return wrong;
}
