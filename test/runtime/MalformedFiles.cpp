//===- MalformedFiles.cpp - files that must be refused, by name -----------===//
//
// Each case names a file, its bytes and a part of the sentence that refuses it.
// The last line of each test's output counts them.
//
#include "runtime/core/data/Npy.h"
#include "runtime/core/data/Tokens.h"
#include "runtime/core/generate/TextOutput.h"
#include "runtime/core/train/Hyper.h"
#include "runtime/core/weights/Safetensors.h"
#include "runtime/core/weights/WeightSource.h"
#include "test/runtime/Folder.h"

#include <cstring>
#include <filesystem>
#include <functional>
#include <gtest/gtest.h>

using namespace tresse::runtime;
using namespace tresse::test;

namespace {

struct Malformed {
  const char *name;
  std::string bytes;
  const char *expected;
};

/// Every case must fail with its sentence; a name may come once.
void refuseAll(const char *what, const std::vector<Malformed> &cases,
               const std::function<void(const std::string &path)> &read) {
  Folder folder;
  std::set<std::string> names;
  for (const Malformed &one : cases) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    std::string path = folder.write(one.name, one.bytes);
    std::string message = failureOf([&] { read(path); });
    EXPECT_NE(std::string::npos, message.find(one.expected))
        << one.name << ": " << message;
  }
  std::printf("%zu malformed %s refused\n", cases.size(), what);
}

std::string repeated(std::string_view part, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out += part;
  return out;
}

/// A safetensors file of this header and so many bytes of data.
std::string tensors(const std::string &header, size_t data = 0) {
  uint64_t length = header.size();
  std::string out(reinterpret_cast<char *>(&length), 8);
  return out + header + std::string(data, '\0');
}

std::string lengthOnly(uint64_t length) {
  return std::string(reinterpret_cast<char *>(&length), 8) + "{}";
}

const char *const good =
    R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

