// Report.h - one finding of a check, and the sentence that tells it.
#pragma once

#include <cstdint>
#include <string>

namespace vgpu {

/// x, y, z as in a launch.
struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t count() const { return uint64_t(x) * y * z; }
};

/// What a report is about.
enum class ReportKind : uint8_t {
  OutOfBounds,         ///< an address outside every live allocation
  Misaligned,          ///< an address not a multiple of the access size
  Uninitialised,       ///< a value that nothing has written was used
  Race,                ///< two unordered accesses, at least one a write
  MissingProxyFence,   ///< generic write and async access without a proxy fence
  UseBeforeWait,       ///< an async result used before its wait
  BarrierDeadlock,     ///< warps wait at barriers that cannot complete
  MbarrierDeadlock,    ///< warps wait for a phase that cannot complete
  ConvergenceDeadlock, ///< lanes named in a member mask cannot arrive
  BarrierMisuse,       ///< a barrier used against its rules (counts, phases)
  InvalidOperand,      ///< descriptor, tensor map, mask or shape not allowed
  Assert,              ///< device code called assert
  Trap,                ///< device code executed trap
  Hang,                ///< the instruction limit was reached
  Internal,            ///< the virtual GPU itself cannot go on
};

/// The kind as in messages: "out-of-bounds", "race", ...
const char *reportKindName(ReportKind kind);

/// One finding. Line numbers count from 1 in the PTX text; 0 means unknown.
struct Report {
  ReportKind kind = ReportKind::Internal;
  std::string kernel;
  /// Line of the access that is wrong.
  uint32_t line = 0;
  /// The other side of a race, the origin of an undefined value, or 0.
  uint32_t relatedLine = 0;
  /// Source position from .loc, empty when the PTX has none: "file.cu:12".
  std::string source;
  Dim3 block{0, 0, 0};
  uint32_t warp = 0;
  /// Lane within the warp, or -1 when the report is about the whole warp.
  int32_t lane = -1;
  /// The address of a bad access, 0 when there is none.
  uint64_t address = 0;
  /// The PTX instruction as written.
  std::string instruction;
  /// What was expected and what came.
  std::string text;

  /// One line with all of the above.
  std::string str() const;
};

} // namespace vgpu
