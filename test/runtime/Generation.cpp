//===- Generation.cpp - slots, chunks, text, stops ------------------------===//
#include "runtime/core/base/Random.h"
#include "runtime/core/generate/TextOutput.h"
#include "runtime/core/weights/Weights.h"
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"

#include <gtest/gtest.h>
#include <map>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

struct Fixture {
  Fixture() : session(fakeModel(), 1) {
    initializeWeights(session, 11);
    TensorView table = session.global(0);
    for (int v = 0; v < fakeVocabulary; ++v) // the next token is v * 5 + 1
      table.setNumber(v * fakeVocabulary + (v * 5 + 1) % fakeVocabulary, 100);
  }
  static int32_t next(int32_t token) { return (token * 5 + 1) % 256; }

  Request request(std::vector<int32_t> prompt, int64_t count) {
    Request out;
    out.prompt = std::move(prompt);
    out.newTokens = count;
    out.sampling.temperature = 0;
    return out;
  }
  /// Everything that a slot yields until all are idle.
  std::map<int64_t, std::vector<int32_t>> drain(Generator &generator) {
    std::map<int64_t, std::vector<int32_t>> out;
    while (!generator.idle())
      for (const Yield &yield : generator.step())
        if (yield.token >= 0)
          out[yield.slot].push_back(yield.token);
    return out;
  }
  std::vector<int32_t> expected(int32_t last, int64_t count) {
    std::vector<int32_t> out;
    for (int64_t i = 0; i < count; ++i)
      out.push_back(last = next(last));
    return out;
  }
  Session session;
};

TEST(Generator, PromptsOfEveryLengthAroundAChunk) {
  Fixture f;
  Generator generator(f.session);
  for (int64_t length : {1, fakeChunk - 1, fakeChunk, fakeChunk + 1,
                         3 * fakeChunk + 5, fakeContext - 1}) {
    std::vector<int32_t> prompt;
    for (int64_t i = 0; i < length; ++i)
      prompt.push_back(static_cast<int32_t>(i * 3 % 256));
    int64_t room = std::min<int64_t>(10, fakeContext - length);
    generator.start(0, f.request(prompt, 10));
    EXPECT_EQ(f.expected(prompt.back(), room), f.drain(generator)[0]) << length;
  }
}

TEST(Generator, SlotsAtDifferentPositionsDoNotMix) {
  Fixture f;
  Generator generator(f.session);
  generator.start(0, f.request({1, 2, 3, 4, 5, 6, 7, 8, 9}, 6));
  std::vector<int32_t> first;
  for (int i = 0; i < 4; ++i)
    for (const Yield &yield : generator.step())
      first.push_back(yield.token);
  EXPECT_EQ(1, generator.freeSlot());
  generator.start(1, f.request({40, 50, 60, 70, 80}, 3));
  EXPECT_EQ(-1, generator.freeSlot());
  auto rest = f.drain(generator);
  first.insert(first.end(), rest[0].begin(), rest[0].end());
  EXPECT_EQ(f.expected(9, 6), first);
  EXPECT_EQ(f.expected(80, 3), rest[1]);
}

TEST(Generator, EndTokensAndContextEnd) {
  Fixture f;
  Generator generator(f.session);
  Request request = f.request({7}, 10);
  auto tokens = f.expected(7, 10);
  request.endTokens = {tokens[3], 9999};
  generator.start(0, request);
  Ending last = Ending::None;
  size_t count = 0;
  while (!generator.idle())
    for (const Yield &yield : generator.step()) {
      count += yield.token >= 0;
      last = yield.ending;
    }
  EXPECT_EQ(3u, count);
  EXPECT_EQ(Ending::EndToken, last);
  generator.start(0, f.request({7}, 1000));
  EXPECT_EQ(size_t{fakeContext - 1}, f.drain(generator)[0].size());
}

