// Moe.cpp - routing, grouping, movement of expert rows, load balance.
#include "Case.h"

using namespace tresse::test;

namespace {
constexpr auto Storage = Type::Storage;
constexpr auto Wide = Type::Wide;
constexpr auto Index = Type::Index;

std::string number(int64_t value) { return std::to_string(value); }

/// Distinct experts per token; some tokens skipped, some experts never chosen.
void fillChoices(Tensor &indices, Random &random, int64_t experts) {
  int64_t topK = indices.sizes[1], used = random.integer(topK, experts);
  for (int64_t t = 0; t < indices.sizes[0]; ++t) {
    bool skipped = random.integer(0, 5) == 0;
    int64_t first = random.integer(0, used - 1);
    for (int64_t k = 0; k < topK; ++k)
      indices.set(t * topK + k, skipped ? -1 : (first + k) % used);
  }
}

TEST(CpuKernels, Route) {
  forAll(
      [](uint32_t dtype, Random &random) {
        int64_t tokens = random.size(20), groups = random.integer(1, 4);
        int64_t kept = random.integer(1, groups);
        int64_t size = random.integer(1, 20), experts = groups * size;
        int64_t topK = random.integer(1, std::min<int64_t>(kept * size, 8));
        Case c("lm.route", tresse_ref_route, dtype, random);
        Tensor &logits = c.in(Wide, {tokens, experts});
        if (random.chance()) // ties
          for (int64_t i = 0; i < tokens * experts; ++i)
            logits.set(i, random.integer(-2, 2));
        bool bias = random.chance(), positions = random.chance();
        if (bias)
          c.in(Wide, {experts});
        else
          c.absent();
        if (positions) {
          Tensor &at = c.in(Index, {tokens});
          for (int64_t t = 0; t < tokens; ++t)
            at.set(t, random.integer(-1, 3));
        } else {
          c.absent();
        }
        c.segments({1, bias, positions});
        c.attribute(random.chance() ? "scoring = #lm.scoring<softmax>"
                                    : "scoring = #lm.scoring<sigmoid>");
        c.attribute(random.chance() ? "group_score = #lm.group_score<max>"
                                    : "group_score = #lm.group_score<top2>");
        c.attribute("top_k = " + number(topK) + ", groups = " + number(groups));
        c.attribute("top_groups = " + number(kept));
        c.attribute(random.chance() ? "normalize = true" : "normalize = false");
        c.attribute("weight_scale = 2.5 : f64");
        c.out(Index, {tokens, topK});
        c.out(Wide, {tokens, topK});
        c.out(Wide, {tokens, experts});
        c.check();
      },
      12);
}

TEST(CpuKernels, RouteGrad) {
  forAll(
      [](uint32_t dtype, Random &random) {
        int64_t tokens = random.size(20), experts = random.integer(2, 70);
        int64_t topK = random.integer(1, std::min<int64_t>(experts, 8));
        Case c("lm.route_grad", tresse_ref_route_grad, dtype, random);
        Tensor &scores = c.in(Wide, {tokens, experts});
        for (int64_t i = 0; i < tokens * experts; ++i)
          scores.set(i, random.uniform(0.01, 1));
        fillChoices(c.in(Index, {tokens, topK}), random, experts);
        c.in(Wide, {tokens, topK});
        if (random.chance())
          c.in(Wide, {tokens, experts});
        else
          c.absent();
        c.attribute(random.chance() ? "scoring = #lm.scoring<softmax>"
                                    : "scoring = #lm.scoring<sigmoid>");
        c.attribute("top_k = " + number(topK) + ", weight_scale = 1.5 : f64");
        c.attribute(random.chance() ? "normalize = true" : "normalize = false");
        c.setTermSize(4);
        c.out(Wide, {tokens, experts});
        c.check();
      },
      6);
}

/// Everything that the grouping of one choice gives.
struct Grouping {
  Tensor indices, rowOfSlot, slotOfRow, ends;
};

Grouping group(Random &random, int64_t tokens, int64_t topK, int64_t experts) {
  Case c("lm.group_rows", tresse_ref_group_rows, TRESSE_F32, random);
  fillChoices(c.in(Index, {tokens, topK}), random, experts);
  c.out(Index, {tokens, topK});
  c.out(Index, {tokens * topK});
  c.out(Index, {experts});
  c.check();
  Grouping result{c.operand(0), c.expected(0), c.expected(1), c.expected(2)};
  return result;
}

void copyInto(Tensor &to, const Tensor &from) {
  for (int64_t i = 0; i < to.count(); ++i)
    to.set(i, from.get(i));
}

TEST(CpuKernels, GroupAndPermute) {
  forAll(
      [](uint32_t dtype, Random &random) {
        int64_t tokens = random.size(40), experts = random.integer(1, 20);
        int64_t topK = random.integer(1, std::min<int64_t>(experts, 6));
        int64_t d = random.size(200), rows = tokens * topK;
        Grouping g = group(random, tokens, topK, experts);
        auto add = [](Case &c, const Tensor &values) {
          copyInto(c.in(Index, values.sizes), values);
        };
        bool weighted = random.chance();
        Case permute("lm.permute", tresse_ref_permute, dtype, random);
        permute.in(Storage, {tokens, d});
        add(permute, g.slotOfRow);
        add(permute, g.rowOfSlot);
        add(permute, g.ends);
        if (weighted)
          permute.in(Wide, {tokens, topK});
        else
          permute.absent();
        permute.out(Storage, {rows, d});
        permute.check();

        int64_t held = static_cast<int64_t>(g.ends.get(experts - 1));
        auto addRows = [&](Case &c) {
          Tensor &y = c.in(Storage, {rows, d});
          for (int64_t i = held * d; i < rows * d; ++i)
            y.set(i, NAN);
        };
        Case unpermute("lm.unpermute", tresse_ref_unpermute, dtype, random);
        addRows(unpermute);
        add(unpermute, g.rowOfSlot);
        if (weighted)
          unpermute.in(Wide, {tokens, topK});
        else
          unpermute.absent();
        unpermute.absent();
        unpermute.absent();
        unpermute.segments({1, 1, weighted, 0, 0});
        unpermute.out(Storage, {tokens, d});
        unpermute.check();

        Case weights("lm.unpermute_grad_weights",
                     tresse_ref_unpermute_grad_weights, dtype, random);
        weights.in(Storage, {tokens, d});
        addRows(weights);
        add(weights, g.rowOfSlot);
        weights.out(Wide, {tokens, topK});
        weights.check();
      },
      6);
}

TEST(CpuKernels, Balance) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t sequences = random.integer(1, 4), length = random.size(30);
    int64_t tokens = sequences * length, experts = random.integer(1, 40);
    int64_t topK = random.integer(1, std::min<int64_t>(experts, 6));
    auto addScores = [&](Case &c) {
      Tensor &scores = c.in(Wide, {tokens, experts});
      for (int64_t i = 0; i < tokens * experts; ++i)
        scores.set(i, random.uniform(0.01, 1));
    };
    const char *normalize =
        random.chance() ? "normalize = true" : "normalize = false";
    Case fraction("lm.balance_fraction", tresse_ref_balance_fraction, dtype,
                  random);
    addScores(fraction);
    fillChoices(fraction.in(Index, {tokens, topK}), random, experts);
    fraction.attribute(random.chance() ? "form = #lm.balance_form<unbiased>"
                                       : "form = #lm.balance_form<chosen>");
    const char *levels[] = {"expert", "device", "communication"};
    fraction.attribute(std::string("level = #lm.balance_level<") +
                       levels[random.integer(0, 2)] + ">");
    int64_t devices = random.integer(1, experts);
    while (experts % devices != 0)
      --devices;
    fraction.attribute("devices = " + std::to_string(devices) + " : i64");
    fraction.attribute("device_limit = " +
                       std::to_string(random.integer(1, devices)) + " : i64");
    fraction.out(Wide, {sequences, experts});
    fraction.check();

