//===- Plans.cpp - plans that the runtime must refuse ---------------------===//
#include "runtime/core/model/Plan.h"
#include "runtime/core/model/Session.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"
#include "test/runtime/PlanBuilder.h"

#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <random>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

/// A plan with a bit of everything, before it is broken.
PlanBuilder goodPlan() {
  PlanBuilder b;
  uint32_t weight = b.global("w", TRESSE_WEIGHT, TRESSE_F32, {4, 2, 3});
  b.piece("w.{e}", {2, 3}, {0, 0, 0}, {1, 2, 3}, 0, 4);
  uint32_t x = b.tensor(TRESSE_F32, {5, 6}), y = b.tensor(TRESSE_F32, {5, 4});
  uint32_t w = b.view(b.globalTensor(weight), TRESSE_F32, {4, 6}, {6, 1});
  b.beginEntry("run");
  b.input("x", x), b.output("y", y);
  b.gemm(x, w, y, 2, TRESSE_F32);
  b.fill(y, 0);
  b.copy(y, y);
  b.endEntry();
  return b;
}

std::string refusal(PlanBuilder &b) {
  auto bytes = b.bytes();
  return failureOf([&] { Plan(bytes.data(), bytes.size() * 8); });
}

struct Broken {
  const char *name;
  std::function<void(PlanBuilder &)> breakIt;
  const char *expected;
};

TEST(Plan, BrokenPlansAreRefusedByName) {
  const Broken cases[] = {
      {"two ranks", [](auto &b) { b.header.rank_count = 2; },
       "expected one rank, but got 2"},
      {"newer", [](auto &b) { b.header.minimum_runtime = 99; }, "99"},
      {"huge arena", [](auto &b) { b.program.arena_size = 1ull << 60; },
       "arena"},
      {"alignment", [](auto &b) { b.program.alignment = 48; }, "power of two"},
      {"pinned buffer",
       [](auto &b) {
         b.buffers[1].space = TRESSE_PINNED;
         b.program.pinned_size = 1024;
       },
       "space 3"},
      {"argument buffer", [](auto &b) { b.buffers[1].space = TRESSE_ARGUMENT; },
       "space 2"},
      {"constant past the plan",
       [](auto &b) {
         b.buffers[1].space = TRESSE_CONSTANT;
         b.buffers[1].size = 1 << 30;
       },
       "to lie within the plan"},
      {"odd offset", [](auto &b) { b.buffers[1].offset = 2; }, "multiple of 4"},
      {"global in the arena",
       [](auto &b) {
         b.buffers[0].space = TRESSE_ARENA;
         b.program.arena_size = b.program.persistent_size = 1024;
       },
       "expected 'space' = 1"},
      {"global larger than its buffer",
       [](auto &b) { b.globals[0].shape = b.numbers({400, 2, 3}); },
       "to fit its buffer"},
      {"piece outside its global",
       [](auto &b) { b.pieces[0].target_start = b.numbers({1, 0, 0}); },
       "boxes of piece 0"},
      {"more experts than rows", [](auto &b) { b.pieces[0].last = 5; },
       "boxes of piece 0"},
      {"piece of another rank",
       [](auto &b) { b.pieces[0].target_shape = b.numbers({2, 3}); },
       "target_shape"},
      {"piece of another size",
       [](auto &b) { b.pieces[0].source_shape = b.numbers({2, 4}); },
       "expected 'target_shape's elements' = 8, but got 6"},
      {"no experts", [](auto &b) { b.pieces[0].last = 0; }, "range of experts"},
      {"a million experts", [](auto &b) { b.pieces[0].last = 1ll << 40; },
       "range of experts"},
      {"negative start",
       [](auto &b) { b.pieces[0].source_start = b.numbers({-1, 0}); },
       "source_start"},
      {"permutation",
       [](auto &b) { b.pieces[0].permutation = b.numbers({1, 0}); },
       "no permutation"},
      {"argument with gaps",
       [](auto &b) { b.tensors[1].strides = b.numbers({6, 0}); },
       "without gaps"},
      {"operand of bits",
       [](auto &b) { b.operands[0].kind = TRESSE_OPERAND_BITS; },
       "expected 'kind' = 0"},
      {"gemm in bf16", [](auto &b) { b.gemms[0].compute = TRESSE_BF16; },
       "f32 or f64"},
      {"gemm with a bias", [](auto &b) { b.gemms[0].bias = 0; }, "bias"},
      {"gemm with an epilogue", [](auto &b) { b.gemms[0].epilogue = 1; },
       "epilogue"},
      {"copy of another shape", [](auto &b) { b.copies[0].from = 1; },
       "tensors of one shape"},
      {"fill of another width", [](auto &b) { b.fills[0].width = 8; },
       "expected 'width' = 4"},
      {"rows of floats", [](auto &b) { b.tensors[2].rows = 1; }, "rows"},
      {"status of floats", [](auto &b) { b.entries[0].status = 1; }, "status"},
  };
  PlanBuilder good = goodPlan();
  EXPECT_EQ("", refusal(good));
  for (const Broken &broken : cases) {
    PlanBuilder b = goodPlan();
    broken.breakIt(b);
    std::string message = refusal(b);
    EXPECT_NE(std::string::npos, message.find(broken.expected))
        << broken.name << ": " << message;
  }
}

