//===- CudaSteps.cpp - the kinds of steps a cuda plan has -----------------===//
#include "runtime/cuda/CudaSteps.h"

namespace tresse::runtime::cuda {

DeviceCode::DeviceCode(const Plan &plan, const tresse_model &model,
                       const Device &device)
    : plan(plan), device(device) {
  for (uint32_t m = 0; m < plan.modules.size(); ++m) {
    const tresse_module &record = plan.modules[m];
    if (!model.device_code)
      fail("cuda: expected the model to hold device code");
    Handle module = nullptr;
    device.driver.check(
        device.driver.moduleLoadData(
            &module,
            static_cast<const char *>(model.device_code) + record.offset),
        "device code");
    modules.push_back(module);
  }
}

DeviceCode::~DeviceCode() {
  for (Handle module : modules)
    device.driver.moduleUnload(module);
}

Handle DeviceCode::function(uint32_t kernel, const std::string &what) const {
  const tresse_kernel &record = plan.kernels[kernel];
  if (record.module >= modules.size())
    fail(what, ": expected kernel ", inQuotes(plan.string(record.name)),
         " to be in a module of device code, but it is in none");
  Handle function = nullptr;
  device.driver.check(
      device.driver.moduleGetFunction(&function, modules[record.module],
                                      plan.string(record.name).data()),
      what);
  return function;
}

namespace {

class LaunchStep : public CudaStep {
public:
  LaunchStep(const Plan &plan, const DeviceMemory &memory,
             const DeviceCode &code, std::string what, uint32_t index)
      : CudaStep(std::move(what), index),
        launch(plan.launches[plan.steps[index].index]),
        function(code.function(launch.kernel, this->what)) {
    const tresse_step &step = plan.steps[index];
    for (uint32_t i = 0; i < step.operands.count; ++i) {
      const tresse_operand &operand = plan.operands[step.operands.first + i];
      addresses.push_back(
          operand.index == TRESSE_NONE ? 0 : memory.tensor(operand.index));
    }
    if (plan.kernels[launch.kernel].scratch_bytes)
      addresses.push_back(memory.scratchAddress());
    for (Address &address : addresses)
      parameters.push_back(&address);
    if (launch.tile_count_from != TRESSE_NONE)
      fail(this->what, ": expected all tiles, but their number is in device "
                       "memory");
  }

  void enqueue(const Device &device) const override {
    const Driver &driver = device.driver;
    if (launch.shared_bytes > 48 * 1024)
      driver.check(
          driver.functionSetAttribute(function, functionDynamicShared,
                                      static_cast<int>(launch.shared_bytes)),
          what);
    driver.check(
        driver.launchKernel(function, launch.grid[0], launch.grid[1],
                            launch.grid[2], launch.block[0], launch.block[1],
                            launch.block[2], launch.shared_bytes, device.stream,
                            const_cast<void **>(parameters.data()), nullptr),
        what);
  }

private:
  const tresse_launch &launch;
  Handle function;
  std::vector<Address> addresses;
  std::vector<void *> parameters;
};

class MatmulStep : public CudaStep {
public:
  MatmulStep(const Plan &plan, const DeviceMemory &memory,
             const BlasContext &blas, std::string what, uint32_t index)
      : CudaStep(std::move(what), index),
        product(plan, memory, blas, plan.gemms[plan.steps[index].index],
                this->what) {}
  void enqueue(const Device &device) const override {
    product.enqueue(device.stream, what);
  }

private:
  Matmul product;
};

/// Bytes one after the other; what else a copy may be is a kernel's launch.
class CopyStep : public CudaStep {
public:
  CopyStep(const Plan &plan, const DeviceMemory &memory, std::string what,
           uint32_t index)
      : CudaStep(std::move(what), index) {
    const tresse_copy &copy = plan.copies[plan.steps[index].index];
    const tresse_tensor &source = plan.tensors[copy.from],
                        &target = plan.tensors[copy.to];
    if (source.dtype != target.dtype || !plan.contiguous(source) ||
        !plan.contiguous(target))
      fail(this->what, ": expected tensors of one type without gaps");
    from = memory.tensor(copy.from), to = memory.tensor(copy.to);
    bytes = plan.extent(target);
  }
  void enqueue(const Device &device) const override {
    if (bytes)
      device.driver.check(
          device.driver.copyOnDevice(to, from, bytes, device.stream), what);
  }

private:
  Address from, to;
  uint64_t bytes;
};

class FillStep : public CudaStep {
public:
  FillStep(const Plan &plan, const DeviceMemory &memory, std::string what,
           uint32_t index)
      : CudaStep(std::move(what), index) {
    const tresse_fill &fill = plan.fills[plan.steps[index].index];
    const tresse_tensor &target = plan.tensors[fill.to];
    to = memory.tensor(fill.to), bits = fill.bits, width = fill.width;
    bytes = plan.extent(target);
    if (!plan.contiguous(target) ||
        (width == 8 && bits >> 32 != (bits & UINT32_MAX)))
      fail(this->what, ": expected a tensor without gaps and a pattern of at "
                       "most 4 bytes");
  }
  void enqueue(const Device &device) const override {
    const Driver &driver = device.driver;
    if (bytes == 0)
      return;
    auto value = static_cast<uint32_t>(bits);
    int status =
        width == 1 ? driver.fill8(to, static_cast<unsigned char>(value), bytes,
                                  device.stream)
        : width == 2 ? driver.fill16(to, static_cast<unsigned short>(value),
                                     bytes / 2, device.stream)
                     : driver.fill32(to, value, bytes / 4, device.stream);
    driver.check(status, what);
  }

private:
  Address to;
  uint64_t bits, bytes;
  uint32_t width;
};

} // namespace

std::unique_ptr<CudaStep> makeStep(const Plan &plan, const DeviceMemory &memory,
                                   const DeviceCode &code,
                                   const BlasContext *blas, uint32_t index) {
  const tresse_step &step = plan.steps[index];
  std::string what = text("step ", inQuotes(plan.string(step.name)));
  switch (step.kind) {
  case TRESSE_LAUNCH:
    return std::make_unique<LaunchStep>(plan, memory, code, what, index);
  case TRESSE_GEMM:
    return std::make_unique<MatmulStep>(plan, memory, *blas, what, index);
  case TRESSE_COPY:
    return std::make_unique<CopyStep>(plan, memory, what, index);
  case TRESSE_FILL:
    return std::make_unique<FillStep>(plan, memory, what, index);
  }
  fail(what,
       ": expected a launch, a product, a copy or a fill, but it is a "
       "step of kind ",
       step.kind);
}

} // namespace tresse::runtime::cuda