TEST(Malformed, Safetensors) {
  Folder folder;
  EXPECT_EQ("", failureOf([&] {
              Safetensors(folder.write("good", tensors(good, 8)));
            }));
  EXPECT_EQ(
      "", failureOf([&] { Safetensors(folder.write("none", tensors("{}"))); }));
  auto one = [](const std::string &fields, size_t data = 8) {
    return tensors("{\"a\":{" + fields + "}}", data);
  };
  const std::vector<Malformed> cases = {
      {"empty", "", "at least 8 bytes, but got 0"},
      {"seven-bytes", "1234567", "at least 8 bytes, but got 7"},
      {"header-longer-than-file", lengthOnly(3), "at most 2 bytes, but got 3"},
      {"header-of-2^64-1", lengthOnly(~0ull), "header of at most 2 bytes"},
      {"header-of-2^64-8", lengthOnly(~7ull), "header of at most 2 bytes"},
      {"header-cut", tensors(good, 8).substr(0, 20), "header of at most"},
      {"header-empty", tensors(""), "expected JSON"},
      {"header-not-json", tensors("hello"), "expected JSON"},
      {"header-a-list", tensors("[]"), "an object of tensors, but got a list"},
      {"header-a-number", tensors("1"), "an object of tensors"},
      {"header-null", tensors("null"), "an object of tensors"},
      {"header-two-documents", tensors("{}{}"), "expected JSON"},
      {"header-nested-deep", tensors(repeated("[", 50000)), "nested at most 8"},
      {"header-nested-objects", tensors(repeated("{\"a\":", 60000)),
       "nested at most 8"},
      {"header-not-utf8", tensors("{\"\xff\":1}"), "expected JSON"},
      {"tensor-a-number", tensors(R"({"a":1})"), "tensors, but got a number"},
      {"tensor-a-list", tensors(R"({"a":[]})"), "a list"},
      {"tensor-null", tensors(R"({"a":null})"), "null"},
      {"tensor-true", tensors(R"({"a":true})"), "boolean"},
      {"tensor-a-string", tensors(R"({"a":"F32"})"), "a string"},
      {"tensor-empty", one(""), "expected dtype, shape and data_offsets"},
      {"no-dtype", one(R"("shape":[2],"data_offsets":[0,8])"), "dtype"},
      {"no-shape", one(R"("dtype":"F32","data_offsets":[0,8])"), "shape"},
      {"no-offsets", one(R"("dtype":"F32","shape":[2])"), "data_offsets"},
      {"unknown-field",
       one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[])"), "'x'"},
      {"unknown-dtype",
       one(R"("dtype":"F99","shape":[2],"data_offsets":[0,8])"), "'F99'"},
      {"dtype-a-number", one(R"("dtype":4,"shape":[2],"data_offsets":[0,8])"),
       "a number"},
      {"dtype-a-list",
       one(R"("dtype":["F32"],"shape":[2],"data_offsets":[0,8])"), "a list"},
      {"shape-a-string",
       one(R"("dtype":"F32","shape":"2","data_offsets":[0,8])"), "a string"},
      {"shape-negative",
       one(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"), "got -2"},
      {"shape-a-fraction",
       one(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"),
       "from 0 to 2^63-1"},
      {"shape-of-2^63",
       one(R"("dtype":"F32","shape":[9223372036854775808],)"
           R"("data_offsets":[0,8])"),
       "from 0 to 2^63-1"},
      {"shape-of-2^64",
       one(R"("dtype":"F32","shape":[18446744073709551616],)"
           R"("data_offsets":[0,8])"),
       "from 0 to 2^63-1"},
      {"shape-overflows",
       one(R"("dtype":"F32","shape":[4294967296,4294967296],)"
           R"("data_offsets":[0,8])"),
       "whose size fits"},
      {"shape-overflows-behind-zero",
       one(R"("dtype":"F32","shape":[0,4294967296,4294967296],)"
           R"("data_offsets":[0,0])",
           0),
       "whose size fits"},
      {"shape-of-nine",
       one(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])",
           4),
       "at most 8 dimensions"},
      {"shape-nested",
       one(R"("dtype":"F32","shape":[[2]],"data_offsets":[0,8])"), "a list"},
      {"shape-of-objects",
       one(R"("dtype":"F32","shape":[{}],"data_offsets":[0,8])"), "an object"},
      {"shape-too-small",
       one(R"("dtype":"F32","shape":[1],"data_offsets":[0,8])"),
       "expected 4 bytes for [1], but its data_offsets hold 8"},
      {"shape-too-large",
       one(R"("dtype":"F64","shape":[2],"data_offsets":[0,8])"),
       "expected 16 bytes for [2], but its data_offsets hold 8"},
      {"one-offset", one(R"("dtype":"F32","shape":[2],"data_offsets":[8])"),
       "two data_offsets"},
      {"three-offsets",
       one(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"),
       "two data_offsets"},
      {"offsets-backwards",
       one(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"), "in order"},
      {"offsets-negative",
       one(R"("dtype":"F32","shape":[2],"data_offsets":[-8,0])"), "got -8"},
      {"offsets-past-the-end",
       one(R"("dtype":"F32","shape":[2],"data_offsets":[8,16])"),
       "begin at 0, but got 8"},
      {"data-too-short", tensors(good, 7), "expected 8 bytes of tensors"},
      {"data-too-long", tensors(good, 9), "but the file has 9"},
      {"offsets-overlap",
       tensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
               R"("b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
               12),
       "tensor 'b': expected its bytes to begin at 8, but got 4"},
      {"offsets-with-a-hole",
       tensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
               R"("b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})",
               16),
       "begin at 8, but got 12"},
      {"same-range-twice",
       tensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
               R"("b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
               8),
       "begin at 8, but got 0"},
      {"name-twice",
       tensors(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
               R"("a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}})",
               8),
       "'a' came twice"},
      {"dtype-twice",
       one(R"("dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8])"),
       "expected 'dtype' once"},
      {"metadata-a-list", tensors(R"({"__metadata__":[]})"), "a list"},
      {"metadata-of-numbers", tensors(R"({"__metadata__":{"a":1}})"),
       "a number"},
      {"metadata-nested", tensors(R"({"__metadata__":{"a":{}}})"), "an object"},
      {"metadata-twice", tensors(R"({"__metadata__":{},"__metadata__":{}})"),
       "once"},
      {"metadata-key-twice", tensors(R"({"__metadata__":{"a":"1","a":"2"}})"),
       "'a' came twice"},
      {"name-with-control-bytes", tensors("{\"\\u0000\\u001b\":{\"dtype\":1}}"),
       "'\\x00\\x1b'"},
  };
  refuseAll("safetensors files", cases,
            [](const std::string &path) { Safetensors{path}; });
}

