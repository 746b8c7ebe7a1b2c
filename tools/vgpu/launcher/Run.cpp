// Run.cpp: the child process, its private channel, and the final reports.

#include "tools/vgpu/launcher/Run.h"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace vgpu::launcher {

using driver::Channel;
using driver::MessageKind;

namespace {
/// What the child sent.
struct Collected {
  unsigned reports = 0;
  std::vector<std::string> rows;
  std::vector<std::string> kernels;
};
} // namespace

static int fail(const char *what) {
  std::fprintf(stderr, "tresse-vgpu: %s: %s\n", what, std::strerror(errno));
  return 126;
}

/// The folder that holds the virtual libraries: ../lib/tresse-vgpu when
/// installed, ../lib in a build tree.
static std::string libraryFolder() {
  namespace fs = std::filesystem;
  std::error_code ignored;
  fs::path self = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (fs::path folder : {self / "../lib/tresse-vgpu", self / "../lib", self})
    if (fs::exists(folder / "libcuda.so.1", ignored))
      return fs::canonical(folder, ignored).string();
  return {};
}

/// A sealed memory file with the options; the child inherits it.
static int makeOptionsFile(const driver::Options &options, int socket) {
  int file = memfd_create(Channel::optionsName, MFD_ALLOW_SEALING);
  std::string text = printOptions(options) + Channel::socketKey + "=" +
                     std::to_string(socket) + "\n";
  if (file < 0 || write(file, text.data(), text.size()) != ssize_t(text.size()))
    return -1;
  fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
  return file;
}

static void setLibraryPath(const std::string &folder) {
  const char *old = std::getenv("LD_LIBRARY_PATH");
  std::string path = folder + (old && *old ? ":" + std::string(old) : "");
  setenv("LD_LIBRARY_PATH", path.c_str(), 1);
}

[[noreturn]] static void runChild(const Command &command) {
  std::vector<char *> argv;
  for (const std::string &word : command.program)
    argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  execvp(argv[0], argv.data());
  std::fprintf(stderr, "tresse-vgpu: cannot run '%s': %s\n", argv[0],
               std::strerror(errno));
  _exit(126);
}

static void take(const char *packet, size_t size, Collected &collected) {
  std::string text(packet + 1, size - 1);
  switch (MessageKind(packet[0])) {
  case MessageKind::report:
    ++collected.reports;
    [[fallthrough]];
  case MessageKind::note:
    std::fprintf(stderr, "tresse-vgpu: %s\n", text.c_str());
    break;
  case MessageKind::kernelRow:
    collected.rows.push_back(std::move(text));
    break;
  case MessageKind::kernelJson:
    collected.kernels.push_back(std::move(text));
    break;
  }
}

/// Takes messages until the child has ended and the socket is empty.
static int collect(pid_t child, int socket, Collected &collected) {
  std::vector<char> packet(Channel::maxPacket);
  int status = 0;
  bool ended = false;
  for (;;) {
    pollfd waiting{socket, POLLIN, 0};
    int ready = poll(&waiting, 1, ended ? 0 : 20);
    if (ready > 0 && waiting.revents & POLLIN) {
      ssize_t size = recv(socket, packet.data(), packet.size(), MSG_DONTWAIT);
      if (size > 0) {
        take(packet.data(), size, collected);
        continue;
      }
    }
    if (ended)
      return status;
    // All writers closed: nothing more can come, so wait for the end.
    bool closed = ready > 0 && !(waiting.revents & POLLIN);
    ended = waitpid(child, &status, closed ? 0 : WNOHANG) == child;
  }
}

static std::vector<std::string> splitCells(const std::string &row) {
  std::vector<std::string> cells(1);
  for (char c : row)
    if (c == '\t')
      cells.emplace_back();
    else
      cells.back() += c;
  return cells;
}

/// Rows of cells split by tabs, the first one the heading, as columns.
static void printTable(const std::vector<std::string> &rows) {
  std::vector<std::vector<std::string>> table;
  std::vector<size_t> widths;
  for (const std::string &row : rows) {
    if (!table.empty() && row == rows.front())
      continue; // a second process sends the heading again
    table.push_back(splitCells(row));
    widths.resize(std::max(widths.size(), table.back().size()));
    for (size_t i = 0; i < table.back().size(); ++i)
      widths[i] = std::max(widths[i], table.back()[i].size());
  }
  for (const auto &cells : table) {
    for (size_t i = 0; i < cells.size(); ++i)
      std::fprintf(stderr, i ? "  %*s" : "%-*s", int(widths[i]),
                   cells[i].c_str());
    std::fputc('\n', stderr);
  }
}

static bool writeStats(const Command &command, const Collected &collected) {
  std::FILE *file = std::fopen(command.statsFile.c_str(), "w");
  if (!file) {
    std::fprintf(stderr, "tresse-vgpu: cannot write '%s': %s\n",
                 command.statsFile.c_str(), std::strerror(errno));
    return false;
  }
  std::fprintf(file,
               "{\"device\": \"%s\", \"schedule_seed\": %llu, "
               "\"reports\": %u, \"kernels\": [",
               command.options.device.c_str(),
               (unsigned long long)command.options.scheduleSeed,
               collected.reports);
  for (size_t i = 0; i < collected.kernels.size(); ++i)
    std::fprintf(file, "%s\n  %s", i ? "," : "", collected.kernels[i].c_str());
  std::fputs("\n]}\n", file);
  return std::fclose(file) == 0;
}

int run(const Command &command) {
  std::string folder = libraryFolder();
  if (folder.empty()) {
    std::fprintf(stderr, "tresse-vgpu: libcuda.so.1 of the virtual GPU is not "
                         "beside this program\n");
    return 126;
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) != 0)
    return fail("cannot open the report socket");
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  int options = makeOptionsFile(command.options, ends[1]);
  if (options < 0)
    return fail("cannot pass the options");
  setLibraryPath(folder);
  std::fflush(nullptr);
  pid_t child = fork();
  if (child < 0)
    return fail("cannot start a process");
  if (child == 0)
    runChild(command);
  close(ends[1]);
  close(options);
  // A signal from the terminal reaches the child too; its end decides.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGQUIT, SIG_IGN);

  Collected collected;
  int status = collect(child, ends[0], collected);
  if (command.printTable && !collected.rows.empty())
    printTable(collected.rows);
  if (collected.reports)
    std::fprintf(stderr, "tresse-vgpu: %u check report%s\n", collected.reports,
                 collected.reports == 1 ? "" : "s");
  if (!command.statsFile.empty() && !writeStats(command, collected))
    return 1;
  if (WIFSIGNALED(status)) {
    std::fprintf(stderr, "tresse-vgpu: the program was ended by signal %d\n",
                 WTERMSIG(status));
    return 128 + WTERMSIG(status);
  }
  int code = WEXITSTATUS(status);
  return code == 0 && collected.reports ? 1 : code;
}

} // namespace vgpu::launcher
