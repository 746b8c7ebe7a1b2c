//===- Weights.cpp - globals from files and seeds, and back ---------------===//
#include "runtime/core/weights/Weights.h"
#include "runtime/core/base/Random.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"
#include "test/runtime/PlanBuilder.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

/// One fused global w [6, 5] of two checkpoint tensors, and a stack of experts
/// [3, 4, 5] whose halves come from two families.
struct Model {
  explicit Model(uint32_t dtype = TRESSE_F32) {
    PlanBuilder b;
    b.global("fused", TRESSE_WEIGHT, dtype, {6, 5});
    b.piece("up", {2, 5}, {0, 0}, {2, 5});
    b.piece("down", {4, 5}, {2, 0}, {4, 5});
    b.global("stack", TRESSE_WEIGHT, dtype, {3, 4, 5});
    b.piece("e.{e}.gate", {2, 5}, {0, 0, 0}, {1, 2, 5}, 0, 3);
    b.piece("e.{e}.up", {2, 5}, {0, 2, 0}, {1, 2, 5}, 0, 3);
    b.beginEntry("run");
    b.endEntry();
    bytes = b.bytes();
    model.plan = bytes.data();
  }
  std::vector<uint64_t> bytes;
  tresse_model model{};
};

TensorToWrite tensor(const std::string &name, uint32_t dtype,
                     std::vector<int64_t> shape,
                     const std::function<double(int64_t)> &value) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  std::string bytes(static_cast<size_t>(count) * elementBytes(dtype), '\0');
  for (int64_t i = 0; i < count; ++i)
    storeElement(dtype,
                 bytes.data() + static_cast<size_t>(i) * elementBytes(dtype),
                 value(i));
  return {name, dtype, std::move(shape),
          [bytes](FileWriter &writer) { writer.write(bytes); }};
}

std::vector<TensorToWrite> allTensors(uint32_t dtype) {
  std::vector<TensorToWrite> list;
  list.push_back(tensor("up", dtype, {2, 5},
                        [](int64_t i) { return static_cast<double>(i); }));
  list.push_back(tensor("down", dtype, {4, 5},
                        [](int64_t i) { return 100.0 + double(i); }));
  for (int e = 0; e < 3; ++e)
    for (const char *part : {"gate", "up"})
      list.push_back(tensor(
          "e." + std::to_string(e) + "." + part, dtype, {2, 5}, [=](int64_t i) {
            return (*part == 'g' ? 0 : 32) + e * 64 + double(i);
          }));
  return list;
}

void checkLoaded(const Session &session) {
  TensorView fused = session.global(0), stack = session.global(1);
  for (int64_t i = 0; i < 30; ++i)
    EXPECT_EQ(i < 10 ? double(i) : 100.0 + double(i - 10), fused.number(i));
  for (int64_t e = 0; e < 3; ++e)
    for (int64_t i = 0; i < 20; ++i)
      EXPECT_EQ(double(e * 64 + (i < 10 ? i : 32 + i - 10)),
                stack.number(e * 20 + i));
}

TEST(Weights, PiecesAndTypes) {
  for (uint32_t inModel : {TRESSE_F32, TRESSE_F64, TRESSE_BF16})
    for (uint32_t inFile : {TRESSE_F32, TRESSE_F64, TRESSE_BF16, TRESSE_F16}) {
      Folder folder;
      writeSafetensors(folder.file("model.safetensors"), allTensors(inFile));
      Model model(inModel);
      Session session(model.model, 1);
      EXPECT_TRUE(loadWeights(session, folder.path).empty());
      checkLoaded(session);
      Folder again;
      writeTensors(session, storedWeights(session.plan()),
                   again.file("model.safetensors"));
      Session other(model.model, 1);
      loadWeights(other, again.path);
      checkLoaded(other);
    }
}

TEST(Weights, Shards) {
  Folder folder;
  auto list = allTensors(TRESSE_F32);
  writeSafetensors(folder.file("model-1.safetensors"),
                   {list.begin(), list.begin() + 3});
  writeSafetensors(folder.file("model-2.safetensors"),
                   {list.begin() + 3, list.end()});
  std::string map;
  for (size_t i = 0; i < list.size(); ++i)
    map += (i ? ",\"" : "\"") + list[i].name + "\":\"model-" +
           (i < 3 ? "1" : "2") + ".safetensors\"";
  folder.write("model.safetensors.index.json",
               "{\"metadata\":{\"total_size\":1},\"weight_map\":{" + map +
                   "}}");
  Model model;
  Session session(model.model, 1);
  loadWeights(session, folder.path);
  checkLoaded(session);
}

