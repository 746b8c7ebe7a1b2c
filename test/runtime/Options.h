//===- Options.h - flags of the runtime's tests ---------------------------===//
#ifndef TRESSE_TEST_RUNTIME_OPTIONS_H
#define TRESSE_TEST_RUNTIME_OPTIONS_H

namespace tresse::test {

struct TestOptions {
  int kills = 20; ///< --kills=N: how often training is killed
};

const TestOptions &testOptions();

} // namespace tresse::test

#endif
