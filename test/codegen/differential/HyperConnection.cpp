// HyperConnection.cpp - hyper-connections, both forms.
#include "Case.h"

using namespace tresse::test;

namespace {
constexpr auto Storage = Type::Storage;
constexpr auto Wide = Type::Wide;

struct Shape {
  int64_t rows, n, channels;
  explicit Shape(Random &random)
      : rows(random.size(40)), n(random.integer(1, 5)),
        channels(random.size(150)) {}
};

void addForm(Case &c) {
  c.attribute(c.dice().chance() ? "form = #lm.mhc_form<v4>"
                                : "form = #lm.mhc_form<paper>");
  c.attribute("iterations = " + std::to_string(c.dice().integer(1, 20)));
  c.attribute("epsilon = 1.0e-6 : f64");
}

TEST(CpuKernels, MhcExpand) {
  forAll([](uint32_t dtype, Random &random) {
    Shape s(random);
    Case c("lm.mhc_expand", tresse_ref_mhc_expand, dtype, random);
    c.in(Storage, {s.rows, s.channels});
    c.out(Storage, {s.rows, s.n, s.channels});
    c.check();
    Case g("lm.mhc_expand_grad", tresse_ref_mhc_expand_grad, dtype, random);
    g.in(Storage, {s.rows, s.n, s.channels});
    g.out(Storage, {s.rows, s.channels});
    g.check();
  });
}

TEST(CpuKernels, MhcPre) {
  for (bool gradient : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      Shape s(random);
      int64_t width = (2 + s.n) * s.n;
      Case c(gradient ? "lm.mhc_pre_grad" : "lm.mhc_pre",
             gradient ? tresse_ref_mhc_pre_grad : tresse_ref_mhc_pre, dtype,
             random);
      c.in(Storage, {s.rows, s.n, s.channels});
      c.in(Wide, {s.rows, width});
      c.in(Wide, {width});
      c.in(Wide, {3});
      if (gradient) {
        c.in(Storage, {s.rows, s.channels});
        c.in(Wide, {s.rows, s.n});
        c.in(Wide, {s.rows, s.n, s.n});
      }
      addForm(c);
      c.attribute("norm_epsilon = 1.0e-6 : f64");
      if (gradient) {
        c.setTermSize(8);
        c.out(Storage, {s.rows, s.n, s.channels});
        c.out(Wide, {s.rows, width});
        c.out(Wide, {s.rows, width});
        c.out(Wide, {s.rows, 3});
      } else {
        c.out(Storage, {s.rows, s.channels});
        c.out(Wide, {s.rows, s.n});
        c.out(Wide, {s.rows, s.n, s.n});
      }
      c.check();
    });
}

TEST(CpuKernels, MhcPost) {
  for (bool gradient : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      Shape s(random);
      Case c(gradient ? "lm.mhc_post_grad" : "lm.mhc_post",
             gradient ? tresse_ref_mhc_post_grad : tresse_ref_mhc_post, dtype,
             random);
      c.in(Storage, {s.rows, s.n, s.channels});
      c.in(Storage, {s.rows, s.channels});
      c.in(Wide, {s.rows, s.n});
      c.in(Wide, {s.rows, s.n, s.n});
      if (gradient)
        c.in(Storage, {s.rows, s.n, s.channels});
      c.out(Storage, {s.rows, s.n, s.channels});
      if (gradient) {
        c.out(Storage, {s.rows, s.channels});
        c.out(Wide, {s.rows, s.n});
        c.out(Wide, {s.rows, s.n, s.n});
      }
      c.check();
    });
}

TEST(CpuKernels, MhcHead) {
  for (bool gradient : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      Shape s(random);
      Case c(gradient ? "lm.mhc_head_grad" : "lm.mhc_head",
             gradient ? tresse_ref_mhc_head_grad : tresse_ref_mhc_head, dtype,
             random);
      c.in(Storage, {s.rows, s.n, s.channels});
      c.in(Wide, {s.rows, s.n});
      c.in(Wide, {s.n});
      c.in(Wide, {1});
      if (gradient)
        c.in(Storage, {s.rows, s.channels});
      c.attribute("epsilon = 1.0e-6 : f64, norm_epsilon = 1.0e-6 : f64");
      if (gradient) {
        c.setTermSize(8);
        c.out(Storage, {s.rows, s.n, s.channels});
        c.out(Wide, {s.rows, s.n});
        c.out(Wide, {s.rows, s.n});
        c.out(Wide, {s.rows, 1});
      } else {
        c.out(Storage, {s.rows, s.channels});
      }
      c.check();
    });
}

TEST(CpuKernels, Sinkhorn) {
  for (bool gradient : {false, true})
    forAll([&](uint32_t dtype, Random &random) {
      Shape s(random);
      Case c(gradient ? "lm.sinkhorn_grad" : "lm.sinkhorn",
             gradient ? tresse_ref_sinkhorn_grad : tresse_ref_sinkhorn, dtype,
             random);
      c.in(Wide, {s.rows, s.n, s.n});
      if (gradient)
        c.in(Wide, {s.rows, s.n, s.n});
      addForm(c);
      c.setTermSize(1);
      c.out(Wide, {s.rows, s.n, s.n});
      c.check();
    });
}

} // namespace