TEST(Weights, MissingUnexpectedAndMisshapenAreNamed) {
  Folder folder;
  Model model;
  Session session(model.model, 1);
  auto load = [&](const std::vector<TensorToWrite> &list) {
    writeSafetensors(folder.file("model.safetensors"), list);
    return failureOf([&] { loadWeights(session, folder.path); });
  };
  auto list = allTensors(TRESSE_F32);
  auto fewer = list;
  fewer.erase(fewer.begin() + 1);
  EXPECT_NE(std::string::npos,
            load(fewer).find("expected tensor 'down' of [4, 5]"));
  auto other = list;
  other[0] = tensor("up", TRESSE_F32, {5, 2}, [](int64_t) { return 0; });
  EXPECT_NE(std::string::npos,
            load(other).find("'up': expected shape [2, 5], but got [5, 2]"));
  other[0] = tensor("up", TRESSE_I32, {2, 5}, [](int64_t) { return 0; });
  EXPECT_NE(std::string::npos, load(other).find("expected floats, but got"));
  list.push_back(tensor("more", TRESSE_F32, {1}, [](int64_t) { return 0; }));
  writeSafetensors(folder.file("model.safetensors"), list);
  EXPECT_EQ(std::vector<std::string>{"more"},
            loadWeights(session, folder.path));
}

TEST(Weights, EightBitFloatsAreScaledByBlocks) {
  const int64_t rows = 130, columns = 257;
  PlanBuilder b;
  b.global("w", TRESSE_WEIGHT, TRESSE_F32, {rows, columns});
  b.piece("w.weight", {rows, columns}, {0, 0}, {rows, columns});
  b.beginEntry("run");
  b.endEntry();
  auto bytes = b.bytes();
  tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
  Session session(model, 1);
  Folder folder;
  auto eight = tensor("w.weight", TRESSE_U8, {rows, columns},
                      [](int64_t i) { return double(i * 7 % 127); });
  eight.dtype = TRESSE_F8E4M3;
  auto scale = tensor("w.weight_scale_inv", TRESSE_F32, {2, 3},
                      [](int64_t i) { return 0.5 + double(i); });
  auto load = [&](const std::vector<TensorToWrite> &list) {
    writeSafetensors(folder.file("model.safetensors"), list);
    return failureOf([&] { loadWeights(session, folder.path); });
  };
  ASSERT_EQ("", load({eight, scale}));
  TensorView w = session.global(0);
  for (int64_t i = 0; i < rows * columns; ++i) {
    auto code = static_cast<uint8_t>(i * 7 % 127);
    int64_t block = i / columns / 128 * 3 + i % columns / 128;
    ASSERT_EQ(static_cast<float>(loadElement(TRESSE_F8E4M3, &code) *
                                 (0.5 + double(block))),
              w.number(i));
  }
  EXPECT_NE(std::string::npos,
            load({eight}).find("expected its scales 'w.weight_scale_inv'"));
  auto wrong = tensor("w.weight_scale_inv", TRESSE_F32, {3, 2},
                      [](int64_t) { return 1; });
  EXPECT_NE(std::string::npos,
            load({eight, wrong}).find("expected floats of [2, 3]"));
}

TEST(Weights, ElementsOfASeedDoNotDependOnLayoutOrThreads) {
  Model model;
  Session one(model.model, 1), three(model.model, 3);
  initializeWeights(one, 9);
  initializeWeights(three, 9);
  for (uint32_t g = 0; g < 2; ++g)
    EXPECT_EQ(0,
              std::memcmp(one.global(g).data, three.global(g).data,
                          static_cast<size_t>(one.global(g).elements()) * 4));
  // "down" begins at element 10 of the fused global: its own element 0.
  EXPECT_EQ(static_cast<float>(0.5 * randomNormal(randomKey(9, "down"), 0)),
            one.global(0).number(10));
  EXPECT_EQ(static_cast<float>(0.5 * randomNormal(randomKey(9, "e.2.up"), 3)),
            one.global(1).number(2 * 20 + 10 + 3));
  initializeWeights(three, 10);
  EXPECT_NE(one.global(0).number(0), three.global(0).number(0));
}

TEST(Weights, ASourceBoxMayBeAPartOfATensor) {
  // The tensor "kv" [4, 6] is cut by columns into two globals.
  PlanBuilder b;
  b.global("k", TRESSE_WEIGHT, TRESSE_F32, {4, 2});
  b.piece("kv", {4, 2}, {0, 0}, {4, 2});
  b.global("v", TRESSE_WEIGHT, TRESSE_F32, {4, 4});
  b.piece("kv", {4, 4}, {0, 0}, {4, 4});
  b.pieces[1].source_start = b.numbers({0, 2});
  b.beginEntry("run");
  b.endEntry();
  auto bytes = b.bytes();
  tresse_model model{bytes.data(), nullptr, nullptr, nullptr};
  Session session(model, 1);
  Folder folder, again;
  writeSafetensors(
      folder.file("model.safetensors"),
      {tensor("kv", TRESSE_F32, {4, 6}, [](int64_t i) { return double(i); })});
  loadWeights(session, folder.path);
  for (int64_t r = 0; r < 4; ++r)
    for (int64_t c = 0; c < 6; ++c)
      EXPECT_EQ(double(6 * r + c),
                c < 2 ? session.global(0).number(2 * r + c)
                      : session.global(1).number(4 * r + c - 2));
  writeTensors(session, storedWeights(session.plan()),
               again.file("model.safetensors"));
  EXPECT_TRUE(readAll(folder.file("model.safetensors")) ==
              readAll(again.file("model.safetensors")));
}

} // namespace
