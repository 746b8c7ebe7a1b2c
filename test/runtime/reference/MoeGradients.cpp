// MoeGradients.cpp - gradients of routing and experts against differences.
#include "Differences.h"

using namespace tresse;

namespace {

/// A routed batch: what route and group_rows make of random logits.
struct Routed {
  int64_t tokens, experts, top_k;
  Array logits, positions, indices, weights, scores;
  Array row_of_slot, slot_of_row, ends;
  Call options;

  Routed(Random &random, int64_t scoring, int64_t normalize)
      : tokens(random.integer(1, 6)), experts(2 * random.integer(1, 3)),
        top_k(random.integer(1, experts / 2)),
        logits(random.normal({tokens, experts}, 2)),
        positions(random.integers({tokens}, -1, 3)),
        indices({tokens, top_k}, TRESSE_I32), weights({tokens, top_k}),
        scores({tokens, experts}), row_of_slot({tokens, top_k}, TRESSE_I32),
        slot_of_row({tokens * top_k}, TRESSE_I32), ends({experts}, TRESSE_I32) {
    options.integer("scoring", scoring).integer("top_k", top_k);
    options.integer("groups", 2).integer("top_groups", 1);
    options.integer("group_score", scoring).integer("normalize", normalize);
    options.number("weight_scale", 1.7);
    route();
    Call sort;
    sort.add(indices).add(row_of_slot).add(slot_of_row).add(ends);
    sort.run(tresse_ref_group_rows);
  }
  void route() {
    Call call;
    call.like(options).add(logits).absent().add(positions).add(indices);
    call.add(weights).add(scores).run(tresse_ref_route);
  }
  /// Whether the choice stays as it is when any one logit moves a little: a
  /// choice that flips within a difference's step has no derivative.
  bool isStable() {
    std::vector<double> chosen = indices.values();
    for (int64_t i = 0; i < logits.count(); ++i)
      for (double offset : {-0.01, 0.01}) {
        double saved = logits.get(i);
        logits.set(i, saved + offset);
        route();
        logits.set(i, saved);
        if (indices.values() != chosen)
          return false;
      }
    route();
    return true;
  }
};

TEST(RouteGrad, agrees_with_differences_of_weights_and_scores) {
  Random random(newSeed());
  for (int64_t scoring : {0, 1})
    for (int64_t normalize : {0, 1}) {
      Routed r(random, scoring, normalize);
      while (!r.isStable())
        r = Routed(random, scoring, normalize);
      Array dweights = random.normal(r.weights.sizes);
      Array dscores = random.normal(r.scores.sizes), dlogits(r.logits.sizes);
      Forward forward = [&] {
        r.route();
        return std::vector<Array>{r.weights, r.scores};
      };
      r.route();
      Call call;
      call.like(r.options).add(r.scores).add(r.indices).add(dweights);
      call.add(dscores).add(dlogits).run(tresse_ref_route_grad);
      expectGradient("logits", forward, {dweights, dscores}, r.logits, dlogits);
    }
}

TEST(PermuteGrad, is_unpermute_and_the_weights_gradient) {
  Random random(newSeed());
  Routed r(random, 1, 1);
  int64_t rows = r.tokens * r.top_k, d = 3;
  Array x = random.normal({r.tokens, d}), dy = random.normal({rows, d});
  for (int64_t i = static_cast<int64_t>(r.ends.get(r.experts - 1)) * d;
       i < dy.count(); ++i)
    dy.set(i, 0);
  Forward forward = [&] {
    Array y({rows, d});
    Call call;
    call.add(x).add(r.slot_of_row).add(r.row_of_slot).add(r.ends);
    call.add(r.weights).add(y).run(tresse_ref_permute);
    return std::vector<Array>{y};
  };
  Array dx({r.tokens, d}), dweights(r.weights.sizes);
  Call call;
  call.add(dy).add(r.row_of_slot).add(r.weights).absent().absent().add(dx);
  call.run(tresse_ref_unpermute);
  Call()
      .add(x)
      .add(dy)
      .add(r.row_of_slot)
      .add(dweights)
      .run(tresse_ref_unpermute_grad_weights);
  expectGradient("input", forward, {dy}, x, dx);
  expectGradient("weights", forward, {dy}, r.weights, dweights);
}

TEST(UnpermuteGrad, is_permute_and_the_weights_gradient) {
  Random random(newSeed());
  Routed r(random, 0, 0);
  int64_t rows = r.tokens * r.top_k, d = 3;
  Array y = random.normal({rows, d}), dout = random.normal({r.tokens, d});
  Forward forward = [&] {
    Array out({r.tokens, d});
    Call call;
    call.add(y).add(r.row_of_slot).add(r.weights).absent().absent().add(out);
    call.run(tresse_ref_unpermute);
    return std::vector<Array>{out};
  };
  Array dy({rows, d}), dweights(r.weights.sizes);
  Call call;
  call.add(dout).add(r.slot_of_row).add(r.row_of_slot).add(r.ends);
  call.add(r.weights).add(dy).run(tresse_ref_permute);
  Call()
      .add(dout)
      .add(y)
      .add(r.row_of_slot)
      .add(dweights)
      .run(tresse_ref_unpermute_grad_weights);
  expectGradient("rows", forward, {dout}, y, dy);
  expectGradient("weights", forward, {dout}, r.weights, dweights);
}

TEST(SwigluGrad, agrees_with_differences) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 4), width = random.integer(1, 5);
  Array x = random.normal({rows, 2 * width}, 2),
        dy = random.normal({rows, width});
  Array dx(x.sizes);
  Forward forward = [&] {
    Array y({rows, width});
    Call().add(x).absent().add(y).run(tresse_ref_swiglu);
    return std::vector<Array>{y};
  };
  Call().add(x).add(dy).absent().add(dx).run(tresse_ref_swiglu_grad);
  expectGradient("input", forward, {dy}, x, dx);
}