TEST(Malformed, ShardIndex) {
  auto map = [](const std::string &entries) {
    return "{\"weight_map\":{" + entries + "}}";
  };
  const std::vector<Malformed> cases = {
      {"empty", "", "expected JSON"},
      {"a-list", "[]", "a list"},
      {"a-string", "\"x\"", "expected an object"},
      {"no-weight-map", "{}", "expected a key 'weight_map'"},
      {"weight-map-a-list", R"({"weight_map":[]})", "a list"},
      {"weight-map-null", R"({"weight_map":null})", "null"},
      {"weight-map-twice", R"({"weight_map":{},"weight_map":{}})",
       "'weight_map' came twice"},
      {"tensor-twice", map(R"("a":"f","a":"g")"), "'a' came twice"},
      {"file-a-number", map(R"("a":1)"), "a number"},
      {"file-an-object", map(R"("a":{})"), "an object"},
      {"file-empty", map(R"("a":"")"), "plain name"},
      {"file-absolute", map(R"("a":"/etc/passwd")"), "plain name"},
      {"file-in-a-folder", map(R"("a":"x/y")"), "plain name"},
      {"file-dot-dot", map(R"("a":"..")"), "plain name"},
      {"file-hidden", map(R"("a":".f")"), "plain name"},
      {"file-with-nul", map("\"a\":\"f\\u0000g\""), "plain name"},
      {"file-name-too-long", map("\"a\":\"" + std::string(300, 'f') + "\""),
       "plain name"},
      {"nested-deep", repeated("{\"a\":", 5000), "nested at most 8"},
      {"cut", R"({"weight_map":{"a":"f")", "expected JSON"},
  };
  refuseAll("shard indices", cases, [](const std::string &path) {
    parseShardIndex(path, readAll(path));
  });
}

std::string npyFile(const std::string &dict, const std::string &data = "",
                    const char *version = "\x01") {
  std::string out = std::string("\x93NUMPY") + version + std::string(1, '\0');
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict + data;
}

