// Fusion.cpp - several row-wise ops in one kernel give the bits that they give
// one by one.
#include <cstring>

#include "Case.h"

using namespace tresse::test;

namespace {

std::string tensorType(const Sizes &sizes, const char *element) {
  std::string text = "tensor<";
  for (int64_t size : sizes)
    text += std::to_string(size) + "x";
  return text + element + ">";
}

/// Runs `text` on copies of `inputs` and returns its results. `over[i]`, where
/// given, is the input whose memory result i takes, or -1.
std::vector<Tensor> runText(const std::string &text, std::vector<Tensor> inputs,
                            std::vector<Tensor> results,
                            std::vector<int> over = {}) {
  over.resize(results.size(), -1);
  std::vector<const Tensor *> layouts;
  for (const Tensor &tensor : inputs)
    layouts.push_back(&tensor);
  for (const Tensor &tensor : results)
    layouts.push_back(&tensor);
  Kernel kernel = compile(text, layouts);
  if (!kernel.run)
    return {};
  std::vector<void *> addresses;
  for (Tensor &tensor : inputs)
    addresses.push_back(tensor.data());
  for (size_t i = 0; i < results.size(); ++i)
    addresses.push_back((over[i] < 0 ? results[i] : inputs[over[i]]).data());
  std::vector<uint64_t> scratch(kernel.scratchBytes / 8 + 24, ~0ull);
  void *at = scratch.data();
  size_t space = scratch.size() * 8;
  at = std::align(64, kernel.scratchBytes + 64, at, space);
  kernel.run(addresses.data(), 0, kernel.tiles, at);
  for (size_t i = 0; i < results.size(); ++i)
    if (over[i] >= 0)
      results[i] = inputs[over[i]];
  return results;
}

/// A tensor without gaps, filled by `random`.
Tensor dense(Random &random, uint32_t dtype, Sizes sizes) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.sizes = std::move(sizes);
  tensor.strides.assign(tensor.sizes.size(), 1);
  for (size_t d = tensor.sizes.size(); d-- > 1;)
    tensor.strides[d - 1] = tensor.strides[d] * tensor.sizes[d];
  tensor.memory.assign(tensor.count() + 2 * Tensor::guard, 0);
  for (int64_t i = 0; i < tensor.count(); ++i)
    tensor.set(i, random.normal());
  return tensor;
}

const char *nameOf(uint32_t dtype) {
  return dtype == TRESSE_F64 ? "f64" : dtype == TRESSE_F32 ? "f32" : "bf16";
}

/// sum = a + b;  n = rms_norm(sum, w);  y = exp(n - b)
TEST(CpuKernels, FusedResidualNorm) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(20), channels = random.size(200);
    uint32_t wide = dtype == TRESSE_F64 ? TRESSE_F64 : TRESSE_F32;
    std::string x = tensorType({rows, channels}, nameOf(dtype));
    std::string w = tensorType({channels}, nameOf(wide));
    std::string add = "%s = arith.addf %a, %b : " + x + "\n";
    std::string norm = "%n = lm.rms_norm %s, %w {epsilon = 1.0e-6 : f64} : (" +
                       x + ", " + w + ") -> " + x + "\n";
    std::string end =
        "%d = arith.subf %n, %b : " + x + "\n%y = math.exp %d : " + x + "\n";
    Tensor a = dense(random, dtype, {rows, channels});
    Tensor b = dense(random, dtype, {rows, channels});
    Tensor weight = dense(random, wide, {channels});
    Tensor empty = dense(random, dtype, {rows, channels});

    std::string region = "func.func @f(%a: " + x + ", %b: " + x + ", %w: " + w +
                         ") -> (" + x + ", " + x + ") {\n" + add + norm + end +
                         "return %s, %y : " + x + ", " + x + "\n}";
    auto fused = runText(region, {a, b, weight}, {empty, empty});
    // The sum lies where a lay, the last result where b lay.
    auto inPlace = runText(region, {a, b, weight}, {empty, empty}, {0, 1});
    ASSERT_EQ(inPlace.size(), 2u);
    EXPECT_EQ(fused[0].memory, inPlace[0].memory);
    EXPECT_EQ(fused[1].memory, inPlace[1].memory);
    auto sum = runText("func.func @f(%a: " + x + ", %b: " + x + ") -> " + x +
                           " {\n" + add + "return %s : " + x + "\n}",
                       {a, b}, {empty});
    ASSERT_EQ(sum.size(), 1u);
    auto normed = runText("func.func @f(%s: " + x + ", %w: " + w + ") -> " + x +
                              " {\n" + norm + "return %n : " + x + "\n}",
                          {sum[0], weight}, {empty});
    ASSERT_EQ(normed.size(), 1u);
    auto last = runText("func.func @f(%n: " + x + ", %b: " + x + ") -> " + x +
                            " {\n" + end + "return %y : " + x + "\n}",
                        {normed[0], b}, {empty});
    ASSERT_EQ(fused.size(), 2u);
    ASSERT_EQ(last.size(), 1u);
    EXPECT_EQ(fused[0].memory, sum[0].memory);
    EXPECT_EQ(fused[1].memory, last[0].memory);
  });
}

