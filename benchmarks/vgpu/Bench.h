// Bench.h - runs one kernel on a device of its own and takes the host's time.
#pragma once

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Launch.h"

#include <cstring>
#include <string>
#include <vector>

namespace vgpu::bench {

/// Processor time of this process, seconds: other load on the machine counts
/// little.
double seconds();

/// A kernel's arguments, as bytes in their order.
class Arguments {
public:
  template <class... T> explicit Arguments(const T &...values) {
    (add(&values, sizeof values), ...);
  }
  const std::vector<std::vector<uint8_t>> &list() const { return values; }

private:
  void add(const void *value, size_t bytes) {
    auto *from = static_cast<const uint8_t *>(value);
    values.emplace_back(from, from + bytes);
  }
  std::vector<std::vector<uint8_t>> values;
};

struct Bench {
  std::unique_ptr<Device> device;
  ExecutionOptions options;
  LaunchResult result;

  /// Makes an H100; false, with the reason on stderr, when that fails.
  bool start();
  /// Runs kernel `name` of `ptx` once; returns its seconds, or a negative
  /// number, with the reason on stderr, when it failed or something was
  /// reported.
  double run(const std::string &ptx, const std::string &name, Dim3 grid,
             Dim3 block, const Arguments &arguments,
             uint32_t dynamicShared = 0);
};

/// Measures compiled kernels without and with race checking; prints a row a
/// kernel. `folder` holds their PTX. False when a result is wrong.
bool measureRaces(Bench &bench, const std::string &folder);

} // namespace vgpu::bench