TEST(Malformed, Npy) {
  auto dict = [](const char *type, const char *order, const char *shape) {
    return std::string("{'descr': ") + type + ", 'fortran_order': " + order +
           ", 'shape': " + shape + ", }\n";
  };
  std::string four(16, '\0');
  const std::vector<Malformed> cases = {
      {"empty", "", "first bytes differ"},
      {"other-magic", std::string(128, 'x'), "first bytes differ"},
      {"version-0", npyFile(dict("'<i4'", "False", "(4,)"), four, "\x04"),
       "version 1, 2 or 3, but got 4"},
      {"header-cut", npyFile(dict("'<i4'", "False", "(4,)")).substr(0, 30),
       "expected a header of"},
      {"header-empty", npyFile(""), "expected '{'"},
      {"no-brace", npyFile("'descr': 1"), "expected '{'"},
      {"no-descr", npyFile("{'fortran_order': False, 'shape': (4,)}", four),
       "descr, fortran_order and shape"},
      {"descr-twice",
       npyFile("{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, "
               "'shape': (4,)}",
               four),
       "each key once"},
      {"unknown-key", npyFile("{'x': 1}"), "descr, fortran_order and shape"},
      {"floats", npyFile(dict("'<f4'", "False", "(4,)"), four), "'<f4'"},
      {"big-endian", npyFile(dict("'>i4'", "False", "(4,)"), four), "'>i4'"},
      {"objects", npyFile(dict("'|O'", "False", "(4,)"), four), "'|O'"},
      {"structured", npyFile(dict("[('a', '<i4')]", "False", "(4,)"), four),
       "quoted word"},
      {"descr-without-end", npyFile("{'descr': '<i4"), "word that ends"},
      {"fortran", npyFile(dict("'<i4'", "True", "(2, 2)"), four), "row-major"},
      {"no-dimension", npyFile(dict("'<i4'", "False", "()"), four),
       "1 or 2 dimensions"},
      {"three-dimensions", npyFile(dict("'<i4'", "False", "(1, 2, 2)"), four),
       "1 or 2 dimensions"},
      {"negative-size", npyFile(dict("'<i4'", "False", "(-4,)"), four),
       "a size"},
      {"size-of-2^64",
       npyFile(dict("'<i4'", "False", "(18446744073709551616,)"), four),
       "below 2^63"},
      {"size-overflows",
       npyFile(dict("'<i4'", "False", "(4294967296, 4294967296)"), four),
       "whose size fits"},
      {"size-overflows-behind-zero",
       npyFile(dict("'<i8'", "False", "(0, 9223372036854775807)"), ""),
       "whose size fits"},
      {"header-longer-than-any",
       std::string("\x93NUMPY\x02\0\x01\0\x01\0", 12) + repeated(" ", 65537),
       "header of at most 65524 bytes, but got 65537"},
      {"data-too-short", npyFile(dict("'<i4'", "False", "(5,)"), four),
       "expected 20 bytes for [5], but got 16"},
      {"data-too-long", npyFile(dict("'<i4'", "False", "(3,)"), four),
       "expected 12 bytes for [3], but got 16"},
      {"more-behind-the-dict",
       npyFile("{'descr': '<i4', 'fortran_order': "
               "False, 'shape': (4,)} x",
               four),
       "nothing behind it"},
      {"negative-token",
       npyFile(dict("'<i4'", "False", "(1,)"), std::string(4, '\xff')),
       "element 0 is -1"},
      {"token-past-the-vocabulary",
       npyFile(dict("'<i4'", "False", "(1,)"), std::string("\x00\x01\0\0", 4)),
       "from 0 to 255, but element 0 is 256"},
      {"wide-token",
       npyFile(dict("'<i8'", "False", "(1,)"),
               std::string("\x01\0\0\0\x01\0\0\0", 8)),
       "element 0 is 4294967297"},
  };
  refuseAll(".npy files", cases,
            [](const std::string &path) { Tokens(path, "npy", 256); });
}

TEST(Malformed, RawTokens) {
  const std::vector<Malformed> cases = {
      {"empty.txt", "", "expected tokens, but it has none"},
      {"odd.u16", "abc", "multiple of 2 bytes, but got 3"},
      {"odd.i32", "abcde", "multiple of 4 bytes"},
      {"past-the-vocabulary.u16", std::string("\x01\x01", 2), "is 257"},
      {"negative.i32", std::string(4, '\xff'), "is 4294967295"},
  };
  refuseAll("token files", cases,
            [](const std::string &path) { Tokens(path, "auto", 256); });
}

std::string stateWith(const std::string &from, const std::string &to) {
  TrainState state;
  std::string document = trainStateJson(state);
  size_t at = document.find(from);
  return document.replace(at, from.size(), to);
}

TEST(Malformed, TrainerState) {
  EXPECT_EQ("", failureOf([] {
              parseTrainState("x", trainStateJson(TrainState()));
            }));
  const std::vector<Malformed> cases = {
      {"empty", "", "expected JSON"},
      {"a-list", "[]", "expected an object"},
      {"nested-deep", repeated("[", 9), "nested at most 8"},
      {"no-step", stateWith("\"step\"", "\"stop\""), "a number 'step'"},
      {"step-negative", stateWith("\"step\": 0", "\"step\": -1"),
       "whole number from 0 on, but got -1"},
      {"step-a-fraction", stateWith("\"step\": 0", "\"step\": 0.5"),
       "whole number"},
      {"step-a-string", stateWith("\"step\": 0", "\"step\": \"0\""),
       "a number 'step'"},
      {"step-huge", stateWith("\"step\": 0", "\"step\": 18446744073709551615"),
       "below 2^40"},
      {"step-twice", stateWith("\"step\": 0", "\"step\": 0, \"step\": 0"),
       "'step' came twice"},
      {"sample-huge",
       stateWith("\"sample\": 0", "\"sample\": 18446744073709551615"),
       "below 2^60"},
      {"no-hyper", stateWith("\"hyper\"", "\"hyped\""), "an object 'hyper'"},
      {"schedule-unknown", stateWith("cosine", "sine"),
       "constant, cosine or wsd, but got 'sine'"},
      {"lr-a-string", stateWith("\"lr\": 0.001", "\"lr\": \"fast\""),
       "a number 'lr'"},
      {"lr-missing", stateWith("\"lr\": 0.001", "\"rl\": 0.001"),
       "a number 'lr'"},
      {"more-behind-it", stateWith("}\n}\n", "}\n}\n}"), "expected JSON"},
      {"too-large", std::string(300 << 10, ' '), "at most 262144 bytes"},
  };
  refuseAll("trainer states", cases, [](const std::string &path) {
    parseTrainState(path, readAll(path));
  });
}

