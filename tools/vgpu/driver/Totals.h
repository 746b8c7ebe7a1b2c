// Totals.h: the statistics of all launches, and how the launcher gets them.
#pragma once

#include "tools/vgpu/driver/State.h"

namespace vgpu::driver {

/// Adds one launch of `kernel` to the totals.
void addTotals(Driver &driver, const Kernel &kernel, Dim3 grid, Dim3 block,
               const KernelStatistics &statistics);
/// The same for a library call.
void addTotals(Driver &driver, const std::string &name, Dim3 grid, Dim3 block,
               const KernelStatistics &statistics);

/// The shape of a launch as the core wants it.
LaunchConfig launchConfig(const KernelOperation &operation);
/// Checks a launch against the limits of the device without running it, and
/// notes why one is refused.
CUresult validateKernel(Driver &driver, CUcontext context,
                        const KernelOperation &operation);

} // namespace vgpu::driver
