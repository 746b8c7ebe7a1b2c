// SystemCalls.h - functions that device code finds on the device.
#pragma once

#include "tools/vgpu/core/Warp.h"

namespace vgpu {

enum class SystemFunction : uint8_t { Printf, AssertFail, Malloc, Free };

/// Runs a system function for the lanes in `mask`; arguments and results lie
/// in the current frame as the call site says.
void systemCall(Warp &warp, SystemFunction function, const CallSite &site,
                uint32_t mask);

} // namespace vgpu