    Case loss("lm.balance_loss", tresse_ref_balance_loss, dtype, random);
    addScores(loss);
    loss.in(Wide, {sequences, experts});
    loss.attribute(normalize);
    loss.out(Wide, {1});
    loss.check();

    Case gradient("lm.balance_loss_grad", tresse_ref_balance_loss_grad, dtype,
                  random);
    addScores(gradient);
    gradient.in(Wide, {sequences, experts});
    gradient.in(Wide, {1});
    gradient.attribute(normalize);
    gradient.setTermSize(1);
    gradient.out(Wide, {tokens, experts});
    gradient.check();
  });
}

TEST(CpuKernels, Load) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t tokens = random.size(60), experts = random.integer(1, 40);
    int64_t topK = random.integer(1, std::min<int64_t>(experts, 6));
    Case load("lm.expert_load", tresse_ref_expert_load, dtype, random);
    fillChoices(load.in(Index, {tokens, topK}), random, experts);
    Tensor &counts = load.in(Index, {experts});
    for (int64_t e = 0; e < experts; ++e)
      counts.set(e, random.integer(0, 9));
    load.out(Index, {experts}, 1);
    load.check();

    Case update("lm.update_route_bias", tresse_ref_update_route_bias, dtype,
                random);
    update.in(Wide, {experts});
    Tensor &held = update.in(Index, {experts});
    for (int64_t e = 0; e < experts; ++e)
      held.set(e, random.integer(0, 3));
    update.in(Wide, {16});
    update.out(Wide, {experts}, 0);
    update.check();
  });
}

} // namespace
