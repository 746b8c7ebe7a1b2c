// InstructionTest.cpp - one instruction at a time against arithmetic computed
// here: rounding modes, subnormals, NaNs, saturation, shifts out of range.
#include "test/vgpu/KernelRunner.h"
#include "tools/vgpu/core/TensorCore.h"

#include <bit>
#include <cfenv>
#include <cmath>
#include <functional>

namespace vgpu::test {
namespace {

using U64 = uint64_t;

/// What an operand of a type looks like in memory and as test input.
enum class Kind { U16, S16, U32, S32, U64, S64, F16, BF16, F32, F64 };

unsigned bytesOf(Kind kind) {
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
std::vector<U64> samples(Kind kind) {
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
    return {0,      0x8000, 0x3c00, 0xbc00, 0x0001, 0x03ff, 0x0400,
            0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0x3555, 0x4248,
            0xb800, 0x3e00, 0x5640, 0xd640};
  case Kind::BF16:
    return {0,      0x8000, 0x3f80, 0xbf80, 0x0001, 0x007f, 0x0080,
            0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0, 0x3eab, 0x4049,
            0xbf00, 0x3fc0, 0x42c8, 0xc2c8};
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

float f(U64 bits) { return std::bit_cast<float>(uint32_t(bits)); }
double g(U64 bits) { return std::bit_cast<double>(bits); }
U64 bits(float x) {
  return x != x ? 0x7fffffff : std::bit_cast<uint32_t>(x);
}
U64 bits(double x) { return std::bit_cast<U64>(x); }
float flush(float x) {
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

const char *registerType(Kind kind) {
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
void check(const Row &row) {
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
    ptx += std::string(".reg ") + registerType(row.in[k]) + " " + names[k] +
           ";\n";
  ptx += "mov.u32 %i0, %tid.x;\nmov.u32 %i1, %ctaid.x;\nmov.u32 %i2, "
         "%ntid.x;\nmad.lo.u32 %i0, %i1, %i2, %i0;\nld.param.u32 %i3, [n];\n"
         "setp.ge.u32 %out, %i0, %i3;\n@%out ret;\n";
  for (size_t k = 0; k < row.in.size(); ++k) {
    std::string n = std::to_string(k), w = std::to_string(bytesOf(row.in[k]));
    ptx += "ld.param.u64 %x0, [p" + n + "];\nmad.wide.u32 %x0, %i0, " + w +
           ", %x0;\nld.global" + registerType(row.in[k]) + " " + names[k] +
           ", [%x0];\n";
  }
  ptx += std::string(row.ptx) + "\nld.param.u64 %x0, [p3];\nmad.wide.u32 %x0, "
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

std::vector<Row> integerRows() {
  return {
      ROW("add.u32 d, a, b;", U32, IN2(U32, U32), return a + b;),
      ROW("add.s16 d, a, b;", S16, IN2(S16, S16), return a + b;),
      ROW("add.s64 d, a, b;", S64, IN2(S64, S64), return a + b;),
      ROW("add.sat.s32 d, a, b;", S32, IN2(S32, S32), {
        int64_t s = int64_t(int32_t(a)) + int32_t(b);
        return U64(std::clamp<int64_t>(s, INT32_MIN, INT32_MAX));
      }),
      ROW("sub.sat.s32 d, a, b;", S32, IN2(S32, S32), {
        int64_t s = int64_t(int32_t(a)) - int32_t(b);
        return U64(std::clamp<int64_t>(s, INT32_MIN, INT32_MAX));
      }),
      ROW("sub.u32 d, a, b;", U32, IN2(U32, U32), return a - b;),
      ROW("sub.u16 d, a, b;", U16, IN2(U16, U16), return a - b;),
      ROW("mul.lo.u32 d, a, b;", U32, IN2(U32, U32), return a * b;),
      ROW("mul.lo.s16 d, a, b;", S16, IN2(S16, S16), return a * b;),
      ROW("mul.lo.u64 d, a, b;", U64, IN2(U64, U64), return a * b;),
      ROW("mul.hi.u32 d, a, b;", U32, IN2(U32, U32), return a * b >> 32;),
      ROW("mul.hi.s32 d, a, b;", S32, IN2(S32, S32),
          return U64(int64_t(int32_t(a)) * int32_t(b)) >> 32;),
      ROW("mul.hi.u64 d, a, b;", U64, IN2(U64, U64),
          return U64((unsigned __int128)a * b >> 64);),
      ROW("mul.hi.s64 d, a, b;", S64, IN2(S64, S64),
          return U64((__int128)int64_t(a) * int64_t(b) >> 64);),
      ROW("mul.wide.u32 d, a, b;", U64, IN2(U32, U32), return a * b;),
      ROW("mul.wide.s32 d, a, b;", S64, IN2(S32, S32),
          return U64(int64_t(int32_t(a)) * int32_t(b));),
      ROW("mul.wide.s16 d, a, b;", S32, IN2(S16, S16),
          return U64(int32_t(int16_t(a)) * int16_t(b));),
      ROW("mul.wide.u16 d, a, b;", U32, IN2(U16, U16), return a * b;),
      ROW("mul24.lo.u32 d, a, b;", U32, IN2(U32, U32),
          return (a & 0xffffff) * (b & 0xffffff);),
      ROW("mul24.hi.u32 d, a, b;", U32, IN2(U32, U32),
          return (a & 0xffffff) * (b & 0xffffff) >> 16;),
      ROW("mad.lo.s32 d, a, b, c;", S32, IN3(S32, S32, S32),
          return a * b + c;),
      ROW("mad.hi.u32 d, a, b, c;", U32, IN3(U32, U32, U32),
          return (a * b >> 32) + c;),
      ROW("mad.wide.s32 d, a, b, c;", S64, IN3(S32, S32, S64),
          return U64(int64_t(int32_t(a)) * int32_t(b)) + c;),
      ROW("mad24.lo.u32 d, a, b, c;", U32, IN3(U32, U32, U32),
          return (a & 0xffffff) * (b & 0xffffff) + c;),
      ROW("sad.u32 d, a, b, c;", U32, IN3(U32, U32, U32),
          return (a < b ? b - a : a - b) + c;),
      ROW("sad.s32 d, a, b, c;", S32, IN3(S32, S32, S32),
          return U64(std::abs(int64_t(int32_t(a)) - int32_t(b))) + c;),
      ROW("div.u32 d, a, b;", U32, IN2(U32, U32),
          return b ? a / b : ~U64(0);),
      ROW("div.s32 d, a, b;", S32, IN2(S32, S32),
          return b ? U64(int64_t(int32_t(a)) / int32_t(b)) : ~U64(0);),
      ROW("rem.u32 d, a, b;", U32, IN2(U32, U32), return b ? a % b : a;),
      ROW("rem.s32 d, a, b;", S32, IN2(S32, S32),
          return b ? U64(int64_t(int32_t(a)) % int32_t(b)) : a;),
      ROW("div.u64 d, a, b;", U64, IN2(U64, U64),
          return b ? a / b : ~U64(0);),
      ROW("rem.u16 d, a, b;", U16, IN2(U16, U16), return b ? a % b : a;),
      ROW("abs.s32 d, a;", S32, IN1(S32),
          return U64(std::abs(int64_t(int32_t(a))));),
      ROW("neg.s32 d, a;", S32, IN1(S32), return 0 - a;),
      ROW("neg.s64 d, a;", S64, IN1(S64), return 0 - a;),
      ROW("min.s32 d, a, b;", S32, IN2(S32, S32),
          return int32_t(a) < int32_t(b) ? a : b;),
      ROW("max.u32 d, a, b;", U32, IN2(U32, U32), return a > b ? a : b;),
      ROW("min.u64 d, a, b;", U64, IN2(U64, U64), return a < b ? a : b;),
      ROW("max.s16 d, a, b;", S16, IN2(S16, S16),
          return int16_t(a) > int16_t(b) ? a : b;),
      ROW("max.relu.s32 d, a, b;", S32, IN2(S32, S32),
          return U64(std::max({int32_t(a), int32_t(b), 0}));),
      ROW("min.s16x2 d, a, b;", U32, IN2(U32, U32), {
        U64 r = 0;
        for (int h = 0; h < 32; h += 16)
          r |= U64(uint16_t(
                   std::min(int16_t(a >> h), int16_t(b >> h))))
               << h;
        return r;
      }),
      ROW("add.cc.u32 d, a, b;\naddc.u32 d, c, 0;", U32, IN3(U32, U32, U32),
          return c + (a + b >> 32);),
      ROW("sub.cc.u32 d, a, b;\nsubc.u32 d, c, 0;", U32, IN3(U32, U32, U32),
          return c - (a < b);),
      ROW("mad.lo.cc.u32 d, a, b, c;\nmadc.hi.u32 d, a, b, 0;", U32,
          IN3(U32, U32, U32), {
            U64 low = uint32_t(a * b);
            return (a * b >> 32) + (low + c >> 32);
          }),
      ROW("dp4a.s32.u32 d, a, b, c;", S32, IN3(U32, U32, U32), {
        U64 sum = c;
        for (int k = 0; k < 32; k += 8)
          sum += U64(int64_t(int8_t(a >> k)) * uint8_t(b >> k));
        return sum;
      }),
      ROW("dp2a.hi.u32.s32 d, a, b, c;", S32, IN3(U32, U32, U32), {
        U64 sum = c;
        for (int k = 0; k < 2; ++k)
          sum += U64(int64_t(uint16_t(a >> (16 * k))) *
                     int8_t(b >> (16 + 8 * k)));
        return sum;
      }),
  };
}

std::vector<Row> bitRows() {
  return {
      ROW("and.b32 d, a, b;", U32, IN2(U32, U32), return a & b;),
      ROW("or.b64 d, a, b;", U64, IN2(U64, U64), return a | b;),
      ROW("xor.b16 d, a, b;", U16, IN2(U16, U16), return a ^ b;),
      ROW("not.b32 d, a;", U32, IN1(U32), return ~a;),
      ROW("cnot.b32 d, a;", U32, IN1(U32), return a == 0;),
      ROW("shl.b32 d, a, b;", U32, IN2(U32, U32),
          return b < 32 ? a << b : 0;),
      ROW("shl.b64 d, a, b;", U64, IN2(U64, U32),
          return b < 64 ? a << b : 0;),
      ROW("shr.u32 d, a, b;", U32, IN2(U32, U32),
          return b < 32 ? a >> b : 0;),
      ROW("shr.s32 d, a, b;", S32, IN2(S32, U32),
          return U64(int64_t(int32_t(a)) >> std::min<U64>(b, 31));),
      ROW("shr.s16 d, a, b;", S16, IN2(S16, U32),
          return U64(int64_t(int16_t(a)) >> std::min<U64>(b, 15));),
      ROW("shr.u64 d, a, b;", U64, IN2(U64, U32),
          return b < 64 ? a >> b : 0;),
      ROW("shf.l.wrap.b32 d, a, b, c;", U32, IN3(U32, U32, U32), {
        U64 n = c & 31;
        return (b << 32 | a) << n >> 32;
      }),
      ROW("shf.r.clamp.b32 d, a, b, c;", U32, IN3(U32, U32, U32), {
        U64 n = std::min<U64>(c, 32);
        return (b << 32 | a) >> n;
      }),
      ROW("popc.b32 d, a;", U32, IN1(U32), return U64(std::popcount(a));),
      ROW("popc.b64 d, a;", U32, IN1(U64), return U64(std::popcount(a));),
      ROW("clz.b32 d, a;", U32, IN1(U32),
          return U64(std::countl_zero(uint32_t(a)));),
      ROW("clz.b64 d, a;", U32, IN1(U64), return U64(std::countl_zero(a));),
      ROW("brev.b32 d, a;", U32, IN1(U32), {
        U64 r = 0;
        for (int k = 0; k < 32; ++k)
          r |= (a >> k & 1) << (31 - k);
        return r;
      }),
      ROW("bfind.u32 d, a;", U32, IN1(U32),
          return a ? U64(31 - std::countl_zero(uint32_t(a))) : 0xffffffff;),
      ROW("bfind.s32 d, a;", U32, IN1(S32), {
        auto v = uint32_t(int32_t(a) < 0 ? ~a : a);
        return v ? U64(31 - std::countl_zero(v)) : 0xffffffff;
      }),
      ROW("bfe.u32 d, a, b, c;", U32, IN3(U32, U32, U32), {
        unsigned pos = b & 255, len = c & 255;
        U64 r = 0;
        for (unsigned k = 0; k < len && k < 32; ++k)
          if (pos + k < 32)
            r |= (a >> (pos + k) & 1) << k;
        return r;
      }),
      ROW("bfe.s32 d, a, b, c;", S32, IN3(S32, U32, U32), {
        unsigned pos = b & 255, len = c & 255;
        if (len == 0)
          return U64(0);
        U64 sign = a >> std::min(pos + len - 1, 31u) & 1, r = 0;
        for (unsigned k = 0; k < 32; ++k)
          r |= (k < len && pos + k < 32 ? a >> (pos + k) & 1 : sign) << k;
        return r;
      }),
      ROW("bfi.b32 d, a, b, c, 8;", U32, IN3(U32, U32, U32), {
        unsigned pos = c & 255;
        U64 r = b;
        for (unsigned k = 0; k < 8; ++k)
          if (pos + k < 32)
            r = (r & ~(U64(1) << (pos + k))) | (a >> k & 1) << (pos + k);
        return r;
      }),
      ROW("prmt.b32 d, a, b, c;", U32, IN3(U32, U32, U32), {
        U64 both = b << 32 | a, r = 0;
        for (int k = 0; k < 4; ++k) {
          unsigned pick = c >> (4 * k) & 15;
          U64 byte = both >> (8 * (pick & 7)) & 255;
          if (pick & 8)
            byte = byte & 128 ? 255 : 0;
          r |= byte << (8 * k);
        }
        return r;
      }),
      ROW("lop3.b32 d, a, b, c, 0x96;", U32, IN3(U32, U32, U32),
          return a ^ b ^ c;),
      ROW("lop3.b32 d, a, b, c, 0xea;", U32, IN3(U32, U32, U32),
          return (a & b) | c;),
      ROW("setp.lt.s32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32,
          IN2(S32, S32), return int32_t(a) < int32_t(b);),
      ROW("setp.hi.u32 %p0|%p1, a, b;\nselp.b32 d, 1, 2, %p0;\n@%p1 add.u32 d, "
          "d, 8;",
          U32, IN2(U32, U32), return a > b ? 1 : 10;),
      ROW("set.ge.u32.s32 d, a, b;", U32, IN2(S32, S32),
          return int32_t(a) >= int32_t(b) ? ~U64(0) : 0;),
      ROW("slct.b32.s32 d, a, b, c;", U32, IN3(U32, U32, S32),
          return int32_t(c) >= 0 ? a : b;),
  };
}

template <int Mode> U64 addMode(U64 a, U64 b) {
  return bits(rounded(Mode, [&] { return f(a) + f(b); }));
}
template <int Mode> U64 mulMode(U64 a, U64 b) {
  return bits(rounded(Mode, [&] { return f(a) * f(b); }));
}
template <int Mode> U64 fmaMode(U64 a, U64 b, U64 c) {
  return bits(rounded(Mode, [&] { return std::fma(f(a), f(b), f(c)); }));
}

std::vector<Row> floatRows() {
  return {
      ROW("add.f32 d, a, b;", F32, IN2(F32, F32), return bits(f(a) + f(b));),
      ROW("add.rz.f32 d, a, b;", F32, IN2(F32, F32),
          return addMode<FE_TOWARDZERO>(a, b);),
      ROW("add.rm.f32 d, a, b;", F32, IN2(F32, F32),
          return addMode<FE_DOWNWARD>(a, b);),
      ROW("add.rp.f32 d, a, b;", F32, IN2(F32, F32),
          return addMode<FE_UPWARD>(a, b);),
      ROW("add.ftz.f32 d, a, b;", F32, IN2(F32, F32),
          return bits(flush(flush(f(a)) + flush(f(b))));),
      ROW("add.sat.f32 d, a, b;", F32, IN2(F32, F32), {
        float s = f(a) + f(b);
        return bits(s > 0 ? std::min(s, 1.0f) : 0.0f);
      }),
      ROW("sub.f32 d, a, b;", F32, IN2(F32, F32), return bits(f(a) - f(b));),
      ROW("mul.f32 d, a, b;", F32, IN2(F32, F32), return bits(f(a) * f(b));),
      ROW("mul.rz.f32 d, a, b;", F32, IN2(F32, F32),
          return mulMode<FE_TOWARDZERO>(a, b);),
      ROW("mul.rp.f32 d, a, b;", F32, IN2(F32, F32),
          return mulMode<FE_UPWARD>(a, b);),
      ROW("mul.ftz.f32 d, a, b;", F32, IN2(F32, F32),
          return bits(flush(flush(f(a)) * flush(f(b))));),
      ROW("fma.rn.f32 d, a, b, c;", F32, IN3(F32, F32, F32),
          return bits(std::fma(f(a), f(b), f(c)));),
      ROW("fma.rm.f32 d, a, b, c;", F32, IN3(F32, F32, F32),
          return fmaMode<FE_DOWNWARD>(a, b, c);),
      ROW("fma.rz.f32 d, a, b, c;", F32, IN3(F32, F32, F32),
          return fmaMode<FE_TOWARDZERO>(a, b, c);),
      ROW("div.rn.f32 d, a, b;", F32, IN2(F32, F32),
          return bits(f(a) / f(b));),
      ROW("rcp.rn.f32 d, a;", F32, IN1(F32), return bits(1.0f / f(a));),
      ROW("sqrt.rn.f32 d, a;", F32, IN1(F32), return bits(std::sqrt(f(a)));),
      ROW("sqrt.rn.f64 d, a;", F64, IN1(F64), {
        double r = std::sqrt(g(a));
        return bits(r);
      }),
      ROW("add.f64 d, a, b;", F64, IN2(F64, F64), {
        double r = g(a) + g(b);
        return bits(r);
      }),
      ROW("fma.rn.f64 d, a, b, c;", F64, IN3(F64, F64, F64),
          return bits(std::fma(g(a), g(b), g(c)));),
      ROW("min.f32 d, a, b;", F32, IN2(F32, F32), {
        float x = f(a), y = f(b);
        if (x != x)
          return bits(y);
        if (y != y)
          return bits(x);
        if (x == y)
          return std::signbit(x) ? bits(x) : bits(y);
        return bits(std::min(x, y));
      }),
      ROW("max.NaN.f32 d, a, b;", F32, IN2(F32, F32), {
        float x = f(a), y = f(b);
        if (x != x || y != y)
          return U64(0x7fffffff);
        if (x == y)
          return std::signbit(x) ? bits(y) : bits(x);
        return bits(std::max(x, y));
      }),
      ROW("neg.f32 d, a;", F32, IN1(F32), return a ^ 0x80000000;),
      ROW("abs.f32 d, a;", F32, IN1(F32), return a & 0x7fffffff;),
      ROW("copysign.f32 d, a, b;", F32, IN2(F32, F32),
          return (a & 0x80000000) | (b & 0x7fffffff);),
      ROW("testp.subnormal.f32 %p0, a;\nselp.b32 d, 1, 0, %p0;", U32, IN1(F32),
          return std::fpclassify(f(a)) == FP_SUBNORMAL;),
      ROW("setp.ltu.f32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32,
          IN2(F32, F32), return !(f(a) >= f(b));),
      ROW("setp.ne.f32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32, IN2(F32, F32),
          return f(a) < f(b) || f(a) > f(b);),
      ROW("setp.nan.f32 %p0, a, b;\nselp.b32 d, 1, 0, %p0;", U32,
          IN2(F32, F32), return f(a) != f(a) || f(b) != f(b);),
      ROW("ex2.approx.ftz.f32 d, a;", F32, IN1(F32),
          return bits(flush(std::exp2(flush(f(a)))));),
      ROW("rsqrt.approx.f32 d, a;", F32, IN1(F32),
          return bits(float(1 / std::sqrt(double(f(a)))));),
  };
}

U64 half(double x) {
  // Nearest even, by stepping through the neighbours.
  if (x != x)
    return 0x7fff;
  U64 sign = std::signbit(x) ? 0x8000 : 0;
  double m = std::fabs(x);
  if (m >= 65520)
    return sign | 0x7c00;
  U64 best = 0;
  int e = m == 0 ? -14 : std::max(std::ilogb(m), -14);
  double scaled = std::nearbyint(std::ldexp(m, 10 - e));
  best = U64(scaled) + U64((e + 14) * 1024);
  return sign | best;
}
U64 bfloat(double x) {
  if (x != x)
    return 0x7fff;
  U64 sign = std::signbit(x) ? 0x8000 : 0;
  double m = std::fabs(x);
  if (m >= std::ldexp(2 - std::ldexp(1, -8), 127))
    return sign | 0x7f80;
  int e = m == 0 ? -126 : std::max(std::ilogb(m), -126);
  double scaled = std::nearbyint(std::ldexp(m, 7 - e));
  return sign | (U64(scaled) + U64((e + 126) * 128));
}
double h(U64 x) {
  int e = x >> 10 & 31, m = x & 1023;
  double v = e == 31 ? (m ? NAN : INFINITY)
             : e     ? std::ldexp(1024 + m, e - 25)
                     : std::ldexp(m, -24);
  return x & 0x8000 ? -v : v;
}
double bf(U64 x) { return f(x << 16); }

template <class T> U64 clamped(double x) {
  if (x != x)
    return sizeof(T) == 8 ? U64(1) << 63 : 0;
  if (x <= double(std::numeric_limits<T>::min()))
    return U64(std::numeric_limits<T>::min());
  if (x >= double(std::numeric_limits<T>::max()))
    return U64(std::numeric_limits<T>::max());
  return U64(T(x));
}

std::vector<Row> halfRows() {
  return {
      ROW("add.f16 d, a, b;", F16, IN2(F16, F16), return half(h(a) + h(b));),
      ROW("sub.f16 d, a, b;", F16, IN2(F16, F16), return half(h(a) - h(b));),
      ROW("mul.f16 d, a, b;", F16, IN2(F16, F16), return half(h(a) * h(b));),
      ROW("fma.rn.f16 d, a, b, c;", F16, IN3(F16, F16, F16),
          return half(std::fma(h(a), h(b), h(c)));),
      ROW("add.rn.bf16 d, a, b;", BF16, IN2(BF16, BF16),
          return bfloat(bf(a) + bf(b));),
      ROW("mul.rn.bf16 d, a, b;", BF16, IN2(BF16, BF16),
          return bfloat(bf(a) * bf(b));),
      ROW("fma.rn.bf16 d, a, b, c;", BF16, IN3(BF16, BF16, BF16), {
        // The product is exact in f64; the sum may need more bits, which the
        // samples never do unless it vanishes below a rounding.
        long double s = (long double)bf(a) * bf(b) + (long double)bf(c);
        double d = double(s);
        return bfloat(d);
      }),
      ROW("max.f16 d, a, b;", F16, IN2(F16, F16), {
        double x = h(a), y = h(b);
        if (x != x)
          return y != y ? 0x7fff : b;
        if (y != y)
          return a;
        if (x == y)
          return a & 0x8000 ? b : a;
        return x > y ? a : b;
      }),
      ROW("neg.bf16 d, a;", BF16, IN1(BF16), return a ^ 0x8000;),
      ROW("cvt.f32.f16 d, a;", F32, IN1(F16), return bits(float(h(a)));),
      ROW("cvt.f32.bf16 d, a;", F32, IN1(BF16), return bits(float(bf(a)));),
      ROW("cvt.rn.f16.f32 d, a;", F16, IN1(F32), return half(f(a));),
      ROW("cvt.rz.f16.f32 d, a;", F16, IN1(F32), {
        float x = f(a);
        if (x != x || std::isinf(x))
          return half(x);
        U64 r = half(x);
        if (std::fabs(h(r)) > std::fabs(double(x)))
          --r;
        return r;
      }),
      ROW("cvt.rn.bf16.f32 d, a;", BF16, IN1(F32), return bfloat(f(a));),
      ROW("cvt.rn.bf16x2.f32 d, a, b;", U32, IN2(F32, F32),
          return bfloat(f(a)) << 16 | bfloat(f(b));),
      ROW("cvt.rn.f16x2.f32 d, a, b;", U32, IN2(F32, F32),
          return half(f(a)) << 16 | half(f(b));),
      ROW("cvt.rn.satfinite.e4m3x2.f32 d, a, b;", U16, IN2(F32, F32), {
        auto one = [](float x) -> U64 {
          if (x != x)
            return 0x7f;
          U64 sign = std::signbit(x) ? 0x80 : 0;
          double m = std::fabs(double(x));
          if (m > 448)
            return sign | 0x7e;
          int e = m == 0 ? -6 : std::max(std::ilogb(m), -6);
          U64 r = U64(std::nearbyint(std::ldexp(m, 3 - e))) +
                  U64((e + 6) * 8);
          return sign | std::min<U64>(r, 0x7e);
        };
        return one(f(a)) << 8 | one(f(b));
      }),
      ROW("cvt.rni.s32.f32 d, a;", S32, IN1(F32),
          return clamped<int32_t>(std::nearbyint(double(f(a))));),
      ROW("cvt.rzi.s32.f32 d, a;", S32, IN1(F32),
          return clamped<int32_t>(std::trunc(double(f(a))));),
      ROW("cvt.rzi.u32.f32 d, a;", U32, IN1(F32),
          return clamped<uint32_t>(std::trunc(double(f(a))));),
      ROW("cvt.rmi.s64.f64 d, a;", S64, IN1(F64),
          return clamped<int64_t>(std::floor(g(a)));),
      ROW("cvt.rn.f32.s32 d, a;", F32, IN1(S32),
          return bits(float(int32_t(a)));),
      ROW("cvt.rz.f32.u32 d, a;", F32, IN1(U32), {
        return bits(
            rounded(FE_TOWARDZERO, [&] { return float(uint32_t(a)); }));
      }),
      ROW("cvt.rn.f64.s64 d, a;", F64, IN1(S64), {
        double r = double(int64_t(a));
        return bits(r);
      }),
      ROW("cvt.rn.f32.f64 d, a;", F32, IN1(F64), return bits(float(g(a)));),
      ROW("cvt.rp.f32.f64 d, a;", F32, IN1(F64), {
        return bits(rounded(FE_UPWARD, [&] { return float(g(a)); }));
      }),
      ROW("cvt.f64.f32 d, a;", F64, IN1(F32), {
        double r = f(a);
        return r != r ? std::bit_cast<U64>(double(NAN)) & ~U64(0)
                      : bits(r);
      }),
      ROW("cvt.s64.s32 d, a;", S64, IN1(S32), return U64(int64_t(int32_t(a)));),
      ROW("cvt.u64.u32 d, a;", U64, IN1(U32), return a;),
      ROW("cvt.s32.s8 d, a;", S32, IN1(U32), return U64(int64_t(int8_t(a)));),
      ROW("cvt.sat.s8.s32 d, a;", S32, IN1(S32),
          return U64(int64_t(std::clamp(int32_t(a), -128, 127)));),
      ROW("cvt.sat.u16.s32 d, a;", U16, IN1(S32),
          return U64(std::clamp(int32_t(a), 0, 65535));),
      ROW("cvt.rni.f32.f32 d, a;", F32, IN1(F32),
          return bits(std::nearbyint(f(a)));),
      ROW("cvt.sat.f32.f32 d, a;", F32, IN1(F32), {
        float x = f(a);
        return bits(x > 0 ? std::min(x, 1.0f) : 0.0f);
      }),
      ROW("cvt.rna.tf32.f32 d, a;", F32, IN1(F32), {
        float x = f(a);
        if (x != x || std::isinf(x))
          return bits(x);
        return ((a & 0x7fffffff) + 0x1000 & 0xffffe000) | (a & 0x80000000);
      }),
  };
}

TEST(Instruction, Integer) {
  for (const Row &row : integerRows())
    check(row);
}
TEST(Instruction, Bits) {
  for (const Row &row : bitRows())
    check(row);
}
TEST(Instruction, Float) {
  for (const Row &row : floatRows())
    check(row);
}
TEST(Instruction, HalfAndConversions) {
  for (const Row &row : halfRows())
    check(row);
}

/// The published rule by hand: products aligned to the largest exponent, cut,
/// and added.
TEST(TensorCore, AlignsAndTruncates) {
  DotRule rule = dotRule(MmaType::BF16, 90, true);
  // 2^0 * 2^0 and 2^-13 * 2^-13: 26 bits below the first, cut away.
  float a[2] = {1.0f, 0x1p-13f}, b[2] = {1.0f, 0x1p-13f};
  EXPECT_EQ(fusedDotAdd(a, b, 2, 0.0f, rule), 1.0f);
  // An addend of -1 leaves what was kept of the small product.
  float small[2] = {1.0f, 0x1p-12f}, same[2] = {1.0f, 0x1p-13f};
  EXPECT_EQ(fusedDotAdd(small, same, 2, -1.0f, rule), 0x1p-25f);
  DotRule eight = dotRule(MmaType::E4M3, 90, true);
  float x[2] = {1.0f, 0x1p-7f}, y[2] = {1.0f, 0x1p-7f};
  EXPECT_EQ(fusedDotAdd(x, y, 2, 0.0f, eight), 1.0f);
  // Truncation goes towards zero on both sides.
  float p[2] = {1.0f, -0x1p-13f}, q[2] = {1.0f, 0x1p-13f};
  EXPECT_EQ(fusedDotAdd(p, q, 2, 0.0f, rule), 1.0f);
}

TEST(TensorCore, PanelsAgreeWithSingleDots) {
  DotRule rule = dotRule(MmaType::F16, 90, false);
  const unsigned m = 5, n = 19, k = 48;
  std::vector<float> a(m * k), b(n * k), c(m * n), d(m * n);
  unsigned seed = 1;
  auto next = [&] {
    seed = seed * 1664525 + 1013904223;
    return halfToFloat(uint16_t(seed >> 16 & 0xbfff));
  };
  for (auto *list : {&a, &b, &c})
    for (float &v : *list)
      v = next();
  multiplyTile(a.data(), k, b.data(), k, c.data(), n, d.data(), n, m, n, k,
               rule, TensorCoreMode::Exact);
  for (unsigned i = 0; i < m; ++i)
    for (unsigned j = 0; j < n; ++j)
      EXPECT_EQ(d[i * n + j],
                fusedDotAdd(&a[i * k], &b[j * k], k, c[i * n + j], rule));
}

} // namespace
} // namespace vgpu::test
