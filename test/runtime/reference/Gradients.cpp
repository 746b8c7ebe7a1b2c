// Gradients.cpp - dense gradient functions against central differences.
#include "Differences.h"

using namespace tresse;

namespace {

TEST(EmbedGrad, agrees_with_differences_and_adds_to_its_accumulator) {
  Random random(newSeed());
  int64_t tokens = random.integer(1, 7), rows = random.integer(1, 5), d = 3;
  Array ids = random.integers({tokens}, -1, rows - 1);
  Array table = random.normal({rows, d}), dy = random.normal({tokens, d});
  Forward forward = [&] {
    Array y({tokens, d});
    Call().add(ids).add(table).add(y).run(tresse_ref_embed);
    return std::vector<Array>{y};
  };
  Array gradient({rows, d});
  Call().add(ids).add(dy).absent().add(gradient).run(tresse_ref_embed_grad);
  expectGradient("table", forward, {dy}, table, gradient);
  Array twice = gradient;
  Call().add(ids).add(dy).add(twice).add(twice).run(tresse_ref_embed_grad);
  for (int64_t i = 0; i < twice.count(); ++i)
    EXPECT_NEAR(twice.get(i), 2 * gradient.get(i), 1e-12);
}

TEST(LinearGrad, agrees_with_differences) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 5), in = random.integer(1, 7),
          out = random.integer(1, 7);
  Array x = random.normal({rows, 1, in}), w = random.normal({out, in});
  Array dy = random.normal({rows, 1, out}), dx({rows, 1, in}), dw({out, in});
  Forward forward = [&] {
    Array y({rows, 1, out});
    Call().add(x).add(w).add(y).run(tresse_ref_linear);
    return std::vector<Array>{y};
  };
  Call().add(dy).add(w).add(dx).run(tresse_ref_linear_grad_input);
  Call().add(dy).add(x).absent().add(dw).run(tresse_ref_linear_grad_weight);
  expectGradient("input", forward, {dy}, x, dx);
  expectGradient("weight", forward, {dy}, w, dw);
}

TEST(GroupedLinearGrad, agrees_with_differences_where_groups_are_empty) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 9), in = random.integer(1, 5),
          out = random.integer(1, 5), groups = random.integer(1, 4);
  Array ends = random.ends(groups, rows), x = random.normal({rows, in});
  Array w = random.normal({groups, out, in}), dy = random.normal({rows, out});
  for (int64_t i = static_cast<int64_t>(ends.get(groups - 1)) * out;
       i < dy.count(); ++i)
    dy.set(i, 0);
  Array dx({rows, in}), dw({groups, out, in});
  Forward forward = [&] {
    Array y({rows, out});
    Call().add(x).add(w).add(ends).add(y).run(tresse_ref_grouped_linear);
    return std::vector<Array>{y};
  };
  Call().add(dy).add(w).add(ends).add(dx).run(
      tresse_ref_grouped_linear_grad_input);
  Call().add(dy).add(x).add(ends).absent().add(dw).run(
      tresse_ref_grouped_linear_grad_weight);
  expectGradient("input", forward, {dy}, x, dx);
  expectGradient("weight", forward, {dy}, w, dw);
}

TEST(HeadLinear, is_a_linear_of_each_head) {
  Random random(newSeed());
  int64_t rows = 3, heads = 2, in = 4, out = 5;
  Array x = random.normal({rows, heads, in});
  Array w = random.normal({heads, out, in}), t({heads, in, out});
  for (int64_t i = 0; i < w.count(); ++i)
    t.set((i / (out * in) * in + i % in) * out + i / in % out, w.get(i));
  Array y({rows, heads, out}), z({rows, heads, out});
  Call().add(x).add(w).add(y).run(tresse_ref_head_linear);
  Call transposed;
  transposed.add(x).add(t).add(z).integer("transposed", 1);
  transposed.run(tresse_ref_head_linear);
  for (int64_t i = 0; i < y.count(); ++i) {
    int64_t head = i / out % heads, row = i / out;
    double expected = 0;
    for (int64_t k = 0; k < in; ++k)
      expected += x.get(row * in + k) * w.get((head * out + i % out) * in + k);
    EXPECT_NEAR(y.get(i), expected, 1e-12);
    EXPECT_NEAR(z.get(i), expected, 1e-12);
  }
}

