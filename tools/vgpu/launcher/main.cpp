// main.cpp: tresse-vgpu runs a CUDA driver program on a virtual GPU.

#include "tools/vgpu/launcher/Command.h"
#include "tools/vgpu/launcher/Run.h"

#include <cstdio>

int main(int argc, char **argv) {
  vgpu::launcher::Command command;
  std::string error;
  if (!vgpu::launcher::parseCommand(argc, argv, command, error)) {
    std::fprintf(stderr, "tresse-vgpu: %s\n", error.c_str());
    return 2;
  }
  if (command.showHelp || command.showVersion) {
    std::fputs(command.showHelp ? vgpu::launcher::helpText()
                                : vgpu::launcher::versionText(),
               stdout);
    return 0;
  }
  return vgpu::launcher::run(command);
}
