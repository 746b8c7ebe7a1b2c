//===- FakeMain.cpp - the fake model as a program -------------------------===//
#include "runtime/core/command/CommandLine.h"
#include "test/runtime/FakeModel.h"

int main(int argc, char **argv) {
  return tresse::runtime::runCommandLine(&tresse::test::fakeModel(), argc,
                                         argv);
}