TEST(RmsNormGrad, agrees_with_differences) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 7), channels = random.integer(1, 9);
  int64_t chunks = random.integer(1, rows);
  Array x = random.normal({rows, channels}), w = random.normal({channels});
  Array dy = random.normal({rows, channels}), dx({rows, channels});
  Array partial({chunks, channels}), dw({channels});
  Call options;
  options.number("epsilon", 0.25);
  Forward forward = [&] {
    Array y({rows, channels});
    Call().like(options).add(x).add(w).add(y).run(tresse_ref_rms_norm);
    return std::vector<Array>{y};
  };
  Call().like(options).add(x).add(w).add(dy).add(dx).run(
      tresse_ref_rms_norm_grad_input);
  Call().like(options).add(x).add(dy).add(partial).run(
      tresse_ref_rms_norm_grad_weight);
  Call().add(partial).absent().add(dw).run(tresse_ref_row_sum);
  expectGradient("input", forward, {dy}, x, dx);
  expectGradient("weight", forward, {dy}, w, dw);
}

TEST(RopeGrad, is_the_inverse_rotation) {
  Random random(newSeed());
  for (int64_t interleaved : {0, 1}) {
    int64_t rows = 3, heads = 2, channels = 7, dim = 4;
    Array x = random.normal({rows, heads, channels});
    Array dy = random.normal({rows, heads, channels}), dx = dy,
          table({rows, dim});
    Array positions = random.integers({rows}, 0, 50);
    Call angles;
    angles.add(positions).add(table).number("theta", 100).number("factor", 1);
    angles.run(tresse_ref_rotary);
    Call options;
    options.integer("offset", 2).integer("interleaved", interleaved);
    Forward forward = [&] {
      Array y({rows, heads, channels});
      Call().like(options).add(x).add(table).add(y).run(tresse_ref_rope);
      return std::vector<Array>{y};
    };
    Call()
        .like(options)
        .integer("inverse", 1)
        .add(dy)
        .add(table)
        .add(dx)
        .run(tresse_ref_rope);
    expectGradient("input", forward, {dy}, x, dx);
  }
}

struct AttentionShape {
  int64_t batch, queries, keys, heads, nope, rope, value;
};

TEST(AttentionGrad, agrees_with_differences_at_any_positions) {
  Random random(newSeed());
  AttentionShape a{2,
                   random.integer(1, 3),
                   random.integer(1, 4),
                   random.integer(1, 2),
                   random.integer(1, 3),
                   2,
                   3};
  Array q = random.normal({a.batch, a.queries, a.heads, a.nope + a.rope});
  Array kv = random.normal({a.batch, a.keys, a.heads, a.nope + a.value});
  Array k_rope = random.normal({a.batch, a.keys, a.rope});
  Array positions = random.integers({a.batch, a.queries}, -1, a.keys - 1);
  Array out({a.batch, a.queries, a.heads, a.value});
  Array lse({a.batch, a.queries, a.heads}), delta = lse;
  Array dout = random.normal(out.sizes);
  Call options;
  options.number("scale", 0.7);
  Forward forward = [&] {
    Call call;
    call.like(options).add(q).add(kv).add(k_rope).add(positions);
    call.add(out).add(lse).run(tresse_ref_attention);
    return std::vector<Array>{out};
  };
  forward();
  Array dq(q.sizes), dkv(kv.sizes), dk_rope(k_rope.sizes);
  Call query;
  query.like(options).add(q).add(kv).add(k_rope).add(positions).add(out);
  query.add(lse).add(dout).add(dq).add(delta);
  query.run(tresse_ref_attention_grad_query);
  Call key;
  key.like(options).add(q).add(kv).add(k_rope).add(positions).add(lse);
  key.add(delta).add(dout).add(dkv).add(dk_rope);
  key.run(tresse_ref_attention_grad_key);
  expectGradient("queries", forward, {dout}, q, dq);
  expectGradient("keys and values", forward, {dout}, kv, dkv);
  expectGradient("rope keys", forward, {dout}, k_rope, dk_rope);
}