/// The lanes are rows in one op and channels in the other.
TEST(CpuKernels, FusedMhcPreNorm) {
  forAll([](uint32_t dtype, Random &random) {
    int64_t rows = random.size(40), n = random.integer(1, 4);
    int64_t channels = random.size(100), width = (2 + n) * n;
    uint32_t wide = dtype == TRESSE_F64 ? TRESSE_F64 : TRESSE_F32;
    auto storageType = [&](Sizes s) { return tensorType(s, nameOf(dtype)); };
    auto wideType = [&](Sizes s) { return tensorType(s, nameOf(wide)); };
    std::string x = storageType({rows, n, channels});
    std::string h = storageType({rows, channels});
    std::string inputs = x + ", " + wideType({rows, width}) + ", " +
                         wideType({width}) + ", " + wideType({3});
    std::string outputs =
        h + ", " + wideType({rows, n}) + ", " + wideType({rows, n, n});
    std::string arguments = "%x: " + x + ", %m: " + wideType({rows, width}) +
                            ", %b: " + wideType({width}) +
                            ", %s: " + wideType({3});
    std::string pre =
        "%r:3 = lm.mhc_pre %x, %m, %b, %s {form = #lm.mhc_form<v4>, iterations "
        "= 5 : i64, epsilon = 1.0e-6 : f64, norm_epsilon = 1.0e-6 : f64} : (" +
        inputs + ") -> (" + outputs + ")\n";
    std::string w = wideType({channels});
    auto norm = [&](const std::string &from) {
      return "%n = lm.rms_norm " + from + ", %w {epsilon = 1.0e-6 : f64} : (" +
             h + ", " + w + ") -> " + h + "\n";
    };
    std::vector<Tensor> in = {dense(random, dtype, {rows, n, channels}),
                              dense(random, wide, {rows, width}),
                              dense(random, wide, {width}),
                              dense(random, wide, {3})};
    Tensor weight = dense(random, wide, {channels});
    Tensor row = dense(random, dtype, {rows, channels});
    Tensor post = dense(random, wide, {rows, n});
    Tensor comb = dense(random, wide, {rows, n, n});
    auto withWeight = in;
    withWeight.push_back(weight);
    auto fused =
        runText("func.func @f(" + arguments + ", %w: " + w + ") -> (" +
                    wideType({rows, n}) + ", " + wideType({rows, n, n}) + ", " +
                    h + ") {\n" + pre + norm("%r#0") +
                    "return %r#1, %r#2, %n : " + wideType({rows, n}) + ", " +
                    wideType({rows, n, n}) + ", " + h + "\n}",
                withWeight, {post, comb, row});
    auto first =
        runText("func.func @f(" + arguments + ") -> (" + outputs + ") {\n" +
                    pre + "return %r#0, %r#1, %r#2 : " + outputs + "\n}",
                in, {row, post, comb});
    ASSERT_EQ(first.size(), 3u);
    auto second = runText("func.func @f(%h: " + h + ", %w: " + w + ") -> " + h +
                              " {\n" + norm("%h") + "return %n : " + h + "\n}",
                          {first[0], weight}, {row});
    ASSERT_EQ(fused.size(), 3u);
    ASSERT_EQ(second.size(), 1u);
    EXPECT_EQ(fused[0].memory, first[1].memory);
    EXPECT_EQ(fused[1].memory, first[2].memory);
    EXPECT_EQ(fused[2].memory, second[0].memory);
  });
}

/// f32 -> bf16: nearest, ties to even; infinities stay, a NaN stays one.
TEST(CpuKernels, RoundsToNearestEven) {
  struct Pair {
    uint32_t from;
    uint16_t to;
  } pairs[] = {{0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81},
               {0x3f817fff, 0x3f81}, {0x7f7fffff, 0x7f80}, {0xff800000, 0xff80},
               {0x7f800001, 0x7fc0}, {0xffffffff, 0x7fc0}, {0x00000001, 0x0000},
               {0x80018000, 0x8002}};
  Random random(1);
  int64_t count = 3 * std::size(pairs); // whole vectors and a masked one
  Tensor from = dense(random, TRESSE_F32, {count});
  Tensor to = dense(random, TRESSE_BF16, {count});
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(static_cast<uint32_t *>(from.data()) + i,
                &pairs[i % std::size(pairs)].from, sizeof(uint32_t));
  std::string wide = tensorType({count}, "f32");
  std::string narrow = tensorType({count}, "bf16");
  auto rounded = runText("func.func @f(%a: " + wide + ") -> " + narrow +
                             " {\n%r = arith.truncf %a : " + wide + " to " +
                             narrow + "\nreturn %r : " + narrow + "\n}",
                         {from}, {to});
  ASSERT_EQ(rounded.size(), 1u);
  for (int64_t i = 0; i < count; ++i)
    EXPECT_EQ(static_cast<uint16_t *>(rounded[0].data())[i],
              pairs[i % std::size(pairs)].to)
        << "element " << i;
}

} // namespace
