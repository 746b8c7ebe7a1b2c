//===- Numbers.cpp - element types, random numbers, JSON numbers ----------===//
#include "runtime/core/base/Json.h"
#include "runtime/core/base/Number.h"
#include "runtime/core/base/Random.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

using namespace tresse::runtime;

namespace {

double roundTo(uint32_t dtype, double value) {
  uint64_t room = 0;
  storeElement(dtype, &room, value);
  return loadElement(dtype, &room);
}

TEST(Number, Bf16RoundsOnceToNearestEven) {
  EXPECT_EQ(1.0, roundTo(TRESSE_BF16, 1 + 0x1p-8));        // tie, to even
  EXPECT_EQ(1 + 0x1p-6, roundTo(TRESSE_BF16, 1 + 0x3p-8)); // tie, to even
  // Just over the tie: a float in between would round it down to the tie.
  EXPECT_EQ(1 + 0x1p-7, roundTo(TRESSE_BF16, 1 + 0x1p-8 + 0x1p-40));
  EXPECT_TRUE(std::isnan(roundTo(TRESSE_BF16, NAN)));
  EXPECT_EQ(-INFINITY, roundTo(TRESSE_BF16, -INFINITY));
  EXPECT_EQ(INFINITY, roundTo(TRESSE_BF16, 1e39));
}

TEST(Number, F16EveryValueReturns) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    double value = loadElement(TRESSE_F16, &half);
    uint16_t back = 0;
    storeElement(TRESSE_F16, &back, value);
    if (std::isnan(value))
      EXPECT_EQ(0x7c00, back & 0x7c00);
    else
      EXPECT_EQ(half, back);
  }
  EXPECT_EQ(INFINITY, roundTo(TRESSE_F16, 65520));
  EXPECT_EQ(65504, roundTo(TRESSE_F16, 65519));
}

TEST(Number, EightBitFloats) {
  auto e4m3 = [](uint8_t bits) { return loadElement(TRESSE_F8E4M3, &bits); };
  auto e5m2 = [](uint8_t bits) { return loadElement(TRESSE_F8E5M2, &bits); };
  EXPECT_EQ(448, e4m3(0x7e));
  EXPECT_TRUE(std::isnan(e4m3(0x7f)));
  EXPECT_EQ(0x1p-9, e4m3(0x01));
  EXPECT_EQ(-1.125, e4m3(0xb9));
  EXPECT_EQ(57344, e5m2(0x7b));
  EXPECT_EQ(INFINITY, e5m2(0x7c));
  EXPECT_EQ(-0x1p-16, e5m2(0x81));
}

TEST(Number, ConversionsAgreeWithOneElementAtATime) {
  const uint32_t types[] = {TRESSE_F64, TRESSE_F32, TRESSE_BF16, TRESSE_F16};
  for (uint32_t from : types)
    for (uint32_t to : types) {
      double in[37], out[37];
      for (int i = 0; i < 37; ++i)
        storeElement(from,
                     reinterpret_cast<char *>(in) +
                         static_cast<size_t>(i) * elementBytes(from),
                     randomNormal(1, static_cast<uint64_t>(i)));
      convertElements(to, out, from, in, 37);
      for (size_t i = 0; i < 37; ++i) {
        double value = loadElement(from, reinterpret_cast<char *>(in) +
                                             i * elementBytes(from));
        EXPECT_EQ(roundTo(to, value),
                  loadElement(to, reinterpret_cast<char *>(out) +
                                      i * elementBytes(to)));
      }
    }
}

TEST(Random, MomentsAndPlaces) {
  double sum = 0, squares = 0, uniform = 0;
  const int count = 200000;
  for (int i = 0; i < count; ++i) {
    double x = randomNormal(5, static_cast<uint64_t>(i));
    sum += x, squares += x * x;
    double u = randomUniform(6, static_cast<uint64_t>(i));
    ASSERT_TRUE(u >= 0 && u < 1);
    uniform += u;
  }
  EXPECT_NEAR(0, sum / count, 0.01);
  EXPECT_NEAR(1, squares / count, 0.02);
  EXPECT_NEAR(0.5, uniform / count, 0.005);
  EXPECT_NE(randomKey(1, "a"), randomKey(1, "b"));
  EXPECT_NE(randomKey(1, "a"), randomKey(2, "a"));
}

TEST(Json, NumbersReturnToTheirBits) {
  for (double value : {0.1, 1e-300, 4.465383061, -0.0, 1.0 / 3}) {
    double back = std::stod(jsonNumber(value));
    EXPECT_EQ(std::bit_cast<uint64_t>(value), std::bit_cast<uint64_t>(back));
  }
  EXPECT_EQ("null", jsonNumber(NAN));
  EXPECT_EQ("\"a\\\"\\u0001\xef\xbf\xbd\"", jsonString("a\"\x01\xff"));
}

} // namespace
