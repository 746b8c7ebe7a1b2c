// Channel.h: the private line between tresse-vgpu and the driver in its child.
//
// The launcher passes two inherited descriptors: a sealed memory file named
// `tresse-vgpu-options` that holds the options as text, and a sequenced packet
// socket whose number is one of them. A program started without the launcher
// has neither; it runs with the defaults and its reports go to stderr.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vgpu::driver {

/// What a user may choose about the virtual device.
struct Options {
  /// `h100` or `a100`.
  std::string device = "h100";
  bool checkMemory = true;
  bool checkRace = false;
  bool checkUninitialised = false;
  /// Seeds the order of streams, blocks, warps and asynchronous completions.
  uint64_t scheduleSeed = 0;
  /// Tensor-core sums as measured on the H100; false: plain f32 sums.
  bool exactTensorCore = true;
  /// Count what kernels do.
  bool statistics = false;
  /// Warp instructions after which a kernel counts as hanging; 0: never.
  uint64_t instructionLimit = 0;
};

/// Text of `options`, one `key=value` a line; parseOptions reads it back.
std::string printOptions(const Options &options);

/// Reads what printOptions wrote. Fails on an unknown key or value, with the
/// offending line in `error`.
std::optional<Options> parseOptions(std::string_view text, std::string &error);

/// Parses `memory,race,uninitialised` (also `none`) into the three flags of
/// `options`; false when a word is not one of them.
bool parseChecks(std::string_view list, Options &options);

/// What a message to the launcher holds; the first byte of the packet.
enum class MessageKind : char {
  report = 'R',    ///< a check report, readable text
  note = 'N',      ///< something the user should know, one line
  kernelRow = 'T', ///< one row of the statistics table, cells split by tabs
  kernelJson = 'K' ///< the same kernel's statistics as one JSON object
};

/// The child's end of the channel.
class Channel {
public:
  /// Finds the launcher's descriptors among the open ones of this process.
  Channel();

  const Options &options() const { return chosen; }
  /// True when a launcher listens.
  bool connected() const { return socket >= 0; }

  /// Sends one message. Reports and notes go to stderr when no launcher
  /// listens; rows and JSON are then dropped.
  void send(MessageKind kind, std::string_view text) const;

  /// Name of the memory file that holds the options.
  static constexpr const char *optionsName = "tresse-vgpu-options";
  /// Key of the line that names the socket's descriptor number.
  static constexpr const char *socketKey = "socket";
  /// No packet is longer, in bytes; a longer text is cut.
  static constexpr size_t maxPacket = 96 * 1024;

private:
  Options chosen;
  int socket = -1;
};

} // namespace vgpu::driver
