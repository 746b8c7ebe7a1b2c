// Launch.cpp - checks a launch against the device and runs it on workers.
#include "tools/vgpu/core/Launch.h"

#include "tools/vgpu/core/Device.h"
#include "tools/vgpu/core/Execution.h"
#include "tools/vgpu/core/RaceShadow.h"

#include <algorithm>
#include <thread>

namespace vgpu {

namespace {

Dim3 clusterOf(const Kernel &kernel, const LaunchConfig &config) {
  if (config.cluster.x)
    return config.cluster;
  if (kernel.requiredCluster.x)
    return kernel.requiredCluster;
  return {1, 1, 1};
}

std::string triple(const Dim3 &d) {
  return "(" + std::to_string(d.x) + ", " + std::to_string(d.y) + ", " +
         std::to_string(d.z) + ")";
}

LaunchStatus validateShape(const DeviceModel &model, const Kernel &kernel,
                           const LaunchConfig &config, std::string &message) {
  const uint32_t grid[3] = {config.grid.x, config.grid.y, config.grid.z};
  const uint32_t block[3] = {config.block.x, config.block.y, config.block.z};
  for (unsigned d = 0; d < 3; ++d) {
    if (grid[d] == 0 || grid[d] > model.maxGrid[d]) {
      message = "grid " + triple(config.grid) + ": expected 1 to " +
                std::to_string(model.maxGrid[d]) + " blocks in dimension " +
                std::to_string(d) + ", but got " + std::to_string(grid[d]);
      return LaunchStatus::InvalidValue;
    }
    if (block[d] == 0 || block[d] > model.maxBlock[d]) {
      message = "block " + triple(config.block) + ": expected 1 to " +
                std::to_string(model.maxBlock[d]) + " threads in dimension " +
                std::to_string(d) + ", but got " + std::to_string(block[d]);
      return LaunchStatus::InvalidValue;
    }
  }
  uint64_t threads = config.block.count();
  if (threads > model.maxThreadsPerBlock) {
    message = "expected at most " + std::to_string(model.maxThreadsPerBlock) +
              " threads in a block, but got " + std::to_string(threads);
    return LaunchStatus::InvalidValue;
  }
  if (kernel.requiredBlock.x && (kernel.requiredBlock.x != config.block.x ||
                                 kernel.requiredBlock.y != config.block.y ||
                                 kernel.requiredBlock.z != config.block.z)) {
    message = "'" + kernel.name + "' expects blocks of " +
              triple(kernel.requiredBlock) + " threads, but got " +
              triple(config.block);
    return LaunchStatus::InvalidValue;
  }
  if (threads > kernel.maxThreadsPerBlock) {
    message = "'" + kernel.name + "' allows at most " +
              std::to_string(kernel.maxThreadsPerBlock) +
              " threads in a block, but got " + std::to_string(threads);
    return LaunchStatus::OutOfResources;
  }
  return LaunchStatus::Ok;
}

LaunchStatus validateCluster(const DeviceModel &model, const Kernel &kernel,
                             const LaunchConfig &config, std::string &message) {
  Dim3 cluster = clusterOf(kernel, config);
  if (kernel.requiredCluster.x && config.cluster.x &&
      (cluster.x != kernel.requiredCluster.x ||
       cluster.y != kernel.requiredCluster.y ||
       cluster.z != kernel.requiredCluster.z)) {
    message = "'" + kernel.name + "' expects clusters of " +
              triple(kernel.requiredCluster) + " blocks, but got " +
              triple(cluster);
    return LaunchStatus::InvalidClusterSize;
  }
  uint64_t count = cluster.count();
  uint64_t most =
      config.nonPortableCluster ? model.maxCluster : model.maxClusterPortable;
  if (kernel.maxClusterRank)
    most = std::min<uint64_t>(most, kernel.maxClusterRank);
  if (count == 0 || count > most) {
    message = "expected a cluster of 1 to " + std::to_string(most) +
              " blocks, but got " + triple(cluster);
    return LaunchStatus::InvalidClusterSize;
  }
  if (config.grid.x % cluster.x || config.grid.y % cluster.y ||
      config.grid.z % cluster.z) {
    message = "grid " + triple(config.grid) +
              " is not a multiple of the cluster " + triple(cluster);
    return LaunchStatus::InvalidValue;
  }
  return LaunchStatus::Ok;
}

} // namespace

uint32_t maxActiveBlocks(const Device &device, const Kernel &kernel,
                         uint32_t blockThreads, uint32_t dynamicShared) {
  const DeviceModel &model = device.model();
  if (blockThreads == 0 || blockThreads > model.maxThreadsPerBlock)
    return 0;
  uint32_t warps = (blockThreads + 31) / 32;
  uint32_t blocks = std::min(model.maxBlocksPerMultiprocessor,
                             model.maxThreadsPerMultiprocessor / (warps * 32));
  // Registers are given to warps in units of 256.
  uint32_t perWarp = (kernel.registers * 32 + 255) & ~255u;
  blocks = std::min(blocks, model.registersPerMultiprocessor /
                                std::max(1u, perWarp * warps));
  uint64_t shared = uint64_t(kernel.staticShared) + dynamicShared +
                    model.sharedReservedPerBlock;
  shared = (shared + 127) & ~uint64_t(127);
  if (shared - model.sharedReservedPerBlock > model.sharedPerBlockOptin)
    return 0;
  return uint32_t(
      std::min<uint64_t>(blocks, model.sharedPerMultiprocessor / shared));
}

LaunchStatus validateLaunch(const Device &device, const Kernel &kernel,
                            const LaunchConfig &config, std::string &message) {
  const DeviceModel &model = device.model();
  LaunchStatus status = validateShape(model, kernel, config, message);
  if (status == LaunchStatus::Ok)
    status = validateCluster(model, kernel, config, message);
  if (status != LaunchStatus::Ok)
    return status;
  uint32_t allowed = config.maxDynamicShared;
  if (allowed == 0)
    allowed = model.sharedPerBlock -
              std::min(model.sharedPerBlock, kernel.staticShared);
  uint64_t total = uint64_t(kernel.staticShared) + config.dynamicShared;
  if (config.dynamicShared > allowed || total > model.sharedPerBlockOptin) {
    message =
        "'" + kernel.name + "' has " + std::to_string(kernel.staticShared) +
        " bytes of static shared memory and may have " +
        std::to_string(allowed) + " of dynamic, but the launch asks for " +
        std::to_string(config.dynamicShared);
    return LaunchStatus::InvalidValue;
  }
  uint32_t active = maxActiveBlocks(
      device, kernel, uint32_t(config.block.count()), config.dynamicShared);
  if (active == 0) {
    message = "'" + kernel.name + "' with " +
              std::to_string(config.block.count()) + " threads of " +
              std::to_string(kernel.registers) +
              " registers does not fit on a multiprocessor";
    return LaunchStatus::OutOfResources;
  }
  if (config.parameterBytes < kernel.parameterBytes ||
      (kernel.parameterBytes && !config.parameters)) {
    message = "'" + kernel.name + "' expects " +
              std::to_string(kernel.parameterBytes) +
              " bytes of parameters, but got " +
              std::to_string(config.parameterBytes);
    return LaunchStatus::InvalidValue;
  }
  if (config.cooperative &&
      config.grid.count() > uint64_t(active) * model.multiprocessors) {
    message = "a cooperative launch of '" + kernel.name + "' expects at most " +
              std::to_string(uint64_t(active) * model.multiprocessors) +
              " blocks, but got " + std::to_string(config.grid.count());
    return LaunchStatus::CooperativeTooLarge;
  }
  return LaunchStatus::Ok;
}

namespace {

/// See KernelStatistics::achievedOccupancy.
double achievedOccupancy(const DeviceModel &model, uint64_t blocks,
                         uint32_t perMultiprocessor, uint32_t warpsPerBlock) {
  uint64_t wave = uint64_t(perMultiprocessor) * model.multiprocessors;
  uint64_t busy = blocks / wave * model.multiprocessors +
                  std::min<uint64_t>(blocks % wave, model.multiprocessors);
  return double(blocks * warpsPerBlock * 32) /
         (double(busy) * model.maxThreadsPerMultiprocessor);
}

void setUp(LaunchState &state, Device &device, const Kernel &kernel,
           const LaunchConfig &config, const ExecutionOptions &options) {
  static std::atomic<uint32_t> gridCounter{1};
  const KernelLayout &layout = kernel.program->layouts[kernel.function];
  state.device = &device;
  state.kernel = &kernel;
  state.program = kernel.program;
  state.config = config;
  state.options = options;
  state.cluster = clusterOf(kernel, config);
  state.dynamicOffset = layout.dynamicOffset;
  state.sharedBytes = config.dynamicShared
                          ? layout.dynamicOffset + config.dynamicShared
                          : layout.staticShared;
  state.warpsPerBlock = uint32_t((config.block.count() + 31) / 32);
  state.clusterCount = config.grid.count() / state.cluster.count();
  state.gridId = gridCounter++;
  state.permute = options.scheduleSeed != 0;
  auto *bytes = static_cast<const uint8_t *>(config.parameters);
  if (kernel.parameterBytes)
    state.parameters.assign(bytes, bytes + kernel.parameterBytes);
}

void setUpWorker(Worker &worker, LaunchState &state, unsigned index) {
  const ExecutionOptions &options = state.options;
  worker.launch = &state;
  worker.code = state.program->code.data();
  worker.index = index;
  worker.checkUninitialised = options.checkUninitialised;
  worker.checkRaces = options.checkRaces;
  if (options.checkRaces)
    worker.shadow = &state.device->raceShadow();
  worker.statistics = options.statistics;
  worker.instrumented = options.checkUninitialised || options.checkRaces ||
                        options.statistics || state.program->usesWgmma;
  worker.fast = options.tensorCore == TensorCoreMode::Fast;
  worker.random = options.scheduleSeed != 0;
  worker.rng.seed(options.scheduleSeed * 1000003 + index);
  if (options.statistics) {
    worker.warpCounts.resize(state.program->code.size());
    worker.laneCounts.resize(state.program->code.size());
  }
}

} // namespace

/// A counter that the blocks of a cooperative launch meet at, and its size.
constexpr uint64_t gridWorkspaceBytes = 64;

LaunchResult launch(Device &device, const Kernel &kernel,
                    const LaunchConfig &config,
                    const ExecutionOptions &options) {
  LaunchResult result;
  result.status = validateLaunch(device, kernel, config, result.message);
  if (result.status != LaunchStatus::Ok)
    return result;
  LaunchState state;
  setUp(state, device, kernel, config, options);
  uint32_t perMultiprocessor = maxActiveBlocks(
      device, kernel, uint32_t(config.block.count()), config.dynamicShared);
  unsigned threads = options.hostThreads ? options.hostThreads
                                         : std::thread::hardware_concurrency();
  if (options.checkRaces || options.scheduleSeed != 0)
    threads = 1;
  threads = unsigned(std::clamp<uint64_t>(threads, 1, state.clusterCount));
  uint64_t resident = std::max<uint64_t>(1, uint64_t(perMultiprocessor) *
                                                device.model().multiprocessors /
                                                state.cluster.count());
  state.residentPerWorker = (resident + threads - 1) / threads;
  if (config.cooperative) {
    state.residentPerWorker = state.clusterCount;
    state.gridWorkspace = device.allocate(gridWorkspaceBytes);
    if (state.gridWorkspace == 0) {
      result.status = LaunchStatus::OutOfResources;
      result.message = "no device memory for the grid's workspace";
      return result;
    }
    device.fill(state.gridWorkspace, 0, 4, gridWorkspaceBytes / 4);
  }
  if (options.checkRaces)
    device.raceShadow().start(state.program->code.size());

  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned t = 0; t < threads; ++t) {
    workers.push_back(std::make_unique<Worker>());
    setUpWorker(*workers.back(), state, t);
  }
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t)
    others.emplace_back([&, t] { runWorker(*workers[t]); });
  runWorker(*workers[0]);
  for (std::thread &other : others)
    other.join();

  for (auto &worker : workers)
    result.statistics.merge(worker->stats);
  if (state.gridWorkspace)
    device.free(state.gridWorkspace);
  result.statistics.launches = 1;
  result.statistics.blocksPerMultiprocessor = perMultiprocessor;
  result.statistics.occupancy =
      double(perMultiprocessor * state.warpsPerBlock * 32) /
      device.model().maxThreadsPerMultiprocessor;
  result.statistics.achievedOccupancy =
      achievedOccupancy(device.model(), config.grid.count(), perMultiprocessor,
                        state.warpsPerBlock);
  result.reports = std::move(state.reports);
  if (state.fatal != LaunchStatus::Ok)
    result.status = state.fatal;
  else if (!result.reports.empty())
    result.status = LaunchStatus::CheckFailed;
  return result;
}

} // namespace vgpu
