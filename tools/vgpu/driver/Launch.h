// Launch.h: a kernel's parameters as bytes.
#pragma once

#include "tools/vgpu/driver/State.h"

namespace vgpu::driver {

/// Copies the parameters of a launch into the kernel's layout, from an array
/// of pointers or from the `extra` list that holds one buffer.
CUresult packParameters(const Kernel &kernel, void **pointers, void **extra,
                        std::vector<char> &bytes);

/// Fills `operation` from the driver's copy structure; an error when a side is
/// an array or a pitch is shorter than its rows.
CUresult makeCopy(const CUDA_MEMCPY3D &description, CopyOperation &operation);

} // namespace vgpu::driver
