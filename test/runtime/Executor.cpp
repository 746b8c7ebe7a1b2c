//===- Executor.cpp - tests of launches, copies, fills and barriers -------===//
#include "runtime/core/model/Session.h"
#include "test/runtime/Folder.h"
#include "test/runtime/PlanBuilder.h"

#include <cstring>
#include <gtest/gtest.h>
#include <numeric>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

/// x -> y: y[t] = x[t] + 1, a tile an element.
void addOne(void *const *operands, int64_t begin, int64_t end, void *) {
  auto *x = static_cast<int32_t *>(operands[0]);
  auto *y = static_cast<int32_t *>(operands[1]);
  for (int64_t t = begin; t < end; ++t)
    y[t] = x[t] + 1;
}

/// Reverses: reads what other threads wrote.
void reverse(void *const *operands, int64_t begin, int64_t end, void *) {
  auto *x = static_cast<int32_t *>(operands[0]);
  auto *y = static_cast<int32_t *>(operands[1]);
  for (int64_t t = begin; t < end; ++t)
    y[t] = x[1023 - t];
}

const tresse_cpu_kernel kernels[] = {addOne, reverse};

struct Model {
  explicit Model(PlanBuilder &builder) : bytes(builder.bytes()) {
    model.plan = bytes.data();
    model.cpu_kernels = kernels;
  }
  std::vector<uint64_t> bytes;
  tresse_model model{};
};

TEST(Executor, ThreadsMeetWhereAStepDepends) {
  PlanBuilder b;
  uint32_t add = b.kernel("add", 0), turn = b.kernel("reverse", 1);
  uint32_t x = b.tensor(TRESSE_I32, {1024}), y = b.tensor(TRESSE_I32, {1024});
  uint32_t other = b.tensor(TRESSE_I32, {1024});
  b.beginEntry("run");
  b.input("x", x), b.output("y", y), b.output("other", other);
  const int rounds = 20;
  for (int i = 0; i < rounds; ++i) {
    b.launch(add, 1024, {{x, TRESSE_READ}, {y, TRESSE_WRITE}});
    b.launch(turn, 1024, {{y, TRESSE_READ}, {x, TRESSE_WRITE}});
    b.launch(add, 1024, {{x, TRESSE_READ}, {other, TRESSE_WRITE}});
  }
  b.endEntry();
  Model model(b);
  Session session(model.model, 4);
  // Three steps a round; only the first of the first round waits for nothing.
  // `other` reads what reverse wrote; add of the next round writes y alone.
  EXPECT_EQ(size_t{rounds * 2 + rounds - 1 - (rounds - 1)},
            session.barriers("run"));
  for (int repeat = 0; repeat < 50; ++repeat) {
    auto *in = session.input("run", "x").as<int32_t>(TRESSE_I32);
    std::iota(in, in + 1024, 0);
    session.run("run");
    auto *out = session.output("run", "other").as<int32_t>(TRESSE_I32);
    for (int i = 0; i < 1024; ++i) // an even number of reversals
      ASSERT_EQ(i + rounds + 1, out[i]);
  }
}

TEST(Executor, IndependentStepsShareNoBarrier) {
  PlanBuilder b;
  uint32_t add = b.kernel("add", 0);
  uint32_t x = b.tensor(TRESSE_I32, {64});
  b.beginEntry("run");
  b.input("x", x);
  for (int i = 0; i < 5; ++i) {
    uint32_t y = b.tensor(TRESSE_I32, {64});
    b.launch(add, 64, {{x, TRESSE_READ}, {y, TRESSE_WRITE}});
  }
  b.endEntry();
  Model model(b);
  EXPECT_EQ(0u, Session(model.model, 2).barriers("run"));
}

TEST(Executor, TileCountMayComeFromATensor) {
  PlanBuilder b;
  uint32_t add = b.kernel("add", 0);
  uint32_t x = b.tensor(TRESSE_I32, {8}), y = b.tensor(TRESSE_I32, {8});
  uint32_t count = b.tensor(TRESSE_I32, {1});
  b.beginEntry("run");
  b.input("x", x), b.input("count", count), b.output("y", y);
  b.fill(y, 0xffffffff);
  b.launch(add, 8, {{x, TRESSE_READ}, {y, TRESSE_WRITE}});
  b.launches.back().tile_count_from = count;
  b.endEntry();
  Model model(b);
  Session session(model.model, 3);
  for (int32_t given : {-5, 0, 3, 8, 1000000}) {
    auto *in = session.input("run", "x").as<int32_t>(TRESSE_I32);
    std::iota(in, in + 8, 0);
    *session.input("run", "count").as<int32_t>(TRESSE_I32) = given;
    session.run("run");
    auto *out = session.output("run", "y").as<int32_t>(TRESSE_I32);
    for (int i = 0; i < 8; ++i)
      EXPECT_EQ(i < given ? i + 1 : -1, out[i]);
  }
}

