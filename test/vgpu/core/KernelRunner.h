// KernelRunner.h - loads PTX and runs kernels on a device of its own.
#pragma once

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Launch.h"

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <type_traits>
#include <vector>

namespace vgpu::test {

/// A buffer in device memory, with its content copied in.
struct Buffer {
  Device &device;
  uint64_t address = 0;
  uint64_t bytes = 0;

  Buffer(Device &device, uint64_t bytes)
      : device(device), address(device.allocate(bytes)), bytes(bytes) {
    EXPECT_NE(address, 0u);
  }
  template <class T>
  Buffer(Device &device, const std::vector<T> &content)
      : Buffer(device, content.size() * sizeof(T)) {
    device.copy(address, uint64_t(content.data()), bytes);
  }
  ~Buffer() { device.free(address); }
  Buffer(const Buffer &) = delete;

  template <class T> std::vector<T> read() const {
    std::vector<T> content(bytes / sizeof(T));
    std::memcpy(content.data(), reinterpret_cast<const void *>(address),
                content.size() * sizeof(T));
    return content;
  }
};

/// One device and one module, with launches by name.
class Runner {
public:
  explicit Runner(const DeviceModel &model = h100()) {
    std::string error;
    device = Device::create(model, 0, error);
    EXPECT_TRUE(device) << error;
    device->trackInitialised();
  }

  bool load(std::string_view ptx) {
    module = Module::load(*device, ptx, error);
    return module != nullptr;
  }

  template <class... Args>
  LaunchResult run(const std::string &name, Dim3 grid, Dim3 block,
                   uint32_t dynamicShared, Args... args) {
    LaunchConfig config;
    config.grid = grid;
    config.block = block;
    config.dynamicShared = dynamicShared;
    config.maxDynamicShared = device->model().sharedPerBlockOptin;
    return runWith(name, config, args...);
  }

  template <class... Args>
  LaunchResult runWith(const std::string &name, LaunchConfig config,
                       Args... args) {
    const Kernel *kernel = module ? module->findKernel(name) : nullptr;
    if (!kernel) {
      ADD_FAILURE() << "no kernel '" << name << "': " << error.str();
      return {};
    }
    std::vector<uint8_t> parameters(kernel->parameterBytes);
    size_t index = 0;
    (put(parameters, *kernel, index, args), ...);
    config.parameters = parameters.data();
    config.parameterBytes = uint32_t(parameters.size());
    return launch(*device, *kernel, config, options);
  }

  std::unique_ptr<Device> device;
  std::unique_ptr<Module> module;
  LoadError error;
  ExecutionOptions options;

private:
  template <class T>
  static void put(std::vector<uint8_t> &parameters, const Kernel &kernel,
                  size_t &index, const T &value) {
    ASSERT_LT(index, kernel.parameters.size());
    const KernelParameter &p = kernel.parameters[index++];
    if constexpr (std::is_same_v<T, const Buffer *>) {
      std::memcpy(&parameters[p.offset], &value->address, 8);
    } else {
      ASSERT_EQ(sizeof(T), p.bytes);
      std::memcpy(&parameters[p.offset], &value, sizeof(T));
    }
  }
};

/// All reports of a launch, one a line; empty when there are none.
inline std::string reportsOf(const LaunchResult &result) {
  std::string out = result.message;
  for (const Report &report : result.reports)
    out += report.str() + "\n";
  return out;
}

} // namespace vgpu::test
