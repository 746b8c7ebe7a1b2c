// Goldens.cpp - reference functions against published numbers.
#include <gtest/gtest.h>

#include "Call.h"

using namespace tresse;

namespace {

void expectNear(const Array &found, const std::vector<double> &expected,
                double tolerance, int64_t first = 0) {
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found.get(first + static_cast<int64_t>(i)), expected[i],
                tolerance)
        << "element " << first + static_cast<int64_t>(i);
}

double norm(const Array &array) {
  double sum = 0;
  for (double value : array.values())
    sum += value * value;
  return std::sqrt(sum);
}

double sum(const Array &array) {
  double total = 0;
  for (double value : array.values())
    total += value;
  return total;
}

/// The gate of 16 experts in 4 groups of which 2 are kept, top 4.
struct Gate {
  Array logits{{1, 16}}, bias{{16}};
  Array indices{{1, 4}, TRESSE_I32}, weights{{1, 4}}, scores{{1, 16}};

  Gate() {
    for (int e = 0; e < 16; ++e) {
      logits.set(e, 1.5 * std::sin(2.3 * e + 0.5));
      bias.set(e, 0.1 * std::cos(1.1 * e));
    }
  }
};

TEST(Route, sigmoid_with_bias_and_groups_of_top_two) {
  Gate g;
  Call call;
  call.add(g.logits).add(g.bias).absent().add(g.indices).add(g.weights);
  call.add(g.scores).integer("scoring", 1).integer("top_k", 4);
  call.integer("groups", 4).integer("top_groups", 2).integer("group_score", 1);
  call.integer("normalize", 1).number("weight_scale", 2.5);
  call.run(tresse_ref_route);
  expectNear(g.indices, {11, 0, 3, 1}, 0);
  expectNear(g.weights, {0.638562384, 0.599090271, 0.707247520, 0.555099825},
             5e-10);
}

TEST(Route, softmax_limited_to_groups) {
  Gate g;
  Call call;
  call.add(g.logits).absent().absent().add(g.indices).add(g.weights);
  call.add(g.scores).integer("scoring", 0).integer("top_k", 4);
  call.integer("groups", 4).integer("top_groups", 2).integer("group_score", 0);
  call.integer("normalize", 0).number("weight_scale", 16);
  call.run(tresse_ref_route);
  expectNear(g.indices, {6, 14, 12, 4}, 0);
  expectNear(g.weights, {2.635016506, 2.528168808, 0.777952145, 0.398953887},
             5e-10);
}

TEST(Rotary, yarn_frequencies_of_v3) {
  const std::vector<double> expected = {1,
                                        .7498942093,
                                        .5623413252,
                                        .4216965034,
                                        .316227766,
                                        .2371373706,
                                        .177827941,
                                        .1333521432,
                                        .1,
                                        .07498942093,
                                        .05623413252,
                                        .03900692657,
                                        .02687936011,
                                        .01837814622,
                                        .01244795587,
                                        .008334508951,
                                        .0055,
                                        .003561997494,
                                        .002249365301,
                                        .001370513636,
                                        7.905694150e-4,
                                        4.149903985e-4,
                                        1.778279410e-4,
                                        3.333803580e-5,
                                        2.5e-5,
                                        1.874735523e-5,
                                        1.405853313e-5,
                                        1.054241259e-5,
                                        7.905694150e-6,
                                        5.928434264e-6,
                                        4.445698525e-6,
                                        3.333803580e-6};
  Array positions({2}, {1, -7}, TRESSE_I32), table({2, 64});
  Call call;
  call.add(positions).add(table).integer("original_positions", 4096);
  call.number("theta", 1e4).number("factor", 40).number("beta_fast", 32);
  call.number("beta_slow", 1).number("amplitude", 1);
  call.run(tresse_ref_rotary);
  for (int k = 0; k < 32; ++k) {
    double angle = std::atan2(table.get(32 + k), table.get(k));
    EXPECT_NEAR(angle, expected[k], 6e-10 * expected[k]) << "pair " << k;
    EXPECT_EQ(table.get(64 + k), 1) << "negative positions count as 0";
  }
}

