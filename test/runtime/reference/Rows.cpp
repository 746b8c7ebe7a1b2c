// Rows.cpp - rows that hold nothing, ties, empty experts, caches, strides.
#include <gtest/gtest.h>

#include "Differences.h"

using namespace tresse;

namespace {

const double none = std::nan("");

TEST(Rows, behind_the_row_count_are_neither_read_nor_written) {
  Array ends({3}, {1, 1, 2}, TRESSE_I32);
  Array x({4, 2}, {1, 2, 3, 4, none, none, none, none});
  Array w({3, 2, 2}, {1, 0, 0, 1, none, none, none, none, 2, 0, 0, 2});
  Array y({4, 2}, {7, 7, 7, 7, 7, 7, 7, 7});
  Call().add(x).add(w).add(ends).add(y).run(tresse_ref_grouped_linear);
  EXPECT_EQ(y.values(), (std::vector<double>{1, 2, 6, 8, 7, 7, 7, 7}));
  Array dx({4, 2}, {7, 7, 7, 7, 7, 7, 7, 7});
  Call().add(x).add(w).add(ends).add(dx).run(
      tresse_ref_grouped_linear_grad_input);
  EXPECT_EQ(dx.values(), (std::vector<double>{1, 2, 6, 8, 7, 7, 7, 7}));
  Array dw({3, 2, 2});
  Call().add(x).add(x).add(ends).absent().add(dw).run(
      tresse_ref_grouped_linear_grad_weight);
  EXPECT_EQ(dw.values(),
            (std::vector<double>{1, 2, 2, 4, 0, 0, 0, 0, 9, 12, 12, 16}));
}

TEST(Rows, of_swiglu_and_permute_end_with_the_groups) {
  Array ends({2}, {0, 1}, TRESSE_I32), x({2, 2}, {0, 5, none, none});
  Array y({2, 1}, {7, 7});
  Call().add(x).add(ends).add(y).run(tresse_ref_swiglu);
  EXPECT_EQ(y.values(), (std::vector<double>{0, 7}));
  Array dy({2, 1}, {2, none}), dx({2, 2}, {7, 7, 7, 7});
  Call().add(x).add(dy).add(ends).add(dx).run(tresse_ref_swiglu_grad);
  EXPECT_EQ(dx.values(), (std::vector<double>{5, 0, 7, 7}));
  Array tokens({1, 2}, {3, 4}), rows({2, 2}, {7, 7, 7, 7});
  Array slot_of_row({2}, {1, -1}, TRESSE_I32);
  Array row_of_slot({1, 2}, {-1, 0}, TRESSE_I32);
  Call call;
  call.add(tokens).add(slot_of_row).add(row_of_slot).add(ends).absent();
  call.add(rows).run(tresse_ref_permute);
  EXPECT_EQ(rows.values(), (std::vector<double>{3, 4, 7, 7}));
  Array garbage({2, 2}, {1, 2, none, none}), out({1, 2});
  Call sum;
  sum.add(garbage).add(row_of_slot).absent().absent().absent().add(out);
  sum.run(tresse_ref_unpermute);
  EXPECT_EQ(out.values(), (std::vector<double>{1, 2}));
}

TEST(GroupRows, sorts_stably_and_leaves_experts_empty) {
  Array indices({3, 2}, {2, 0, -1, -1, 0, 2}, TRESSE_I32);
  Array row_of_slot({3, 2}, TRESSE_I32), slot_of_row({6}, TRESSE_I32);
  Array ends({4}, TRESSE_I32);
  Call call;
  call.add(indices).add(row_of_slot).add(slot_of_row).add(ends);
  call.run(tresse_ref_group_rows);
  EXPECT_EQ(row_of_slot.values(), (std::vector<double>{2, 0, -1, -1, 1, 3}));
  EXPECT_EQ(slot_of_row.values(), (std::vector<double>{1, 4, 0, 5, -1, -1}));
  EXPECT_EQ(ends.values(), (std::vector<double>{2, 2, 4, 4}));
  Array load({4}, {1, 1, 1, 1}, TRESSE_I32);
  Call().add(indices).add(load).add(load).run(tresse_ref_expert_load);
  EXPECT_EQ(load.values(), (std::vector<double>{3, 1, 3, 1}));
}

TEST(Route, ties_go_to_the_lower_expert_and_the_lower_group) {
  Array logits({2, 6}), positions({2}, {0, -1}, TRESSE_I32);
  Array indices({2, 2}, TRESSE_I32), weights({2, 2}), scores({2, 6});
  for (int64_t scoring : {0, 1}) {
    Call call;
    call.add(logits).absent().add(positions).add(indices).add(weights);
    call.add(scores).integer("scoring", scoring).integer("top_k", 2);
    call.integer("groups", 3).integer("top_groups", 2);
    call.integer("group_score", 1).integer("normalize", 1);
    call.number("weight_scale", 1).run(tresse_ref_route);
    EXPECT_EQ(indices.values(), (std::vector<double>{0, 1, -1, -1}));
    EXPECT_EQ(weights.values(), (std::vector<double>{.5, .5, 0, 0}));
  }
}

TEST(Attention, of_a_negative_position_sees_nothing) {
  Array q({1, 2, 1, 2}, {1, 0, 1, 0}), kv({1, 2, 1, 2}, {1, 5, none, none});
  Array k_rope({1, 2, 1}, {0, none}), out({1, 2, 1, 1}), lse({1, 2, 1});
  Array positions({1, 2}, {-1, 0}, TRESSE_I32);
  Call call;
  call.add(q).add(kv).add(k_rope).add(positions).add(out).add(lse);
  call.number("scale", 2).run(tresse_ref_attention);
  EXPECT_EQ(out.values(), (std::vector<double>{0, 5}));
  EXPECT_EQ(lse.values(), (std::vector<double>{-INFINITY, 2}));
}

TEST(LatentAttention, equals_attention_with_expanded_keys) {
  Random random(newSeed());
  int64_t heads = 2, nope = 3, rope = 2, rank = 4, value = 3, keys = 5;
  Array q = random.normal({1, 2, heads, nope + rope});
  Array latent = random.normal({1, keys, rank});
  Array k_rope = random.normal({1, keys, rope});
  Array up = random.normal({heads, nope + value, rank});
  Array positions({1, 2}, {1, 4}, TRESSE_I32);
  // Naive: kv = latent up^T, viewed [1, L, H, nope + value].
  Array flat_up({heads * (nope + value), rank}, up.values());
  Array flat({1, keys, heads * (nope + value)}),
      kv({1, keys, heads, nope + value});
  Call().add(latent).add(flat_up).add(flat).run(tresse_ref_linear);
  kv.bytes = flat.bytes;
  Array out({1, 2, heads, value}), lse({1, 2, heads});
  Call naive;
  naive.add(q).add(kv).add(k_rope).add(positions).add(out).add(lse);
  naive.number("scale", 0.6).run(tresse_ref_attention);
  // Absorbed: q_latent = q_nope U, out = V context.
  Array u({heads, nope, rank}), v({heads, value, rank});
  Array q_nope({1, 2, heads, nope}), q_rope({1, 2, heads, rope});
  Call().add(q).add(q_nope).add(q_rope).run(tresse_ref_split);
  for (int64_t i = 0; i < up.count(); ++i) {
    int64_t head = i / ((nope + value) * rank), row = i / rank % (nope + value);
    if (row < nope)
      u.set((head * nope + row) * rank + i % rank, up.get(i));
    else
      v.set((head * value + row - nope) * rank + i % rank, up.get(i));
  }
  Array q_latent({1, 2, heads, rank}), context(q_latent.sizes), o(out.sizes);
  Call absorb;
  absorb.add(q_nope).add(u).add(q_latent).integer("transposed", 1);
  absorb.run(tresse_ref_head_linear);
  Call attend;
  attend.add(q_latent).add(q_rope).add(latent).add(k_rope).add(positions);
  attend.add(context).number("scale", 0.6).run(tresse_ref_latent_attention);
  Call().add(context).add(v).add(o).run(tresse_ref_head_linear);
  for (int64_t i = 0; i < out.count(); ++i)
    EXPECT_NEAR(o.get(i), out.get(i), 1e-12);
}

TEST(CacheWrite, skips_rows_without_a_token) {
  Array cache({2, 3, 2}), rows({2, 2, 2}, {1, 2, 3, 4, 5, 6, none, none});
  Array positions({2, 2}, {2, 0, 1, -1}, TRESSE_I32);
  Call().add(cache).add(rows).add(positions).add(cache).run(
      tresse_ref_cache_write);
  EXPECT_EQ(cache.values(),
            (std::vector<double>{3, 4, 0, 0, 1, 2, 0, 0, 5, 6, 0, 0}));
}

TEST(LastRow, is_the_last_one_with_a_token) {
  Array x({3, 2, 1}, {1, 2, 3, 4, 5, 6}), y({3, 1});
  Array positions({3, 2}, {0, 1, 7, -1, -1, -1}, TRESSE_I32);
  Call().add(x).add(positions).add(y).run(tresse_ref_last_row);
  EXPECT_EQ(y.values(), (std::vector<double>{2, 3, 5}));
}

TEST(Embed, of_a_negative_token_is_zero) {
  Array tokens({3}, {1, -1, 0}, TRESSE_I32), table({2, 2}, {1, 2, 3, 4});
  Array y({3, 2}, {7, 7, 7, 7, 7, 7});
  Call().add(tokens).add(table).add(y).run(tresse_ref_embed);
  EXPECT_EQ(y.values(), (std::vector<double>{3, 4, 0, 0, 1, 2}));
}

TEST(Strides, are_honoured_when_reading_and_writing) {
  Array x({4, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), y({4, 3});
  x.sizes = y.sizes = {2, 2};
  x.strides = {6, 1}; // rows 0 and 2, first two columns
  y.strides = {3, 2}; // rows 0 and 1, columns 0 and 2
  Call().add(x).add(y).run(tresse_ref_copy);
  EXPECT_EQ(Array({12}, std::vector<double>(y.bytes)).values(),
            (std::vector<double>{1, 0, 2, 7, 0, 8, 0, 0, 0, 0, 0, 0}));
}

} // namespace
