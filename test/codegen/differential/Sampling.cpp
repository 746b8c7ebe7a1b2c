// Sampling.cpp - the next token: greedy, temperature, top-k, top-p, min-p.
#include "Case.h"

using namespace tresse::test;

namespace {

TEST(CpuKernels, Sample) {
  forAll(
      [](uint32_t dtype, Random &random) {
        int64_t slots = 40, vocabulary = random.size(600);
        Case c("lm.sample", tresse_ref_sample, dtype, random);
        Tensor &logits = c.in(Type::Wide, {slots, vocabulary});
        bool ties = random.chance();
        for (int64_t i = 0; i < slots * vocabulary; ++i)
          logits.set(i, ties ? random.integer(-2, 2) : 2 * random.normal());
        Tensor &sampling = c.in(Type::Wide, {slots, 8});
        for (int64_t s = 0; s < slots; ++s) {
          double row[] = {random.integer(0, 3) == 0 ? 0
                                                    : random.uniform(0.3, 2),
                          random.chance() ? 0. : double(random.integer(1, 50)),
                          random.chance() ? 1 : random.uniform(0.05, 0.99),
                          random.chance() ? 0 : random.uniform(0.01, 0.5),
                          random.uniform(0, 0.999)};
          for (int i = 0; i < 5; ++i)
            sampling.set(s * 8 + i, row[i]);
        }
        c.out(Type::Index, {slots});
        c.check();
      },
      4);
}

} // namespace
