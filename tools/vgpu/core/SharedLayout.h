// SharedLayout.h - where the shared variables of each kernel lie.
#pragma once

#include "tools/vgpu/core/Program.h"

#include <vector>

namespace vgpu {

/// Gives every shared variable of the module its offset and fills in the
/// layout of every kernel (by function). A kernel's block holds the variables
/// that the kernel and what it may call name, and those that it declares;
/// variables of different kernels lie on top of each other. Returns null, or
/// the variable with which a kernel's exceed `limit` bytes.
const Symbol *placeShared(ParsedModule &module, uint64_t limit,
                          std::vector<KernelLayout> &layouts);

} // namespace vgpu