TEST(Generator, DrawsDependOnSeedAndPositionOnly) {
  Fixture f;
  Generator generator(f.session);
  auto draw = [&](int64_t slot, uint64_t seed, bool other) {
    Request request = f.request({1, 2, 3}, 8);
    request.sampling.temperature = 1;
    request.sampling.seed = seed;
    if (other)
      generator.start(1 - slot, f.request({5}, 20));
    generator.start(slot, request);
    return f.drain(generator)[slot];
  };
  auto alone = draw(0, 4, false);
  EXPECT_EQ(alone, draw(1, 4, true));
  EXPECT_NE(alone, draw(0, 5, false));
  // The fake model's draw is its uniform number itself.
  EXPECT_EQ(
      static_cast<int32_t>(
          static_cast<float>(randomUniform(randomKey(4, "sample"), 3)) * 256),
      alone[0]);
}

TEST(Generator, BadRequestsAreRefused) {
  Fixture f;
  Generator generator(f.session);
  auto refusal = [&](Request request) {
    return failureOf([&] { generator.start(0, std::move(request)); });
  };
  EXPECT_NE("", refusal(f.request({}, 1)));
  EXPECT_EQ("prompt: expected token ids from 0 to 255, but got 256",
            refusal(f.request({256}, 1)));
  EXPECT_NE("", refusal(f.request({-1}, 1)));
  EXPECT_EQ("prompt: expected fewer than 64 tokens, the compiled context, but "
            "got 64",
            refusal(f.request(std::vector<int32_t>(64, 1), 1)));
  Request hot = f.request({1}, 1);
  hot.sampling.topP = 1.5;
  EXPECT_NE(std::string::npos, refusal(hot).find("top_p"));
}

TEST(TextStream, HoldsBackWhatMayBeAStop) {
  TextStream stream({"END", "xyz"});
  EXPECT_EQ("ab", stream.add("ab"));
  EXPECT_EQ("", stream.add("E"));
  EXPECT_EQ("", stream.add("N"));
  EXPECT_EQ("ENq", stream.add("q"));
  EXPECT_EQ("", stream.add("x"));
  EXPECT_EQ("x", stream.add("x"));
  EXPECT_FALSE(stream.stopped());
  EXPECT_EQ("", stream.add("y"));
  EXPECT_EQ("", stream.add("zmore"));
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ("", stream.add("more"));
  EXPECT_EQ("", stream.finish());
}

TEST(TextStream, WholeCharactersOnly) {
  TextStream stream({});
  EXPECT_EQ("a", stream.add("a\xe2"));
  EXPECT_EQ("", stream.add("\x82"));
  EXPECT_EQ("\xe2\x82\xac", stream.add("\xac"));
  EXPECT_EQ("", stream.add("\xf0"));
  EXPECT_EQ("\xf0", stream.finish());
}

TEST(JsonRequest, FieldsWinOverDefaults) {
  JsonRequest defaults;
  defaults.id = "null";
  defaults.request.newTokens = 9;
  defaults.request.sampling.topK = 3;
  JsonRequest request =
      parseJsonRequest("line 1",
                       R"({"prompt": "hi", "id": "a\"b", "max_new_tokens": 4,
          "temperature": 0.5, "seed": 18, "stop": ["x", "y"]})",
                       defaults);
  EXPECT_EQ((std::vector<int32_t>{'h', 'i'}), request.request.prompt);
  EXPECT_EQ("\"a\\\"b\"", request.id);
  EXPECT_EQ(4, request.request.newTokens);
  EXPECT_EQ(0.5, request.request.sampling.temperature);
  EXPECT_EQ(3, request.request.sampling.topK);
  EXPECT_EQ(18u, request.request.sampling.seed);
  EXPECT_EQ((std::vector<std::string>{"x", "y"}), request.stops);
  for (const char *bad :
       {"", "[]", "{}", R"({"prompt": 1})", R"({"prompt": "x", "stop": [1]})",
        R"({"prompt_ids": [-1]})", R"({"prompt": "x", "seed": -1})"})
    EXPECT_NE("", failureOf([&] { parseJsonRequest("line 1", bad, defaults); }))
        << bad;
}

} // namespace
