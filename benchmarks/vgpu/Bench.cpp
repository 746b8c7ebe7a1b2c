// Bench.cpp - runs one kernel on a device of its own and takes the host's time.
#include "benchmarks/vgpu/Bench.h"

#include <cstdio>
#include <ctime>

namespace vgpu::bench {

double seconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

bool Bench::start() {
  std::string error;
  device = Device::create(h100(), 0, error);
  if (!device)
    fprintf(stderr, "%s\n", error.c_str());
  return device != nullptr;
}

double Bench::run(const std::string &ptx, const std::string &name, Dim3 grid,
                  Dim3 block, const Arguments &arguments,
                  uint32_t dynamicShared) {
  LoadError error;
  auto module = Module::load(*device, ptx, error);
  const Kernel *kernel = module ? module->findKernel(name) : nullptr;
  if (!kernel) {
    fprintf(stderr, "%s: %s\n", name.c_str(), error.str().c_str());
    return -1;
  }
  std::vector<uint8_t> bytes(kernel->parameterBytes);
  for (size_t i = 0; i < arguments.list().size(); ++i)
    std::memcpy(&bytes[kernel->parameters[i].offset],
                arguments.list()[i].data(), kernel->parameters[i].bytes);
  LaunchConfig config;
  config.grid = grid;
  config.block = block;
  config.dynamicShared = dynamicShared;
  config.maxDynamicShared = device->model().sharedPerBlockOptin;
  config.parameters = bytes.data();
  config.parameterBytes = uint32_t(bytes.size());
  double start = seconds();
  result = launch(*device, *kernel, config, options);
  double time = seconds() - start;
  if (!result.message.empty())
    fprintf(stderr, "%s\n", result.message.c_str());
  for (const Report &report : result.reports)
    fprintf(stderr, "%s\n", report.str().c_str());
  return result.status == LaunchStatus::Ok ? time : -1;
}

} // namespace vgpu::bench