TEST(Executor, CopiesStridedAndConverting) {
  PlanBuilder b;
  uint32_t whole = b.tensor(TRESSE_F32, {3, 4, 5});
  uint32_t part = b.view(whole, TRESSE_F32, {3, 4}, {20, 5}, 8);
  uint32_t narrow = b.tensor(TRESSE_BF16, {3, 4});
  uint32_t wide = b.tensor(TRESSE_F64, {2, 8192});
  uint32_t back = b.tensor(TRESSE_F32, {2, 8192});
  b.beginEntry("run");
  b.input("x", whole), b.input("wide", wide);
  b.output("y", narrow), b.output("back", back);
  b.copy(part, narrow);
  b.copy(wide, back);
  b.endEntry();
  Model model(b);
  Session session(model.model, 3);
  TensorView x = session.input("run", "x");
  for (int64_t i = 0; i < 60; ++i)
    x.setNumber(i, static_cast<double>(i));
  TensorView w = session.input("run", "wide");
  for (int64_t i = 0; i < w.elements(); ++i)
    w.setNumber(i, static_cast<double>(i) / 2);
  session.run("run");
  TensorView y = session.output("run", "y");
  for (int64_t r = 0; r < 3; ++r)
    for (int64_t c = 0; c < 4; ++c)
      EXPECT_EQ(static_cast<double>(20 * r + 5 * c + 2), y.number(4 * r + c));
  TensorView b2 = session.output("run", "back");
  for (int64_t i = 0; i < b2.elements(); ++i)
    ASSERT_EQ(static_cast<double>(i) / 2, b2.number(i));
}

TEST(Executor, StatusEndsTheCall) {
  PlanBuilder b;
  uint32_t status = b.tensor(TRESSE_I32, {1}, TRESSE_PERSISTENT);
  b.beginEntry("run");
  b.fill(status, 7);
  b.endEntry();
  b.entries[0].status = status;
  Model model(b);
  Session session(model.model, 1);
  EXPECT_EQ("entry 'run': its status is 7, expected 0",
            failureOf([&] { session.run("run"); }));
}

/// operands x, absent, y; attributes "scale", "list", "mode".
void referenceKernel(const tresse_reference_call *call) {
  EXPECT_EQ(3u, call->operand_count);
  EXPECT_EQ(nullptr, call->operands[1].data);
  ASSERT_EQ(3u, call->attribute_count);
  EXPECT_STREQ("scale", call->attributes[0].name);
  EXPECT_EQ(2u, call->attributes[1].count);
  EXPECT_EQ(9, call->attributes[1].value.list[1]);
  EXPECT_STREQ("fast", call->attributes[2].value.string);
  const tresse_reference_tensor &x = call->operands[0];
  EXPECT_EQ(2u, x.rank);
  EXPECT_EQ(3, x.strides[0]);
  for (int i = 0; i < 6; ++i)
    static_cast<float *>(call->operands[2].data)[i] =
        static_cast<float *>(x.data)[i] *
        static_cast<float>(call->attributes[0].value.f);
}

TEST(Executor, ReferenceFunctionsSeeShapesAndAttributes) {
  PlanBuilder b(TRESSE_REFERENCE);
  uint32_t kernel = b.kernel("scale", 0);
  uint32_t x = b.tensor(TRESSE_F32, {2, 3}), y = b.tensor(TRESSE_F32, {2, 3});
  b.beginEntry("run");
  b.input("x", x), b.output("y", y);
  b.launch(kernel, 1,
           {{x, TRESSE_READ}, {TRESSE_NONE, TRESSE_READ}, {y, TRESSE_WRITE}});
  tresse_attribute scale{}, list{}, mode{};
  scale.name = b.string("scale"), scale.kind = TRESSE_ATTRIBUTE_FLOAT;
  scale.value.f = 2.5;
  list.name = b.string("list"), list.kind = TRESSE_ATTRIBUTE_LIST;
  list.value.list = b.numbers({8, 9});
  mode.name = b.string("mode"), mode.kind = TRESSE_ATTRIBUTE_STRING;
  mode.value.string = b.string("fast");
  b.attributes = {scale, list, mode};
  b.launches.back().attributes.count = 3;
  b.endEntry();
  Model model(b);
  const tresse_reference_kernel references[] = {referenceKernel};
  model.model.reference_kernels = references;
  Session session(model.model, 2);
  TensorView in = session.input("run", "x");
  for (int64_t i = 0; i < 6; ++i)
    in.setNumber(i, static_cast<double>(i));
  session.run("run");
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_EQ(2.5 * static_cast<double>(i),
              session.output("run", "y").number(i));
}

} // namespace
