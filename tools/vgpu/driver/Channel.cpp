// Channel.cpp: finds the launcher's descriptors, reads options, sends reports.

#include "tools/vgpu/driver/Channel.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vgpu::driver {

std::string printOptions(const Options &options) {
  std::string checks;
  auto add = [&](bool on, const char *name) {
    if (on)
      checks += (checks.empty() ? "" : ",") + std::string(name);
  };
  add(options.checkMemory, "memory");
  add(options.checkRace, "race");
  add(options.checkUninitialised, "uninitialised");
  return "device=" + options.device +
         "\ncheck=" + (checks.empty() ? "none" : checks) +
         "\nschedule-seed=" + std::to_string(options.scheduleSeed) +
         "\ntensor-core=" + (options.exactTensorCore ? "exact" : "fast") +
         "\nstatistics=" + (options.statistics ? "yes" : "no") +
         "\ninstruction-limit=" + std::to_string(options.instructionLimit) +
         "\n";
}

bool parseChecks(std::string_view list, Options &options) {
  options.checkMemory = options.checkRace = options.checkUninitialised = false;
  if (list == "none")
    return true;
  while (!list.empty()) {
    size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    if (word == "memory")
      options.checkMemory = true;
    else if (word == "race")
      options.checkRace = true;
    else if (word == "uninitialised")
      options.checkUninitialised = true;
    else
      return false;
    if (comma == std::string_view::npos)
      return true;
    list.remove_prefix(comma + 1);
  }
  return false;
}

static bool parseNumber(std::string_view text, uint64_t &value) {
  auto [end, code] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

static bool applyOption(std::string_view key, std::string_view value,
                        Options &options) {
  if (key == "device") {
    options.device = value;
    return value == "h100" || value == "a100";
  }
  if (key == "check")
    return parseChecks(value, options);
  if (key == "schedule-seed")
    return parseNumber(value, options.scheduleSeed);
  if (key == "tensor-core") {
    options.exactTensorCore = value == "exact";
    return value == "exact" || value == "fast";
  }
  if (key == "statistics") {
    options.statistics = value == "yes";
    return value == "yes" || value == "no";
  }
  if (key == "instruction-limit")
    return parseNumber(value, options.instructionLimit);
  return key == Channel::socketKey;
}

std::optional<Options> parseOptions(std::string_view text, std::string &error) {
  Options options;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    size_t equals = line.find('=');
    if (equals == std::string_view::npos ||
        !applyOption(line.substr(0, equals), line.substr(equals + 1),
                     options)) {
      error = "expected an option as key=value, but got '" + std::string(line) +
              "'";
      return std::nullopt;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return options;
}

/// The open descriptor of the options file, or -1.
static int findOptionsFile() {
  DIR *folder = opendir("/proc/self/fd");
  if (!folder)
    return -1;
  std::string wanted = std::string("/memfd:") + Channel::optionsName;
  int found = -1;
  while (dirent *entry = readdir(folder)) {
    std::string path = std::string("/proc/self/fd/") + entry->d_name;
    char target[256];
    ssize_t length = readlink(path.c_str(), target, sizeof target);
    if (length > 0 &&
        std::string_view(target, length).substr(0, wanted.size()) == wanted)
      found = std::atoi(entry->d_name);
  }
  closedir(folder);
  return found;
}

Channel::Channel() {
  int file = findOptionsFile();
  if (file < 0)
    return;
  char buffer[4096];
  ssize_t length = pread(file, buffer, sizeof buffer, 0);
  std::string_view text(buffer, length > 0 ? length : 0);
  std::string error;
  if (std::optional<Options> options = parseOptions(text, error))
    chosen = *options;
  else
    std::fprintf(stderr, "tresse-vgpu: %s\n", error.c_str());
  std::string key = std::string(socketKey) + "=";
  size_t at = text.find(key);
  if (at != std::string_view::npos)
    socket = std::atoi(text.data() + at + key.size());
}

void Channel::send(MessageKind kind, std::string_view text) const {
  if (socket >= 0) {
    std::string packet(1, char(kind));
    packet += text.substr(0, maxPacket - 1);
    if (::send(socket, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0)
      return;
  }
  if (kind == MessageKind::report || kind == MessageKind::note)
    std::fprintf(stderr, "tresse-vgpu: %.*s\n", int(text.size()), text.data());
}

} // namespace vgpu::driver
