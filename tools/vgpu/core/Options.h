// Options.h - what a run checks and how it is scheduled.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace vgpu {

/// How tensor-core sums are formed.
enum class TensorCoreMode : uint8_t {
  /// As measured on the H100: products aligned to the largest exponent,
  /// truncated, summed in fixed point (fewer bits for fp8).
  Exact,
  /// Plain f32 sums; faster, for long runs.
  Fast,
};

/// Options of one launch. Bounds and alignment are always checked.
struct ExecutionOptions {
  /// Report reads of memory and registers that nothing has written, when the
  /// value reaches an address, a branch or global memory.
  bool checkUninitialised = false;
  /// Report races within and between blocks and missing proxy fences. Runs on
  /// one host thread.
  bool checkRaces = false;
  TensorCoreMode tensorCore = TensorCoreMode::Exact;
  /// 0 runs warps and blocks in order and async copies as late as allowed;
  /// any other value draws a schedule and completion times from it.
  uint64_t scheduleSeed = 0;
  /// Count sectors, bank conflicts and instruction classes.
  bool statistics = false;
  /// Host threads that run blocks; 0 means one per hardware thread.
  unsigned hostThreads = 0;
  /// Warp instructions after which a launch is reported as hanging; 0 means
  /// no limit.
  uint64_t instructionLimit = 0;
  /// A launch stops after this many reports.
  uint32_t maxReports = 16;
  /// Receives what device code prints; stdout when empty. May be called from
  /// several host threads, one call at a time.
  std::function<void(std::string_view)> print;
};

} // namespace vgpu
