// Harness.h - host side of the kernel tests, on the driver API alone.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <cuda.h>
#include <string>
#include <vector>

namespace vgpu::test {

/// Ends the process with exit code 3 and the error's name unless `result` is
/// CUDA_SUCCESS.
void require(CUresult result, const char *what);
#define REQUIRE_CU(call) ::vgpu::test::require(call, #call)

/// Device memory of `count` elements.
template <typename T> class Buffer {
public:
  /// Uninitialised memory.
  explicit Buffer(size_t count) : count(count) {
    REQUIRE_CU(cuMemAlloc(&pointer, count * sizeof(T)));
  }
  explicit Buffer(const std::vector<T> &values) : Buffer(values.size()) {
    write(values);
  }
  ~Buffer() { cuMemFree(pointer); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  void write(const std::vector<T> &values) {
    REQUIRE_CU(cuMemcpyHtoD(pointer, values.data(), values.size() * sizeof(T)));
  }
  void zero() { REQUIRE_CU(cuMemsetD8(pointer, 0, count * sizeof(T))); }
  std::vector<T> read() const {
    std::vector<T> values(count);
    REQUIRE_CU(cuMemcpyDtoH(values.data(), pointer, count * sizeof(T)));
    return values;
  }
  /// The address as a kernel argument.
  CUdeviceptr address() const { return pointer; }

  CUdeviceptr pointer = 0;
  size_t count;
};

struct Shape {
  unsigned x = 1, y = 1, z = 1;
};

/// How a launch differs from a plain one.
struct LaunchExtras {
  unsigned shared = 0;
  Shape cluster{0, 0, 0};
  bool cooperative = false;
};

/// One case under way: its module, the chosen bug, and what went wrong.
class Test {
public:
  Test(std::string ptxFile, int bug);
  ~Test();

  /// The kernel `name`, or its variant with the chosen bug where there is one.
  CUfunction kernel(const std::string &name);
  CUmodule module() const { return loaded; }
  /// True when a bug was chosen: then wrong numbers are no failure.
  bool seeded() const { return bug != 0; }
  int chosenBug() const { return bug; }

  template <typename... Args>
  void launch(CUfunction function, Shape grid, Shape block, LaunchExtras extras,
              Args... arguments) {
    void *pointers[] = {&arguments..., nullptr};
    launchPacked(function, grid, block, extras, pointers);
  }
  template <typename... Args>
  void launch(const std::string &name, Shape grid, Shape block,
              Args... arguments) {
    launch(kernel(name), grid, block, LaunchExtras{}, arguments...);
  }
  /// Waits for the device; a failing kernel ends the process with 3.
  void sync();

  /// Fails unless |actual - expected| <= absolute + relative * |expected| for
  /// every element (NaN equals NaN).
  template <typename A, typename E>
  void expectNear(const std::vector<A> &actual, const std::vector<E> &expected,
                  double absolute, double relative, const char *what) {
    if (actual.size() != expected.size())
      return fail(what, 0, double(actual.size()), double(expected.size()));
    for (size_t i = 0; i < actual.size(); ++i) {
      double a = double(actual[i]), e = double(expected[i]);
      bool same = std::isnan(e)
                      ? std::isnan(a)
                      : a == e || std::fabs(a - e) <=
                                      absolute + relative * std::fabs(e);
      if (!same)
        return fail(what, i, a, e);
    }
  }
  template <typename A, typename E>
  void expectEqual(const std::vector<A> &actual, const std::vector<E> &expected,
                   const char *what) {
    expectNear(actual, expected, 0, 0, what);
  }
  bool failed() const { return failures != 0; }

private:
  void launchPacked(CUfunction function, Shape grid, Shape block,
                    const LaunchExtras &extras, void **pointers);
  void fail(const char *what, size_t index, double actual, double expected);

  CUcontext context = nullptr;
  CUmodule loaded = nullptr;
  int bug;
  int failures = 0;
};

/// `count` values in [-1, 1), the same for a seed everywhere.
std::vector<float> randomFloats(size_t count, uint32_t seed);
std::vector<uint32_t> randomWords(size_t count, uint32_t seed);

/// bf16 by rounding to nearest even, and back.
uint16_t toBf16(float value);
float fromBf16(uint16_t bits);
std::vector<uint16_t> toBf16(const std::vector<float> &values);
std::vector<float> fromBf16(const std::vector<uint16_t> &bits);

/// c[m, n] = sum_k a[m, k] * b[k, n] in doubles; `bTransposed`: b is [n, k].
std::vector<double> matmul(const std::vector<float> &a,
                           const std::vector<float> &b, int m, int n, int k,
                           bool bTransposed);

/// A tensor map over a row-major matrix of 16-bit or other elements.
CUtensorMap tensorMap2d(CUtensorMapDataType type, CUdeviceptr base,
                        uint64_t columns, uint64_t rows, uint64_t rowBytes,
                        uint32_t boxColumns, uint32_t boxRows,
                        CUtensorMapSwizzle swizzle);

using CaseFunction = void (*)(Test &);
/// Adds a case to the table of the program.
struct Registration {
  Registration(const char *name, CaseFunction function);
};

} // namespace vgpu::test

/// Defines the host side of a case.
#define CASE(name)                                                             \
  static void name##Case(::vgpu::test::Test &t);                               \
  static ::vgpu::test::Registration name##Registration(#name, name##Case);     \
  static void name##Case(::vgpu::test::Test &t)
