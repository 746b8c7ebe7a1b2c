//===- Fuzz.cpp - one libFuzzer program, for the target TRESSE_TARGET -----===//
#include "test/fuzz/runtime/Targets.h"

#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  for (const auto &target : tresse::test::fuzzTargets())
    if (!std::strcmp(target.name, TRESSE_TARGET))
      target.run(bytes, size);
  return 0;
}
