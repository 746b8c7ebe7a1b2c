// ptx_fuzzer.cpp - libFuzzer target: any text loads or is refused, and what
// loads runs for a while without harm.
#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Launch.h"

#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace vgpu;
  static std::unique_ptr<Device> device = [] {
    std::string error;
    return Device::create(h100(), 0, error, uint64_t(1) << 26);
  }();
  LoadError error;
  std::string_view text(reinterpret_cast<const char *>(data), size);
  auto module = Module::load(*device, text, error);
  if (!module) {
    if (error.text.empty())
      abort(); // a refusal without a reason
    return 0;
  }
  for (const Kernel &kernel : module->kernels()) {
    std::vector<uint8_t> parameters(kernel.parameterBytes);
    LaunchConfig config;
    config.block = {33, 1, 1};
    config.parameters = parameters.data();
    config.parameterBytes = uint32_t(parameters.size());
    ExecutionOptions options;
    options.hostThreads = 1;
    options.instructionLimit = 20000;
    options.checkRaces = size % 2;
    options.checkUninitialised = size % 3 == 0;
    options.statistics = size % 5 == 0;
    options.scheduleSeed = size % 7;
    options.print = [](std::string_view) {};
    launch(*device, kernel, config, options);
  }
  return 0;
}
