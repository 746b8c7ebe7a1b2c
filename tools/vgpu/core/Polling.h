// Polling.h - spinning on memory, and the order that strong accesses give.
#pragma once

#include "tools/vgpu/core/Memory.h"

namespace vgpu {

/// A strong load or atomic saw `value`. When the same instruction keeps seeing
/// the same, the warp gives others a turn.
void notePoll(Warp &warp, uint64_t value);
/// Race clocks: a strong load takes what the stored value released.
void afterStrongLoad(Warp &warp, const Insn &insn, uint32_t mask,
                     const Access &access);
/// Race clocks: a strong store releases what the thread has seen.
void beforeStrongStore(Warp &warp, const Insn &insn, uint32_t mask,
                       const Access &access);
/// Race clocks: fence, membar. `scope`: 0 block, 1 cluster, 2 device.
void onFence(Warp &warp, uint32_t mask, unsigned scope);
/// Race clocks: fence.proxy.async.
void onProxyFence(Warp &warp, uint32_t mask);

} // namespace vgpu
