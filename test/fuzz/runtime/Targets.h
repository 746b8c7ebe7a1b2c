//===- Targets.h - the parsers of hostile input, to be fed with bytes -----===//
#ifndef TRESSE_TEST_FUZZ_RUNTIME_TARGETS_H
#define TRESSE_TEST_FUZZ_RUNTIME_TARGETS_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace tresse::test {

/// A parser: takes any bytes, and either reads them or says why not. Anything
/// else (a crash, a report of a sanitizer) is a bug.
struct FuzzTarget {
  const char *name; ///< also the folder of its corpus
  void (*run)(const uint8_t *bytes, size_t size);
};

std::span<const FuzzTarget> fuzzTargets();

} // namespace tresse::test

#endif
