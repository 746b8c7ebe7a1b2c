// Command.cpp: parses the command line of tresse-vgpu.

#include "tools/vgpu/launcher/Command.h"

#include <charconv>
#include <string_view>

namespace vgpu::launcher {

const char *helpText() {
  return R"(usage: tresse-vgpu [options] PROGRAM ARGS...

Runs PROGRAM, which uses the CUDA driver API (and cuBLASLt), on a virtual GPU:
its kernels' PTX is interpreted and checked. No GPU is needed.

options
  --device=h100|a100      the device to imitate (default h100)
  --check=LIST            what to check: memory, race, uninitialised, split by
                          commas, or none (default memory)
  --schedule-seed=N       seeds the order of streams, blocks, warps and of
                          asynchronous completions (default 0)
  --tensor-core=exact|fast
                          sums of tensor cores as measured on the H100, or
                          plain f32 sums, faster (default exact)
  --stats FILE.json       write the statistics of every kernel to FILE.json
  --instruction-limit=N   report a kernel as hanging after N instructions of
                          its warps (default 0: never)
  --quiet                 do not print the statistics table
  --help                  print this text
  --version               print the version

The exit code is the program's. When the program ends with 0 but a check
reported something it is 1; 2 means wrong usage, 126 that PROGRAM could not be
run, 128 + N that signal N ended it.
)";
}

const char *versionText() {
  return "tresse-vgpu " VGPU_VERSION " (CUDA " VGPU_CUDA_VERSION
         " driver interface)\n";
}

static bool takeOption(std::string_view name, std::string_view value,
                       Command &command, std::string &error) {
  driver::Options &options = command.options;
  auto wrong = [&](const char *expected) {
    error = "--" + std::string(name) + ": expected " + expected +
            ", but got '" + std::string(value) + "'";
    return false;
  };
  if (name == "device") {
    options.device = value;
    return value == "h100" || value == "a100" ? true : wrong("h100 or a100");
  }
  if (name == "check")
    return driver::parseChecks(value, options)
               ? true
               : wrong("memory, race, uninitialised or none");
  if (name == "schedule-seed" || name == "instruction-limit") {
    uint64_t &number = name == "schedule-seed" ? options.scheduleSeed
                                               : options.instructionLimit;
    auto [end, code] =
        std::from_chars(value.data(), value.data() + value.size(), number);
    return code == std::errc() && end == value.data() + value.size()
               ? true
               : wrong("a number from 0 to 2^64 - 1");
  }
  if (name == "tensor-core") {
    options.exactTensorCore = value == "exact";
    return value == "exact" || value == "fast" ? true : wrong("exact or fast");
  }
  if (name == "stats") {
    command.statsFile = value;
    return value.empty() ? wrong("a file name") : true;
  }
  error = "unknown option '--" + std::string(name) + "'; see --help";
  return false;
}

bool parseCommand(int argc, char **argv, Command &command, std::string &error) {
  int i = 1;
  for (; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word.substr(0, 2) != "--")
      break;
    word.remove_prefix(2);
    if (word.empty()) { // "--" ends the options
      ++i;
      break;
    }
    if (word == "help")
      return command.showHelp = true;
    if (word == "version")
      return command.showVersion = true;
    if (word == "quiet") {
      command.printTable = false;
      continue;
    }
    size_t equals = word.find('=');
    std::string_view name = word.substr(0, equals);
    std::string_view value;
    if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      error = "--" + std::string(name) + ": expected a value";
      return false;
    }
    if (!takeOption(name, value, command, error))
      return false;
  }
  command.options.statistics = command.printTable || !command.statsFile.empty();
  command.program.assign(argv + i, argv + argc);
  if (command.program.empty()) {
    error = "expected a program to run; see --help";
    return false;
  }
  return true;
}

} // namespace vgpu::launcher
