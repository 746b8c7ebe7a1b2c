// Command.h: the command line of tresse-vgpu.
#pragma once

#include "tools/vgpu/driver/Channel.h"

#include <string>
#include <vector>

namespace vgpu::launcher {

/// The command line, understood.
struct Command {
  driver::Options options;
  /// Where the statistics go as JSON; empty: nowhere.
  std::string statsFile;
  /// Print the statistics table after the program.
  bool printTable = true;
  bool showHelp = false;
  bool showVersion = false;
  /// The program and its arguments.
  std::vector<std::string> program;
};

/// Reads `argv`; false with the reason in `error` when it is wrong usage.
bool parseCommand(int argc, char **argv, Command &command, std::string &error);

/// Text of `--help` and of `--version`.
const char *helpText();
const char *versionText();

} // namespace vgpu::launcher
