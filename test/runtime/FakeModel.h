//===- FakeModel.h - a small model with hand-written kernels, for tests ---===//
//
// A bigram model over bytes: logits of the next token are a row of a table.
// Beside the table it has a stack of experts (one checkpoint tensor each),
// whose gradient pulls them to zero, and a routing bias that counts steps. It
// has every entry of a real model, so that whatever goes around the entries
// can be tested with it.
//
#ifndef TRESSE_TEST_RUNTIME_FAKEMODEL_H
#define TRESSE_TEST_RUNTIME_FAKEMODEL_H

extern "C" {
#include "tresse/plan.h"
}

namespace tresse::test {

constexpr int fakeVocabulary = 256, fakeBatch = 2, fakeSequence = 16,
              fakeSlots = 2, fakeChunk = 4, fakeContext = 64;

/// Lives as long as the process.
const tresse_model &fakeModel();

} // namespace tresse::test

#endif
