//===- Main.cpp - main() of a compiled executable -------------------------===//
#include "runtime/core/command/CommandLine.h"

extern "C" const tresse_model *tresse_model_query(uint32_t runtime_version);

int main(int argc, char **argv) {
  return tresse::runtime::runCommandLine(
      tresse_model_query(TRESSE_PLAN_VERSION), argc, argv);
}