/// Forward and gradient of the maps of mHC, and every part of the gradient.
void checkMhcPre(int64_t form) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 3), n = random.integer(1, 4), c = 3,
          width = (2 + n) * n;
  Array x = random.normal({rows, n, c}), mix = random.normal({rows, width});
  Array base = random.normal({width}), scale = random.normal({3});
  Array h({rows, c}), post({rows, n}), comb({rows, n, n});
  Array dh = random.normal(h.sizes), dpost = random.normal(post.sizes);
  Array dcomb = random.normal(comb.sizes);
  Call options;
  options.integer("form", form).integer("iterations", random.integer(1, 6));
  options.number("epsilon", 1e-3).number("norm_epsilon", 0.25);
  Forward forward = [&] {
    Call call;
    call.like(options).add(x).add(mix).add(base).add(scale).add(h).add(post);
    call.add(comb).run(tresse_ref_mhc_pre);
    return std::vector<Array>{h, post, comb};
  };
  Array dx(x.sizes), dmix(mix.sizes), dz(mix.sizes), dscaleRows({rows, 3});
  Array dbase({width}), dscale({3});
  Call call;
  call.like(options).add(x).add(mix).add(base).add(scale).add(dh).add(dpost);
  call.add(dcomb).add(dx).add(dmix).add(dz).add(dscaleRows);
  call.run(tresse_ref_mhc_pre_grad);
  Call().add(dz).absent().add(dbase).run(tresse_ref_row_sum);
  Call().add(dscaleRows).absent().add(dscale).run(tresse_ref_row_sum);
  std::vector<Array> weights = {dh, dpost, dcomb};
  expectGradient("streams", forward, weights, x, dx);
  expectGradient("mix", forward, weights, mix, dmix);
  expectGradient("base", forward, weights, base, dbase);
  expectGradient("scale", forward, weights, scale, dscale);
}

TEST(MhcPreGrad, agrees_with_differences_in_v4_form) { checkMhcPre(1); }
TEST(MhcPreGrad, agrees_with_differences_in_paper_form) { checkMhcPre(0); }

TEST(MhcPostGrad, agrees_with_differences) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 3), n = random.integer(1, 4), c = 3;
  Array x = random.normal({rows, n, c}), y = random.normal({rows, c});
  Array post = random.normal({rows, n}), comb = random.normal({rows, n, n});
  Array gradient = random.normal(x.sizes);
  Forward forward = [&] {
    Array out(x.sizes);
    Call().add(x).add(y).add(post).add(comb).add(out).run(tresse_ref_mhc_post);
    return std::vector<Array>{out};
  };
  Array dx(x.sizes), dy(y.sizes), dpost(post.sizes), dcomb(comb.sizes);
  Call call;
  call.add(x).add(y).add(post).add(comb).add(gradient).add(dx).add(dy);
  call.add(dpost).add(dcomb).run(tresse_ref_mhc_post_grad);
  expectGradient("streams", forward, {gradient}, x, dx);
  expectGradient("sublayer", forward, {gradient}, y, dy);
  expectGradient("post", forward, {gradient}, post, dpost);
  expectGradient("comb", forward, {gradient}, comb, dcomb);
}

TEST(MhcExpandGrad, agrees_with_differences) {
  Random random(newSeed());
  Array x = random.normal({2, 3}), dy = random.normal({2, 4, 3}), dx({2, 3});
  Forward forward = [&] {
    Array y({2, 4, 3});
    Call().add(x).add(y).run(tresse_ref_mhc_expand);
    return std::vector<Array>{y};
  };
  Call().add(dy).add(dx).run(tresse_ref_mhc_expand_grad);
  expectGradient("input", forward, {dy}, x, dx);
}

