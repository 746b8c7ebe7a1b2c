// Launch.h - runs one kernel to its end and tells what happened.
#pragma once

#include "tools/vgpu/core/Module.h"
#include "tools/vgpu/core/Options.h"
#include "tools/vgpu/core/Report.h"
#include "tools/vgpu/core/Statistics.h"

#include <string>
#include <vector>

namespace vgpu {

class Device;

/// The shape of a launch and its parameter bytes.
struct LaunchConfig {
  Dim3 grid;
  Dim3 block;
  /// Blocks per cluster; zeros mean "as the kernel says, else 1".
  Dim3 cluster{0, 0, 0};
  uint32_t dynamicShared = 0;
  /// Dynamic shared memory that the function attribute allows (opt-in); 0
  /// means the default of sharedPerBlock minus the static part.
  uint32_t maxDynamicShared = 0;
  bool cooperative = false;
  bool nonPortableCluster = false;
  /// Parameter bytes laid out as Kernel::parameters says.
  const void *parameters = nullptr;
  uint32_t parameterBytes = 0;
};

/// How a launch ended, in the terms of the driver's error codes.
enum class LaunchStatus : uint8_t {
  Ok,
  InvalidValue,   ///< zero or too large grid, block, cluster, parameters
  OutOfResources, ///< registers, threads or shared memory exceed a limit
  InvalidClusterSize,
  CooperativeTooLarge, ///< more blocks than fit at once
  IllegalAddress,      ///< sticky from here on
  MisalignedAddress,
  IllegalInstruction,
  Assert,
  Trap,
  Timeout,     ///< deadlock or hang
  CheckFailed, ///< ran to its end, but checks have reports
};

struct LaunchResult {
  LaunchStatus status = LaunchStatus::Ok;
  /// Why the launch was refused, empty when it ran.
  std::string message;
  std::vector<Report> reports;
  KernelStatistics statistics;
  /// True when the kernel ran to its end (Ok, CheckFailed).
  bool completed() const {
    return status == LaunchStatus::Ok || status == LaunchStatus::CheckFailed;
  }
};

/// Checks a launch against the device's limits without running it.
LaunchStatus validateLaunch(const Device &device, const Kernel &kernel,
                            const LaunchConfig &config, std::string &message);

/// Blocks of `blockThreads` threads that fit on one multiprocessor together.
uint32_t maxActiveBlocks(const Device &device, const Kernel &kernel,
                         uint32_t blockThreads, uint32_t dynamicShared);

/// Runs the kernel; returns when every block has ended or an error stopped
/// it. One device runs launches of several threads side by side.
LaunchResult launch(Device &device, const Kernel &kernel,
                    const LaunchConfig &config,
                    const ExecutionOptions &options);

} // namespace vgpu
