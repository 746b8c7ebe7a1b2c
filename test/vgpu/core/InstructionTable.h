// InstructionTable.h - rows of one-instruction tests and what runs them.
#pragma once

#include "test/vgpu/core/KernelRunner.h"

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <functional>
#include <limits>

namespace vgpu::test {
namespace {

using U64 = uint64_t;

/// What an operand of a type looks like in memory and as test input.
enum class Kind { U16, S16, U32, S32, U64, S64, F16, BF16, F32, F64 };

[[maybe_unused]] unsigned bytesOf(Kind kind) {
  switch (kind) {
  case Kind::U16:
  case Kind::S16:
  case Kind::F16:
  case Kind::BF16:
    return 2;
  case Kind::U64:
  case Kind::S64:
  case Kind::F64:
    return 8;
  default:
    return 4;
  }
}

/// Values worth trying, as bits: borders of integers, subnormals, infinities,
/// NaNs, and some ordinary ones.
[[maybe_unused]] std::vector<U64> samples(Kind kind) {
  switch (kind) {
  case Kind::F32:
    return {0,          0x80000000, 0x3f800000, 0xbf800000, 0x00000001,
            0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff,
            0x7f800000, 0xff800000, 0x7fc00001, 0xffc12345, 0x3fc00000,
            0x40490fdb, 0xc2f6e979, 0x4b800001, 0x33800000, 0x3eaaaaab,
            0x4f000000, 0xcf000000, 0x4f7fffff, 0x3f000000, 0x40200000};
  case Kind::F64:
    return {0,
            U64(1) << 63,
            0x3ff0000000000000,
            0xbff8000000000000,
            1,
            0x000fffffffffffff,
            0x0010000000000000,
            0x7fefffffffffffff,
            0x7ff0000000000000,
            0xfff0000000000000,
            0x7ff8000000000000,
            0x400921fb54442d18,
            0xc1e0000000200000,
            0x3fd5555555555555,
            0x41efffffffe00000,
            0x3fe0000000000000};
  case Kind::F16:
    return {0,      0x8000, 0x3c00, 0xbc00, 0x0001, 0x03ff,
            0x0400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00,
            0x3555, 0x4248, 0xb800, 0x3e00, 0x5640, 0xd640};
  case Kind::BF16:
    return {0,      0x8000, 0x3f80, 0xbf80, 0x0001, 0x007f,
            0x0080, 0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0,
            0x3eab, 0x4049, 0xbf00, 0x3fc0, 0x42c8, 0xc2c8};
  case Kind::U16:
  case Kind::S16:
    return {0, 1, 2, 3, 7, 100, 0x7fff, 0x8000, 0x8001, 0xffff, 0xfffe, 0x1234};
  case Kind::U32:
  case Kind::S32:
    return {0,          1,          2,          3,          31,
            32,         33,         255,        0x7fffffff, 0x80000000,
            0x80000001, 0xffffffff, 0xfffffffe, 0x12345678, 0xdeadbeef,
            0x00ffffff, 0x01000000};
  default:
    return {0,
            1,
            2,
            63,
            64,
            0x7fffffffffffffff,
            U64(1) << 63,
            ~U64(0),
            0x123456789abcdef0,
            0xffffffff,
            U64(1) << 32};
  }
}

/// One row of the table: the PTX with d, a, b, c as registers and what it
/// must give.
struct Row {
  const char *ptx;
  Kind d;
  std::vector<Kind> in;
  std::function<U64(U64, U64, U64)> expect;
};

[[maybe_unused]] float f(U64 bits) {
  return std::bit_cast<float>(uint32_t(bits));
}
[[maybe_unused]] double g(U64 bits) { return std::bit_cast<double>(bits); }
[[maybe_unused]] U64 bits(float x) {
  return x != x ? 0x7fffffff : std::bit_cast<uint32_t>(x);
}
[[maybe_unused]] U64 bits(double x) { return std::bit_cast<U64>(x); }
[[maybe_unused]] float flush(float x) {
  return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x;
}

/// `op` under a rounding mode of the host; volatile keeps it there.
template <class F> auto rounded(int mode, F op) {
  int old = std::fegetround();
  std::fesetround(mode);
  volatile auto result = op();
  std::fesetround(old);
  return decltype(op())(result);
}

[[maybe_unused]] const char *registerType(Kind kind) {
  switch (bytesOf(kind)) {
  case 2:
    return ".b16";
  case 4:
    return ".b32";
  default:
    return ".b64";
  }
}

/// Every combination of samples, one lane each.
[[maybe_unused]] void check(const Row &row) {
  SCOPED_TRACE(row.ptx);
  std::vector<std::vector<U64>> lists;
  size_t total = 1;
  for (Kind kind : row.in) {
    lists.push_back(samples(kind));
    total *= lists.back().size();
  }
  std::string ptx = ".version 8.0\n.target sm_90a\n.address_size 64\n"
                    ".visible .entry k(.param .u64 p0, .param .u64 p1, .param "
                    ".u64 p2, .param .u64 p3, .param .u32 n) {\n"
                    ".reg .pred %out, %p<4>;\n.reg .b64 %x<8>;\n.reg .b32 "
                    "%i<8>;\n.reg " +
                    std::string(registerType(row.d)) + " d;\n";
  const char *names[] = {"a", "b", "c"};
  for (size_t k = 0; k < row.in.size(); ++k)
    ptx +=
        std::string(".reg ") + registerType(row.in[k]) + " " + names[k] + ";\n";
  ptx += "mov.u32 %i0, %tid.x;\nmov.u32 %i1, %ctaid.x;\nmov.u32 %i2, "
         "%ntid.x;\nmad.lo.u32 %i0, %i1, %i2, %i0;\nld.param.u32 %i3, [n];\n"
         "setp.ge.u32 %out, %i0, %i3;\n@%out ret;\n";
  for (size_t k = 0; k < row.in.size(); ++k) {
    std::string n = std::to_string(k), w = std::to_string(bytesOf(row.in[k]));
    ptx += "ld.param.u64 %x0, [p" + n + "];\nmad.wide.u32 %x0, %i0, " + w +
           ", %x0;\nld.global" + registerType(row.in[k]) + " " + names[k] +
           ", [%x0];\n";
  }
  ptx += std::string(row.ptx) +
         "\nld.param.u64 %x0, [p3];\nmad.wide.u32 %x0, "
         "%i0, " +
         std::to_string(bytesOf(row.d)) + ", %x0;\nst.global" +
         registerType(row.d) + " [%x0], d;\nret;\n}\n";
  Runner runner;
  ASSERT_TRUE(runner.load(ptx)) << runner.error.str() << "\n" << ptx;
  std::vector<std::vector<uint8_t>> memory(3);
  std::vector<std::vector<U64>> inputs(3, std::vector<U64>(total));
  for (size_t k = 0; k < 3; ++k)
    memory[k].resize(total * 8 + 8);
  for (size_t t = 0; t < total; ++t) {
    size_t rest = t;
    for (size_t k = 0; k < row.in.size(); ++k) {
      inputs[k][t] = lists[k][rest % lists[k].size()];
      rest /= lists[k].size();
      unsigned w = bytesOf(row.in[k]);
      std::memcpy(&memory[k][t * w], &inputs[k][t], w);
    }
  }
  Buffer a(*runner.device, memory[0]), b(*runner.device, memory[1]),
      c(*runner.device, memory[2]), d(*runner.device, total * 8);
  runner.options.hostThreads = 1;
  LaunchResult result = runner.run(
      "k", {unsigned((total + 63) / 64), 1, 1}, {64, 1, 1}, 0,
      static_cast<const Buffer *>(&a), static_cast<const Buffer *>(&b),
      static_cast<const Buffer *>(&c), static_cast<const Buffer *>(&d),
      uint32_t(total));
  ASSERT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  unsigned w = bytesOf(row.d), wrong = 0;
  U64 keep = w == 8 ? ~U64(0) : (U64(1) << (8 * w)) - 1;
  for (size_t t = 0; t < total && wrong < 4; ++t) {
    U64 got = 0;
    std::memcpy(&got, reinterpret_cast<const void *>(d.address + t * w), w);
    U64 want = row.expect(inputs[0][t], inputs[1][t], inputs[2][t]) & keep;
    if (got != want) {
      ++wrong;
      ADD_FAILURE() << std::hex << "inputs " << inputs[0][t] << " "
                    << inputs[1][t] << " " << inputs[2][t] << ": expected "
                    << want << ", but got " << got;
    }
  }
}

#define ROW(ptx, d, in, ...)                                                   \
  Row {                                                                        \
    ptx, Kind::d, in, [](U64 a, U64 b, U64 c) -> U64 {                         \
      (void)a, (void)b, (void)c;                                               \
      __VA_ARGS__                                                              \
    }                                                                          \
  }
#define IN1(x) (std::vector<Kind>{Kind::x})
#define IN2(x, y) (std::vector<Kind>{Kind::x, Kind::y})
#define IN3(x, y, z) (std::vector<Kind>{Kind::x, Kind::y, Kind::z})

} // namespace
} // namespace vgpu::test
