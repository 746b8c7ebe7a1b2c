// Run.h: starts the program on the virtual GPU and collects what it reports.
#pragma once

#include "tools/vgpu/launcher/Command.h"

namespace vgpu::launcher {

/// Runs `command.program` with the virtual libraries first in the loader's
/// path, prints check reports as they come and the statistics at the end.
/// Returns the exit code for tresse-vgpu (see helpText).
int run(const Command &command);

} // namespace vgpu::launcher