TEST(BalanceLossGrad, agrees_with_differences) {
  Random random(newSeed());
  for (int64_t normalize : {0, 1}) {
    Array scores({6, 4}), fraction({2, 4}), dscores({6, 4}), dloss({1}, {0.3});
    Array indices = random.integers({6, 2}, 0, 3);
    for (int64_t i = 0; i < scores.count(); ++i)
      scores.set(i, random.uniform(0.1, 1));
    Call count;
    count.add(scores).add(indices).add(fraction).integer("form", 0);
    count.run(tresse_ref_balance_fraction);
    Forward forward = [&] {
      Array loss({1});
      Call call;
      call.add(scores).add(fraction).add(loss).integer("normalize", normalize);
      call.run(tresse_ref_balance_loss);
      return std::vector<Array>{loss};
    };
    Call call;
    call.add(scores).add(fraction).add(dloss).add(dscores);
    call.integer("normalize", normalize).run(tresse_ref_balance_loss_grad);
    expectGradient("scores", forward, {dloss}, scores, dscores);
  }
}

TEST(BalanceFraction, counts_the_largest_scores_or_the_actual_choice) {
  Array scores({2, 4}, {.4, .3, .2, .1, .1, .4, .4, .1});
  Array indices({2, 2}, {3, 2, 0, 0}, TRESSE_I32), fraction({1, 4});
  Call largest;
  largest.add(scores).add(indices).add(fraction).integer("form", 0);
  largest.run(tresse_ref_balance_fraction);
  EXPECT_EQ(fraction.values(), (std::vector<double>{1, 2, 1, 0}));
  Call actual;
  actual.add(scores).add(indices).add(fraction).integer("form", 1);
  actual.run(tresse_ref_balance_fraction);
  EXPECT_EQ(fraction.values(), (std::vector<double>{2, 0, 1, 1}));
}

TEST(BalanceFraction, counts_devices_and_the_tokens_sent_to_them) {
  // Two devices of two experts; token 0 chooses 3 and 2, token 1 chooses 0
  // and none, token 2 chooses 1 and 2.
  Array scores({3, 4}), indices({3, 2}, {3, 2, 0, -1, 1, 2}, TRESSE_I32);
  Array fraction({1, 4});
  auto count = [&](int64_t level) {
    Call call;
    call.add(scores).add(indices).add(fraction).integer("form", 1);
    call.integer("level", level).integer("devices", 2);
    call.integer("device_limit", 2).run(tresse_ref_balance_fraction);
    return fraction.values();
  };
  // f = 4 / (2 * 3) * (1, 1, 2, 1)
  std::vector<double> mean = count(1), sent = count(2);
  EXPECT_NEAR(mean[0], 2. / 3, 1e-15);
  EXPECT_EQ(mean[0], mean[1]);
  EXPECT_NEAR(mean[2], 1, 1e-15);
  EXPECT_EQ(mean[2], mean[3]);
  // 2 / (2 * 3) * 2 tokens each
  for (double fraction : sent)
    EXPECT_NEAR(fraction, 2. / 3, 1e-15);
}

TEST(UpdateRouteBias, moves_against_the_load) {
  Array bias({3}, {.5, .5, .5}), load({3}, {4, 1, 4}, TRESSE_I32), hyper({16});
  hyper.set(8, .125);
  Call().add(bias).add(load).add(hyper).add(bias).run(
      tresse_ref_update_route_bias);
  EXPECT_EQ(bias.values(), (std::vector<double>{.375, .625, .375}));
  Array even({3}, {3, 3, 3}, TRESSE_I32);
  Call().add(bias).add(even).add(hyper).add(bias).run(
      tresse_ref_update_route_bias);
  EXPECT_EQ(bias.values(), (std::vector<double>{.375, .625, .375}));
}

} // namespace