struct Sinkhorn : testing::Test {
  Array c{{4, 4}}, g{{4, 4}}, y{{4, 4}};
  Sinkhorn() {
    for (int k = 0; k < 16; ++k) {
      c.set(k, 2 * std::sin(1.7 * k + 0.3));
      g.set(k, std::cos(0.9 * k));
    }
  }
  Call form(int64_t number) {
    Call call;
    call.integer("form", number).integer("iterations", 20);
    call.number("epsilon", 1e-6);
    return call;
  }
};

TEST_F(Sinkhorn, v4_form) {
  Call call = form(1);
  call.add(c).add(y).run(tresse_ref_sinkhorn);
  expectNear(y,
             {0.081800995, 0.494424744, 0.384816434, 0.038956826, 0.265371067,
              0.352334316, 0.260607367, 0.121686250, 0.389309649, 0.122416385,
              0.184943679, 0.303329288, 0.263517289, 0.030823555, 0.169631519,
              0.536026636},
             5.1e-10);
}

TEST_F(Sinkhorn, paper_form) {
  Call call = form(0);
  call.add(c).add(y).run(tresse_ref_sinkhorn);
  expectNear(y,
             {0.081799840, 0.494423216, 0.384821843, 0.038955100, 0.265370819,
              0.352336470, 0.260607762, 0.121684949, 0.389311667, 0.122417172,
              0.184940517, 0.303330643, 0.263517674, 0.030823142, 0.169629877,
              0.536029307},
             5.1e-10);
}

TEST_F(Sinkhorn, v4_gradient) {
  Call call = form(1);
  call.add(c).add(g).add(y).run(tresse_ref_sinkhorn_grad);
  // Each row of a softmax's gradient sums to 0, which fixes the fourth entry.
  expectNear(y,
             {0.06644880526, 0.1296849746, -0.1554647469, -0.04066903300,
              -0.2175320755, -0.1076107402, 0.1882949682, 0.1368478476,
              0.3285996432, -0.02197064943, -0.1228954170, -0.1837335768,
              -0.1775156171, -0.0001037775232, 0.09006338808, 0.08755600658},
             6e-11);
}

/// One sublayer with F = tanh: T = 3 tokens, 4 streams of 8 channels.
struct Sublayer : testing::Test {
  Array x = filled("X", {3, 4, 8}, 2);
  Array fn = filled("fn", {24, 32}, 2 * std::sqrt(3.0 / 32));
  Array gradient = filled("G", {3, 4, 8}, 2);
  Array scale{{3}, {.7, .9, 1.1}}, base{{24}};
  Array flat{{3, 32}}, mix{{3, 24}};
  Array h{{3, 8}}, post{{3, 4}}, comb{{3, 4, 4}}, o{{3, 8}}, out{{3, 4, 8}};

  Sublayer() {
    for (int k = 0; k < 24; ++k)
      base.set(k, 0.2 * std::sin(0.71 * k));
    flat = Array({3, 32}, x.values());
  }
  static Call attributes(int64_t form) {
    Call call;
    call.integer("form", form).integer("iterations", 20);
    call.number("epsilon", 1e-6).number("norm_epsilon", 1e-6);
    return call;
  }
  void forward(int64_t form) {
    Call().add(flat).add(fn).add(mix).run(tresse_ref_linear);
    Call pre = attributes(form);
    pre.add(x).add(mix).add(base).add(scale).add(h).add(post).add(comb);
    pre.run(tresse_ref_mhc_pre);
    for (int64_t i = 0; i < o.count(); ++i)
      o.set(i, std::tanh(h.get(i)));
    Call().add(x).add(o).add(post).add(comb).add(out).run(tresse_ref_mhc_post);
  }
};