TEST(Malformed, GenerationConfig) {
  const std::vector<Malformed> cases = {
      {"empty", "", "expected JSON"},
      {"a-number", "1", "expected an object"},
      {"temperature-a-string", R"({"temperature":"hot"})", "'temperature'"},
      {"temperature-negative", R"({"temperature":-1})", "from 0 to 1000"},
      {"temperature-huge", R"({"temperature":1e999})", ""},
      {"top-p-over-one", R"({"top_p":1.5})", "'top_p'"},
      {"top-k-a-fraction", R"({"top_k":1.5})", "'top_k'"},
      {"top-k-negative", R"({"top_k":-1})", "'top_k'"},
      {"min-p-over-one", R"({"min_p":2})", "'min_p'"},
      {"max-new-tokens-zero", R"({"max_new_tokens":0})", "from 1 to"},
      {"eos-a-string", R"({"eos_token_id":"x"})", "'eos_token_id'"},
      {"eos-huge", R"({"eos_token_id":4294967296})", "'eos_token_id'"},
      {"eos-list-of-strings", R"({"eos_token_id":["x"]})", "'eos_token_id'"},
      {"do-sample-a-number", R"({"do_sample":1})", "true or false"},
      {"key-twice", R"({"top_k":1,"top_k":2})", "'top_k' came twice"},
  };
  refuseAll("generation configs", cases, [](const std::string &path) {
    parseGenerationConfig(path, readAll(path));
  });
}

TEST(Malformed, Directories) {
  Folder folder;
  auto refusal = [&] {
    return failureOf([&] { WeightSource::ofModel(folder.path); });
  };
  EXPECT_NE(std::string::npos, refusal().find("expected 'model.safetensors'"));
  EXPECT_NE("", failureOf([&] { WeightSource::ofModel(folder.file("x")); }));
  std::string index = "model.safetensors.index.json";
  folder.write(index, R"({"weight_map":{"b":"f.safetensors"}})");
  EXPECT_NE(std::string::npos, refusal().find("cannot be opened"));
  folder.write("f.safetensors", tensors(good, 8));
  EXPECT_NE(std::string::npos,
            refusal().find("expected tensor 'b' in 'f.safetensors'"));
  folder.write(index, R"({"weight_map":{"a":"f.safetensors"}})");
  EXPECT_EQ("", refusal());
  Folder outside;
  outside.write("f.safetensors", tensors(good, 8));
  std::filesystem::remove(folder.file("f.safetensors"));
  std::filesystem::create_symlink(outside.file("f.safetensors"),
                                  folder.file("f.safetensors"));
  EXPECT_NE(std::string::npos, refusal().find("link out of it"));
  std::filesystem::create_directory(folder.file("model.safetensors"));
  EXPECT_NE(std::string::npos, refusal().find("regular file"));
}

TEST(Malformed, AMappedFileThatShrinks) {
  Folder folder;
  std::string header =
      R"({"a":{"dtype":"F32","shape":[65536],"data_offsets":[0,262144]}})";
  std::string path = folder.write("a.safetensors", tensors(header, 262144));
  Safetensors file(path);
  std::vector<char> room(262144);
  file.read(*file.find("a"), 0, 65536, room.data());
  std::filesystem::resize_file(path, 4096);
  std::string message =
      failureOf([&] { file.read(*file.find("a"), 0, 65536, room.data()); });
  EXPECT_NE(std::string::npos, message.find("cut short")) << message;
}

} // namespace
