// Program.h - decoded instructions, ready to run.
#pragma once

#include "tools/vgpu/core/Statistics.h"
#include "tools/vgpu/core/Syntax.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vgpu {

struct Warp;
struct Insn;

/// Executes one instruction for the lanes in `mask` (never 0). The program
/// counter already points behind the instruction.
using Handler = void (*)(Warp &warp, const Insn &insn, uint32_t mask);

/// Where an operand lies: a byte offset into the frame's registers, or, with
/// the top bit set, into the function's constants. Each slot holds 32 lanes:
///
///   predicate  one 32-bit mask (64 bytes taken)
///   16 bits    uint16_t[32]    (64 bytes)
///   32 bits    uint32_t[32]    (128 bytes)
///   64 bits    uint64_t[32]    (256 bytes)
///   128 bits   low uint64_t[32], high uint64_t[32] (512 bytes)
using Ref = uint32_t;
constexpr Ref constantRef = 0x80000000u;
constexpr Ref noRef = 0x7fffffffu;

/// How checks and the scheduler treat an instruction.
enum InsnFlags : uint8_t {
  /// Undefined inputs do not simply make the outputs undefined: the handler
  /// does its own bookkeeping.
  FlagOwnUndefined = 1,
  /// A move: pending wgmma registers may be its inputs.
  FlagMove = 2,
  /// Lanes whose guard is false go ahead on their own.
  FlagSync = 4,
  /// Hidden: belongs to the next instruction of the text.
  FlagHidden = 8,
  /// Reads or writes wgmma registers in its own way.
  FlagWgmma = 16,
  /// bar.warp.sync: lanes may meet at different ones.
  FlagWarpBarrier = 32,
  /// ldmatrix, stmatrix: a lane's address is not a lane's data.
  FlagMatrix = 64,
};

struct Insn {
  Handler run = nullptr;
  int64_t imm = 0;
  Ref d = noRef, a = noRef, b = noRef, c = noRef;
  Ref guard = noRef;
  /// First of this instruction's entries in Program::ext.
  uint32_t ext = 0;
  uint8_t guardNegated = 0;
  uint8_t flags = 0;
  uint8_t cls = 0; ///< InstructionClass
  uint8_t aux = 0;
  uint32_t aux32 = 0;
};

/// What reports and checks need to know about an instruction.
struct InsnInfo {
  uint32_t line = 0;
  uint32_t function = 0;
  uint32_t textBegin = 0, textBytes = 0;
  int32_t location = -1;
  /// Registers read, then written: Program::regs[first, ...).
  uint32_t firstReg = 0;
  uint16_t reads = 0, writes = 0;
  /// Floating-point operations of one lane, as KernelStatistics counts them.
  uint8_t flops = 0;
};

struct DecodedFunction {
  std::string name;
  bool entry = false;
  bool defined = false;
  uint32_t begin = 0, end = 0; ///< code range
  uint32_t registerBytes = 0;
  uint32_t frameBytes = 0;
  /// Formal results and parameters in the frame: offset, bytes.
  struct Slot {
    uint32_t offset, bytes;
  };
  std::vector<Slot> results, parameters;
  /// 64-byte units; aligned by the allocator below.
  std::unique_ptr<uint8_t[]> constantStorage;
  uint8_t *constants = nullptr;
  std::vector<uint32_t> callees;
  bool callsIndirect = false;
  std::vector<SourceLocation> locations;
  /// Most values live at once, in 32-bit registers.
  uint32_t liveRegisters = 0;
};

/// A call site: copies between frames.
struct CallSite {
  int32_t function = -1; ///< -1: by address in Insn::a
  struct Copy {
    uint32_t offset = 0; ///< in the caller's frame
    uint32_t bytes = 0;
  };
  std::vector<Copy> arguments;
  std::vector<Copy> results;
};

struct KernelLayout {
  uint32_t staticShared = 0;
  uint32_t dynamicOffset = 0; ///< of the dynamic shared memory in the block
};

/// A decoded module.
struct Program {
  std::string text;
  std::vector<Insn> code;
  std::vector<InsnInfo> info;
  std::vector<uint32_t> ext;
  std::vector<Ref> regs;
  std::vector<DecodedFunction> functions;
  std::vector<CallSite> calls;
  std::vector<KernelLayout> layouts; ///< per function; entries only
  std::vector<std::pair<uint32_t, std::string>> files;
  std::vector<uint64_t> allocations; ///< device memory of globals
  int target = 0;
  bool usesAsyncProxy = false;
  bool usesWgmma = false;
};

/// Device addresses of functions: the top byte and the function's index.
constexpr uint64_t functionWindow = uint64_t(0x04) << 56;
/// Generic addresses of the other spaces.
constexpr uint64_t sharedWindow = uint64_t(0x01) << 56;
constexpr uint64_t localWindow = uint64_t(0x02) << 56;
constexpr uint64_t paramWindow = uint64_t(0x03) << 56;
/// Shared addresses begin here: below lies what the system reserves.
constexpr uint32_t sharedBegin = 1024;
/// A shared::cluster address names a block by its rank + 1 from this bit on.
constexpr unsigned clusterRankShift = 24;

} // namespace vgpu
