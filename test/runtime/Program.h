//===- Program.h - running the fake model's program -----------------------===//
#ifndef TRESSE_TEST_RUNTIME_PROGRAM_H
#define TRESSE_TEST_RUNTIME_PROGRAM_H

#include <cstdio>
#include <fcntl.h>
#include <spawn.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace tresse::test {

/// A started program; its output goes to files.
class Program {
public:
  Program(const std::vector<std::string> &arguments, const std::string &output,
          const std::string &errors, const std::string &input = "/dev/null",
          std::vector<std::string> variables = {}) {
    std::vector<char *> argv;
    std::vector<std::string> copy = {FAKE_MODEL};
    copy.insert(copy.end(), arguments.begin(), arguments.end());
    for (std::string &argument : copy)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char *> environment;
    for (char **variable = environ; *variable; ++variable)
      environment.push_back(*variable);
    for (std::string &variable : variables)
      environment.push_back(variable.data());
    environment.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
    const int make = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), make, 0666);
    posix_spawn_file_actions_addopen(&actions, 2, errors.c_str(), make, 0666);
    if (posix_spawn(&pid, FAKE_MODEL, &actions, nullptr, argv.data(),
                    environment.data()) != 0)
      pid = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  pid_t pid = -1;

  /// The exit code; minus the signal when one ended it.
  int wait() {
    int status = 0;
    if (pid < 0 || ::waitpid(pid, &status, 0) != pid)
      return -1000;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

} // namespace tresse::test

#endif