// Without a driver or a GPU that is said; with one, that there is no code.
TEST(Plan, CudaPlansAreRefusedWithoutADeviceOrItsCode) {
  PlanBuilder b = goodPlan();
  b.header.target = TRESSE_CUDA;
  b.header.architecture = 90;
  auto bytes = b.bytes();
  tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
  std::string message = failureOf([&] { Session(model, 1); });
  EXPECT_NE(std::string::npos, message.find("cuda: expected")) << message;
}

TEST(Plan, StepsThatDoNotFitAreRefusedByTheSession) {
  const Broken cases[] = {
      {"inner size", [](auto &b) { b.tensors[3].sizes = b.numbers({4, 5}); },
       "expected 'b' of [4, 6], but got [4, 5]"},
      {"rank 1",
       [](auto &b) {
         b.tensors[1].sizes = b.numbers({6});
         b.tensors[1].strides = b.numbers({1});
       },
       "rank 2"},
      {"stride", [](auto &b) { b.tensors[3].strides = b.numbers({1, 4}); },
       "last stride is 1"},
      {"overlapping rows",
       [](auto &b) { b.tensors[3].strides = b.numbers({2, 1}); },
       "rows that do not overlap"},
      {"constant written",
       [](auto &b) {
         b.buffers[2].space = TRESSE_CONSTANT;
         b.buffers[2].offset = 0;
       },
       "no step to write a constant"},
  };
  for (const Broken &broken : cases) {
    PlanBuilder b = goodPlan();
    broken.breakIt(b);
    auto bytes = b.bytes();
    tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
    std::string message = failureOf([&] { Session(model, 1); });
    EXPECT_NE(std::string::npos, message.find(broken.expected))
        << broken.name << ": " << message;
  }
}

TEST(Plan, InstructionsThatTheProcessorLacksAreNamed) {
  auto opened = [](const char *architecture) {
    PlanBuilder b = goodPlan();
    b.header.architecture = b.string(architecture);
    auto bytes = b.bytes();
    tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
    return failureOf([&] { Session(model, 1); });
  };
  EXPECT_EQ("", opened(""));
  // No processor has it, nor does this runtime know what it would be.
  for (const char *architecture :
       {"telepathy", "telepathy,", ",telepathy", "telepathy,x86-64-v2"}) {
    std::string message = opened(architecture);
    EXPECT_NE(std::string::npos, message.find("lacks 'telepathy'")) << message;
  }
}

TEST(Plan, CutAnywhereIsRefused) {
  auto bytes = goodPlan().bytes();
  for (size_t words = 0; words < bytes.size(); ++words) {
    std::vector<uint64_t> cut(bytes.begin(),
                              bytes.begin() + static_cast<long>(words));
    EXPECT_NE("", failureOf([&] { Plan(cut.data(), words * 8); }));
  }
}

TEST(Plan, RandomBytesNeverCrash) {
  auto bytes = goodPlan().bytes();
  std::mt19937 random(1);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    auto broken = bytes;
    auto *raw = reinterpret_cast<unsigned char *>(broken.data());
    for (uint32_t i = 0; i < 1 + random() % 3; ++i)
      raw[random() % (broken.size() * 8)] =
          static_cast<unsigned char>(random());
    auto *header = reinterpret_cast<tresse_plan *>(broken.data());
    if (header->byte_size == bytes.size() * 8)
      sealPlan(broken); // past the checksum, to the checks behind it
    tresse_model model{broken.data(), nullptr, nullptr, nullptr};
    refused += failureOf([&] {
                 Plan plan(broken.data(), broken.size() * 8);
                 if (plan.program().arena_size < 1 << 20 &&
                     plan.program().persistent_size < 1 << 20)
                   Session(model, 1);
               }) != "";
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 20000);
}

TEST(Plan, MissingKernelsAreNamed) {
  tresse_model model = fakeModel();
  model.cpu_kernels = nullptr;
  std::string message = failureOf([&] { Session(model, 1); });
  EXPECT_NE(std::string::npos, message.find("cpu kernel 0")) << message;
}

} // namespace
