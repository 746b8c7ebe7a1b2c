//===- InterfaceTest.cpp - the C interface --------------------------------===//
#include "test/runtime/FakeModel.h"
#include "test/runtime/Folder.h"
#include "tresse/runtime.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace tresse::test;

extern "C" int generateFromC(const tresse_model *model, const char *weights,
                             int32_t prompt, int32_t *out, int count);

namespace {

struct Session {
  Session() {
    EXPECT_EQ(TRESSE_OK, tresse_session_create(&fakeModel(), 1, &pointer));
  }
  ~Session() { tresse_session_destroy(pointer); }
  tresse_session *pointer = nullptr;
};

TEST(Interface, RunsAnEntry) {
  Session session;
  ASSERT_EQ(TRESSE_OK, tresse_session_initialize(session.pointer, 7));
  tresse_view tokens, logits, table;
  ASSERT_EQ(TRESSE_OK,
            tresse_session_input(session.pointer, "logits", "tokens", &tokens));
  ASSERT_EQ(TRESSE_OK, tresse_session_global(session.pointer, "table", &table));
  EXPECT_EQ(uint32_t{TRESSE_I32}, tokens.dtype);
  ASSERT_EQ(2u, tokens.rank);
  for (uint64_t i = 0; i < tokens.elements; ++i)
    static_cast<int32_t *>(tokens.data)[i] = static_cast<int32_t>(i);
  ASSERT_EQ(TRESSE_OK, tresse_session_run(session.pointer, "logits"));
  ASSERT_EQ(TRESSE_OK, tresse_session_output(session.pointer, "logits",
                                             "logits", &logits));
  EXPECT_EQ(
      0, std::memcmp(logits.data, table.data, logits.elements * sizeof(float)));
}

TEST(Interface, SaysWhatIsWrong) {
  Session session;
  tresse_view view;
  EXPECT_EQ(TRESSE_WRONG_INPUT,
            tresse_session_input(session.pointer, "nothing", "x", &view));
  EXPECT_NE(nullptr, std::strstr(tresse_last_error(), "'nothing'"));
  EXPECT_EQ(TRESSE_WRONG_INPUT, tresse_session_run(session.pointer, nullptr));
  EXPECT_EQ(TRESSE_WRONG_INPUT,
            tresse_session_load(session.pointer, "/nowhere at all"));
  EXPECT_EQ(TRESSE_WRONG_INPUT, tresse_session_next(session.pointer, nullptr));
  tresse_session *none = nullptr;
  EXPECT_NE(TRESSE_OK, tresse_session_open("/nowhere.so", 1, &none));
  EXPECT_EQ(nullptr, none);
}

TEST(Interface, RecordsAreFound) {
  Session session;
  EXPECT_STREQ("256", tresse_session_record(session.pointer, "vocab_size"));
  EXPECT_EQ(nullptr, tresse_session_record(session.pointer, "no such"));
}

TEST(Interface, GeneratesFromC) {
  Session session;
  Folder folder;
  tresse_session_initialize(session.pointer, 3);
  ASSERT_EQ(TRESSE_OK,
            tresse_session_save(session.pointer, folder.path.c_str()));
  tresse_view table;
  tresse_session_global(session.pointer, "table", &table);
  int32_t out[100], expected = 65;
  // The context holds 64 tokens: one of the prompt, 63 new ones.
  ASSERT_EQ(fakeContext - 1,
            generateFromC(&fakeModel(), folder.path.c_str(), 65, out, 100));
  for (int i = 0; i < fakeContext - 1; ++i) {
    auto *row = static_cast<float *>(table.data) + expected * fakeVocabulary;
    expected =
        static_cast<int32_t>(std::max_element(row, row + fakeVocabulary) - row);
    EXPECT_EQ(expected, out[i]);
  }
}

} // namespace
