//===- Main.cpp - main() of the runtime's tests, with their flags ---------===//
#include "test/runtime/Options.h"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

static tresse::test::TestOptions &changeableOptions() {
  static tresse::test::TestOptions options;
  return options;
}

const tresse::test::TestOptions &tresse::test::testOptions() {
  return changeableOptions();
}

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i)
    if (!std::strncmp(argv[i], "--kills=", 8))
      changeableOptions().kills = std::atoi(argv[i] + 8);
  return RUN_ALL_TESTS();
}