TEST(MhcHeadGrad, agrees_with_differences) {
  Random random(newSeed());
  int64_t rows = random.integer(1, 3), n = random.integer(1, 4), c = 3;
  Array x = random.normal({rows, n, c}), mix = random.normal({rows, n});
  Array base = random.normal({n}), scale = random.normal({1});
  Array dy = random.normal({rows, c});
  Call options;
  options.number("epsilon", 1e-3).number("norm_epsilon", 0.25);
  Forward forward = [&] {
    Array y({rows, c});
    Call call;
    call.like(options).add(x).add(mix).add(base).add(scale).add(y);
    call.run(tresse_ref_mhc_head);
    return std::vector<Array>{y};
  };
  Array dx(x.sizes), dmix(mix.sizes), dz(mix.sizes), dscaleRows({rows, 1});
  Array dbase({n}), dscale({1});
  Call call;
  call.like(options).add(x).add(mix).add(base).add(scale).add(dy).add(dx);
  call.add(dmix).add(dz).add(dscaleRows).run(tresse_ref_mhc_head_grad);
  Call().add(dz).absent().add(dbase).run(tresse_ref_row_sum);
  Call().add(dscaleRows).absent().add(dscale).run(tresse_ref_row_sum);
  expectGradient("streams", forward, {dy}, x, dx);
  expectGradient("mix", forward, {dy}, mix, dmix);
  expectGradient("base", forward, {dy}, base, dbase);
  expectGradient("scale", forward, {dy}, scale, dscale);
}

TEST(SinkhornGrad, agrees_with_differences_in_both_forms) {
  Random random(newSeed());
  for (int64_t form : {0, 1}) {
    int64_t n = random.integer(1, 5);
    Array c = random.normal({2, n, n}), dy = random.normal({2, n, n});
    Call options;
    options.integer("form", form).integer("iterations", random.integer(1, 9));
    options.number("epsilon", 1e-3);
    Forward forward = [&] {
      Array y(c.sizes);
      Call().like(options).add(c).add(y).run(tresse_ref_sinkhorn);
      return std::vector<Array>{y};
    };
    Array dc(c.sizes);
    Call().like(options).add(c).add(dy).add(dc).run(tresse_ref_sinkhorn_grad);
    expectGradient(form ? "v4" : "paper", forward, {dy}, c, dc);
  }
}

TEST(CrossEntropyGrad, agrees_with_differences_and_skips_negative_targets) {
  Random random(newSeed());
  int64_t rows = random.integer(2, 5), vocabulary = random.integer(2, 7);
  Array logits = random.normal({rows, vocabulary}, 2);
  Array targets = random.integers({rows}, -1, vocabulary - 1);
  Array losses({rows}), lse({rows}), weights = random.normal({rows});
  Forward forward = [&] {
    Call call;
    call.add(logits).add(targets).add(losses).add(lse);
    call.run(tresse_ref_cross_entropy);
    return std::vector<Array>{losses};
  };
  forward();
  Array dlogits(logits.sizes);
  Call call;
  call.add(logits).add(targets).add(lse).add(weights).add(dlogits);
  call.run(tresse_ref_cross_entropy_grad);
  expectGradient("logits", forward, {weights}, logits, dlogits);
  forward(); // the differences left another input's losses behind
  Array logp({rows});
  Call().add(logits).add(targets).add(logp).add(lse).run(
      tresse_ref_token_log_prob);
  for (int64_t r = 0; r < rows; ++r)
    EXPECT_EQ(logp.get(r), -losses.get(r));
}

TEST(MeanValidGrad, agrees_with_differences) {
  Random random(newSeed());
  Array losses = random.normal({5}), dlosses({5}), dloss({1}, {0.7});
  Array targets({5}, {3, -1, 0, -1, 2}, TRESSE_I32);
  Forward forward = [&] {
    Array loss({1});
    Call().add(losses).add(targets).add(loss).run(tresse_ref_mean_valid);
    return std::vector<Array>{loss};
  };
  Call().add(dloss).add(targets).add(dlosses).run(tresse_ref_mean_valid_grad);
  expectGradient("losses", forward, {dloss}, losses, dlosses);
  Array none({5}, {-1, -1, -1, -1, -1}, TRESSE_I32), loss({1}, {9});
  Call().add(losses).add(none).add(loss).run(tresse_ref_mean_valid);
  EXPECT_EQ(loss.get(0), 0);
}

} // namespace