TEST_F(Sublayer, v4_forward) {
  forward(1);
  expectNear(x, {-0.397834059, -0.770666699, -0.551175436, -0.125872906},
             5.1e-10);
  expectNear(post, {0.805359014, 0.567848861, 0.641937416, 1.570326937},
             5.1e-10);
  expectNear(comb,
             {0.247498730, 0.191292465, 0.511105957, 0.050101848, 0.315787417,
              0.607387028, 0.026527670, 0.050296886, 0.367666969, 0.069524783,
              0.266772297, 0.296034951, 0.069045884, 0.131794724, 0.195593076,
              0.603565316},
             5.1e-10);
  expectNear(h, {0.137716405, -0.488408290, 0.167647069, -0.510751991},
             5.1e-10);
  expectNear(out, {0.144208314, -0.620745382, 0.287069333, -0.769779818},
             5.1e-10);
  EXPECT_NEAR(sum(out), -15.899061918, 5e-9);
  EXPECT_NEAR(norm(out) * norm(out), 43.577402991, 5e-9);
  double loss = 0;
  for (int64_t i = 0; i < out.count(); ++i)
    loss += out.get(i) * gradient.get(i);
  EXPECT_NEAR(loss, 4.966042293, 5e-9);
}

TEST_F(Sublayer, paper_forward) {
  forward(0);
  expectNear(out, {0.194014506, -0.516038868, 0.356151133, -0.763087955},
             5.1e-10);
  EXPECT_NEAR(sum(out), -15.899052024, 5e-9);
  EXPECT_NEAR(norm(out) * norm(out), 44.559582734, 5e-9);
}

TEST_F(Sublayer, v4_backward) {
  forward(1);
  Array dx{{3, 4, 8}}, dout{{3, 8}}, dpost{{3, 4}}, dcomb{{3, 4, 4}};
  Call back;
  back.add(x).add(o).add(post).add(comb).add(gradient);
  back.add(dx).add(dout).add(dpost).add(dcomb).run(tresse_ref_mhc_post_grad);
  for (int64_t i = 0; i < o.count(); ++i)
    dout.set(i, dout.get(i) * (1 - o.get(i) * o.get(i)));
  Array dx2{{3, 4, 8}}, dmix{{3, 24}}, dz{{3, 24}}, dscaleRows{{3, 3}};
  Call pre = attributes(1);
  pre.add(x).add(mix).add(base).add(scale).add(dout).add(dpost).add(dcomb);
  pre.add(dx2).add(dmix).add(dz).add(dscaleRows).run(tresse_ref_mhc_pre_grad);
  Array dfn{{24, 32}}, dflat{{3, 32}}, dbase{{24}}, dscale{{3}};
  Call().add(dmix).add(flat).absent().add(dfn).run(
      tresse_ref_linear_grad_weight);
  Call().add(dmix).add(fn).add(dflat).run(tresse_ref_linear_grad_input);
  Call().add(dz).absent().add(dbase).run(tresse_ref_row_sum);
  Call().add(dscaleRows).absent().add(dscale).run(tresse_ref_row_sum);
  for (int64_t i = 0; i < dx.count(); ++i)
    dx.set(i, dx.get(i) + dx2.get(i) + dflat.get(i));
  EXPECT_NEAR(norm(dx), 6.8571994325, 1e-9);
  EXPECT_NEAR(norm(dfn), 8.8734845067, 1e-9);
  expectNear(dscale, {0.308929614, -1.159961949, 0.624253315}, 1e-9);
  expectNear(dbase, {0.742193278, 0.099210712, -0.127073378, -0.269363383},
             1e-9);
  EXPECT_NEAR(norm(dbase), 1.8674035634, 1e-9);
  expectNear(dx, {-0.481902422, -0.414280474, -1.022568246, -0.380709382},
             1e-9);
}

} // namespace
