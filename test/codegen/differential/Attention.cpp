// Attention.cpp - attention, its gradients, the absorbed form, the cache.
#include "Case.h"

using namespace tresse::test;

namespace {
constexpr auto Storage = Type::Storage;
constexpr auto Wide = Type::Wide;
constexpr auto Index = Type::Index;

struct Shape {
  int64_t batch, queries, keys, heads, nope, rope, value;

  explicit Shape(Random &random)
      : batch(random.integer(1, 2)), queries(random.size(48)),
        keys(random.size(70)), heads(random.integer(1, 3)),
        nope(random.size(40)), rope(2 * random.integer(1, 9)),
        value(random.size(40)) {}
};

/// Positions of the queries: a whole sequence, or slots at any position.
void fillPositions(Tensor &positions, Random &random, int64_t keys) {
  bool whole = random.chance();
  int64_t queries = positions.sizes[1];
  for (int64_t i = 0; i < positions.count(); ++i)
    positions.set(i, whole ? std::min(i % queries, keys - 1)
                           : random.integer(-1, keys - 1));
}

/// NaN in the rows of `kv` and `k_rope` that no query of their sequence sees.
void poison(Tensor &keys, const Tensor &positions) {
  int64_t row = keys.count() / (keys.sizes[0] * keys.sizes[1]);
  for (int64_t b = 0; b < keys.sizes[0]; ++b) {
    int64_t seen = 0;
    for (int64_t i = 0; i < positions.sizes[1]; ++i)
      seen = std::max<int64_t>(seen,
                               positions.get(b * positions.sizes[1] + i) + 1);
    for (int64_t i = seen * row; i < keys.sizes[1] * row; ++i)
      keys.set(b * keys.sizes[1] * row + i, NAN);
  }
}

void addInputs(Case &c, const Shape &s) {
  c.in(Storage, {s.batch, s.queries, s.heads, s.nope + s.rope});
  c.in(Storage, {s.batch, s.keys, s.heads, s.nope + s.value});
  c.in(Storage, {s.batch, s.keys, s.rope});
  fillPositions(c.in(Index, {s.batch, s.queries}), c.dice(), s.keys);
  c.attribute("scale = 0.15 : f64");
}

void copyInto(Tensor &to, const Tensor &from) {
  for (int64_t i = 0; i < to.count(); ++i)
    to.set(i, from.get(i));
}

TEST(CpuKernels, Attention) {
  forAll(
      [](uint32_t dtype, Random &random) {
        Shape s(random);
        Case c("lm.attention", tresse_ref_attention, dtype, random);
        addInputs(c, s);
        poison(c.operand(1), c.operand(3));
        poison(c.operand(2), c.operand(3));
        c.out(Storage, {s.batch, s.queries, s.heads, s.value});
        c.out(Wide, {s.batch, s.queries, s.heads});
        c.check();
        // The gradients read what the forward wrote.
        for (bool key : {false, true}) {
          Case g(key ? "lm.attention_grad_key" : "lm.attention_grad_query",
                 key ? tresse_ref_attention_grad_key
                     : tresse_ref_attention_grad_query,
                 dtype, random);
          addInputs(g, s);
          for (int i = 0; i < 4; ++i)
            copyInto(g.operand(i), c.operand(i));
          // Keys that nobody sees get gradient 0; the reference reads them.
          for (int i : {1, 2})
            for (int64_t e = 0; e < g.operand(i).count(); ++e)
              if (std::isnan(g.operand(i).get(e)))
                g.operand(i).set(e, 1);
          Sizes rows = {s.batch, s.queries, s.heads};
          if (!key)
            copyInto(g.in(Storage, {rows[0], rows[1], rows[2], s.value}),
                     c.expected(0));
          copyInto(g.in(Wide, rows), c.expected(1));
          if (key)
            g.in(Wide, rows);
          g.in(Storage, {rows[0], rows[1], rows[2], s.value});
          if (key) {
            g.out(Storage, {s.batch, s.keys, s.heads, s.nope + s.value});
            g.out(Storage, {s.batch, s.keys, s.rope});
          } else {
            g.out(Storage, {s.batch, s.queries, s.heads, s.nope + s.rope});
            g.out(Wide, rows);
          }
          g.setTermSize(8);
          g.check();
        }
      },
      6);
}

TEST(CpuKernels, LatentAttention) {
  forAll(
      [](uint32_t dtype, Random &random) {
        Shape s(random);
        Case c("lm.latent_attention", tresse_ref_latent_attention, dtype,
               random);
        c.in(Storage, {s.batch, s.queries, s.heads, s.nope});
        c.in(Storage, {s.batch, s.queries, s.heads, s.rope});
        c.in(Storage, {s.batch, s.keys, s.nope});
        c.in(Storage, {s.batch, s.keys, s.rope});
        fillPositions(c.in(Index, {s.batch, s.queries}), random, s.keys);
        poison(c.operand(2), c.operand(4));
        poison(c.operand(3), c.operand(4));
        c.attribute("scale = 0.15 : f64");
        c.out(Storage, {s.batch, s.queries, s.heads, s.nope});
        c.check();
      },
      6);
}

TEST(CpuKernels, Cache) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t batch = random.integer(1, 3), length = random.size(40);
    int64_t rows = random.size(20), channels = random.size(100);
    Case c("lm.cache_write", tresse_ref_cache_write, dtype, random);
    c.in(Storage, {batch, length, channels});
    c.in(Storage, {batch, rows, channels});
    Tensor &positions = c.in(Index, {batch, rows});
    for (int64_t i = 0; i < batch * rows; ++i)
      positions.set(i, random.integer(-1, length - 1));
    c.out(Storage, {batch, length, channels}, 0);
    c.check();

    Case last("lm.last_row", tresse_ref_last_row, dtype, random);
    last.in(Storage, {batch, rows, channels});
    Tensor &at = last.in(Index, {batch, rows});
    for (int64_t i = 0; i < batch * rows; ++i)
      at.set(i, random.integer(-2, 1));
    last.out(Storage, {batch, channels});
    last.check();
  });
}

TEST(CpuKernels, Program) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(100), channels = random.size(100);
    Case fill("lm.fill", tresse_ref_fill, dtype, random);
    fill.attribute("value = 2.5 : f64");
    fill.out(Wide, {rows, channels});
    fill.check();
    Case clear("lm.clear", tresse_ref_clear, dtype, random);
    clear.in(random.chance() ? Wide : Index, {rows, channels});
    clear.out(clear.operand(0).dtype == TRESSE_I32 ? Index : Wide,
              {rows, channels}, 0);
    clear.check();
    Case iota("lm.iota", tresse_ref_iota, dtype, random);
    iota.out(Index, {rows, channels});
    iota.check();
    Case concat("lm.concat", tresse_ref_concat, dtype, random);
    concat.in(Storage, {rows, channels});
    concat.in(Storage, {rows, 5});
    concat.out(Storage, {rows, channels + 5});
    concat.check();
  });
}

} // namespace
