// Execute.cpp: carries out one operation on the virtual device.

#include "tools/vgpu/driver/State.h"
#include "tools/vgpu/driver/Totals.h"

#include <cstring>

namespace vgpu::driver {

static CUresult errorOf(LaunchStatus status) {
  switch (status) {
  case LaunchStatus::Ok:
  case LaunchStatus::CheckFailed:
    return CUDA_SUCCESS;
  case LaunchStatus::InvalidValue:
    return CUDA_ERROR_INVALID_VALUE;
  case LaunchStatus::OutOfResources:
    return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  case LaunchStatus::InvalidClusterSize:
    return CUDA_ERROR_INVALID_CLUSTER_SIZE;
  case LaunchStatus::CooperativeTooLarge:
    return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
  case LaunchStatus::IllegalAddress:
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  case LaunchStatus::MisalignedAddress:
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  case LaunchStatus::IllegalInstruction:
    return CUDA_ERROR_ILLEGAL_INSTRUCTION;
  case LaunchStatus::Assert:
    return CUDA_ERROR_ASSERT;
  case LaunchStatus::Trap:
    return CUDA_ERROR_LAUNCH_FAILED;
  case LaunchStatus::Timeout:
    return CUDA_ERROR_LAUNCH_TIMEOUT;
  }
  return CUDA_ERROR_UNKNOWN;
}

CUresult validateKernel(Driver &driver, CUcontext context,
                        const KernelOperation &operation) {
  std::string message;
  LaunchStatus status =
      validateLaunch(driver.deviceOf(context), *operation.function->kernel,
                     launchConfig(operation), message);
  if (status == LaunchStatus::Ok)
    return CUDA_SUCCESS;
  driver.note("launch of '" + operation.function->kernel->name +
              "' refused: " + message);
  return errorOf(status);
}

LaunchConfig launchConfig(const KernelOperation &operation) {
  LaunchConfig config;
  config.grid = operation.grid;
  config.block = operation.block;
  config.cluster = operation.cluster;
  config.dynamicShared = operation.dynamicShared;
  config.maxDynamicShared = operation.function->maxDynamicShared;
  config.cooperative = operation.cooperative;
  config.nonPortableCluster = operation.function->nonPortableCluster;
  config.parameters = operation.parameters.data();
  config.parameterBytes = uint32_t(operation.parameters.size());
  return config;
}

/// A new seed for every launch, the same in every run of the program.
static uint64_t launchSeed(uint64_t seed, uint64_t launch) {
  if (seed == 0)
    return 0;
  uint64_t mixed = (seed + launch) * 0x9E3779B97F4A7C15ull;
  return (mixed ^ mixed >> 29) | 1;
}

static CUresult run(Driver &driver, CUcontext context,
                    const KernelOperation &operation) {
  const Options &options = driver.channel.options();
  ExecutionOptions execution;
  execution.checkUninitialised = options.checkUninitialised;
  execution.checkRaces = options.checkRace;
  execution.tensorCore =
      options.exactTensorCore ? TensorCoreMode::Exact : TensorCoreMode::Fast;
  execution.scheduleSeed = launchSeed(options.scheduleSeed, driver.launches++);
  execution.statistics = options.statistics;
  execution.instructionLimit = options.instructionLimit;
  LaunchResult result =
      launch(driver.deviceOf(context), *operation.function->kernel,
             launchConfig(operation), execution);
  for (const Report &report : result.reports) {
    bool address = report.kind == ReportKind::OutOfBounds ||
                   report.kind == ReportKind::Misaligned;
    if (!address || options.checkMemory)
      driver.channel.send(MessageKind::report, report.str());
  }
  if (!result.message.empty())
    driver.note(result.message);
  addTotals(driver, *operation.function->kernel, operation.grid,
            operation.block, result.statistics);
  return errorOf(result.status);
}

/// Bytes from the first to the last byte that one side of a copy touches.
static uint64_t spanOf(size_t width, size_t height, size_t depth, size_t pitch,
                       size_t slice) {
  return width + (height - 1) * pitch + (depth - 1) * slice;
}

CopyOperation linearCopy(uint64_t target, uint64_t source, size_t bytes) {
  CopyOperation copy;
  copy.target = target;
  copy.source = source;
  copy.width = copy.targetPitch = copy.sourcePitch = bytes;
  copy.targetSlice = copy.sourceSlice = bytes;
  return copy;
}

CUresult runCopy(Driver &driver, CUcontext context, const CopyOperation &copy) {
  if (copy.width == 0 || copy.height == 0 || copy.depth == 0)
    return CUDA_SUCCESS;
  auto reachable = [&](uint64_t address, uint64_t bytes) {
    Device *device = driver.findDevice(address);
    return !device || device->accessible(address, bytes);
  };
  if (!reachable(copy.target, spanOf(copy.width, copy.height, copy.depth,
                                     copy.targetPitch, copy.targetSlice)) ||
      !reachable(copy.source, spanOf(copy.width, copy.height, copy.depth,
                                     copy.sourcePitch, copy.sourceSlice)))
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  Device *device = driver.findDevice(copy.target);
  if (!device)
    device = &driver.deviceOf(context);
  bool dense = copy.targetPitch == copy.width &&
               copy.sourcePitch == copy.width &&
               copy.targetSlice == copy.width * copy.height &&
               copy.sourceSlice == copy.width * copy.height;
  if (dense) {
    device->copy(copy.target, copy.source,
                 copy.width * copy.height * copy.depth);
    return CUDA_SUCCESS;
  }
  for (size_t z = 0; z < copy.depth; ++z)
    for (size_t y = 0; y < copy.height; ++y)
      device->copy(copy.target + z * copy.targetSlice + y * copy.targetPitch,
                   copy.source + z * copy.sourceSlice + y * copy.sourcePitch,
                   copy.width);
  return CUDA_SUCCESS;
}

static CUresult run(Driver &driver, const FillOperation &fill) {
  if (fill.count == 0 || fill.rows == 0)
    return CUDA_SUCCESS;
  uint64_t rowBytes = fill.count * fill.width;
  Device *device = driver.findDevice(fill.target);
  if (!device ||
      !device->accessible(fill.target, rowBytes + (fill.rows - 1) * fill.pitch))
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  for (size_t row = 0; row < fill.rows; ++row)
    device->fill(fill.target + row * fill.pitch, fill.value, fill.width,
                 fill.count);
  return CUDA_SUCCESS;
}

static CUresult run(const HostOperation &host,
                    std::unique_lock<std::mutex> &lock) {
  lock.unlock();
  insideCallback() = true;
  if (host.function)
    host.function(host.data);
  else
    host.callback(host.stream, CUDA_SUCCESS, host.data);
  insideCallback() = false;
  lock.lock();
  return CUDA_SUCCESS;
}

/// Calls `visit(address)` for the first byte of every row of `range`.
template <typename Visit>
static bool everyRow(const tresse_vgpu_range &range, Visit visit) {
  for (uint64_t plane = 0; plane < range.planes; ++plane)
    for (uint64_t row = 0; row < range.rows; ++row)
      if (!visit(range.address + plane * range.plane_stride +
                 row * range.row_stride))
        return false;
  return true;
}

static CUresult checkRange(Driver &driver, const std::string &call,
                           const tresse_vgpu_range &range) {
  const Options &options = driver.channel.options();
  Device *device = driver.findDevice(range.address);
  bool reachable = device && everyRow(range, [&](uint64_t row) {
                     return device->accessible(row, range.row_bytes);
                   });
  if (!reachable) {
    if (options.checkMemory)
      driver.channel.send(MessageKind::report,
                          "out-of-bounds: " + call + " reaches beyond the " +
                              "allocation that its operand " + range.name +
                              " lies in");
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  }
  if (!options.checkUninitialised || range.written == 1)
    return CUDA_SUCCESS;
  everyRow(range, [&](uint64_t row) {
    if (!device->firstUninitialised(row, range.row_bytes))
      return true;
    driver.channel.send(MessageKind::report, "uninitialised: " + call +
                                                 " reads bytes of its " +
                                                 "operand " + range.name +
                                                 " that nothing has written");
    return false;
  });
  return CUDA_SUCCESS;
}

static CUresult run(Driver &driver, const BuiltinOperation &call) {
  for (const tresse_vgpu_range &range : call.ranges)
    VGPU_TRY(checkRange(driver, call.name, range));
  call.run(call.payload.data());
  for (const tresse_vgpu_range &range : call.ranges)
    if (range.written)
      everyRow(range, [&](uint64_t row) {
        driver.findDevice(row)->markInitialised(row, range.row_bytes);
        return true;
      });
  KernelStatistics statistics;
  statistics.launches = 1;
  statistics.tensorMultiplyAdds = call.multiplyAdds;
  addTotals(driver, call.name, {}, {}, statistics);
  return CUDA_SUCCESS;
}

CUresult execute(Task &task, std::unique_lock<std::mutex> &lock) {
  Driver &driver = Driver::get();
  struct Visitor {
    Driver &driver;
    Task &task;
    std::unique_lock<std::mutex> &lock;

    CUresult operator()(const EmptyOperation &) { return CUDA_SUCCESS; }
    CUresult operator()(const KernelOperation &kernel) {
      return run(driver, task.context, kernel);
    }
    CUresult operator()(const CopyOperation &copy) {
      return runCopy(driver, task.context, copy);
    }
    CUresult operator()(const FillOperation &fill) { return run(driver, fill); }
    CUresult operator()(const HostOperation &host) { return run(host, lock); }
    CUresult operator()(const BuiltinOperation &call) {
      return run(driver, call);
    }
    CUresult operator()(const AllocateOperation &) { return CUDA_SUCCESS; }
    CUresult operator()(const FreeOperation &release) {
      if (!release.keep && !releaseMemory(driver, release.address))
        return CUDA_ERROR_INVALID_VALUE;
      return CUDA_SUCCESS;
    }
    // Their edges are all there is to them.
    CUresult operator()(const RecordOperation &) { return CUDA_SUCCESS; }
    CUresult operator()(const WaitOperation &) { return CUDA_SUCCESS; }
    CUresult operator()(const ChildOperation &) { return CUDA_SUCCESS; }
  };
  return std::visit(Visitor{driver, task, lock}, task.operation);
}

} // namespace vgpu::driver
