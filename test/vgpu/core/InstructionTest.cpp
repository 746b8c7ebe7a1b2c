// InstructionTest.cpp - integer and bit instructions, one at a time, against
// arithmetic computed here: borders, carries, shifts out of range.
#include "test/vgpu/core/InstructionTable.h"

namespace vgpu::test {
namespace {

std::vector<Row> integerRows() {
  return {
    ROW("add.u32 d, a, b;", U32, IN2(U32, U32), return a + b;),
        ROW("add.s16 d, a, b;", S16, IN2(S16, S16), return a + b;),
        ROW("add.s64 d, a, b;", S64, IN2(S64, S64), return a + b;),
        ROW("add.sat.s32 d, a, b;", S32, IN2(S32, S32),
            {
              int64_t s = int64_t(int32_t(a)) + int32_t(b);
              return U64(std::clamp<int64_t>(s, INT32_MIN, INT32_MAX));
            }),
        ROW("sub.sat.s32 d, a, b;", S32, IN2(S32, S32),
            {
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
        ROW("min.s16x2 d, a, b;", U32, IN2(U32, U32),
            {
              U64 r = 0;
              for (int h = 0; h < 32; h += 16)
                r |= U64(uint16_t(std::min(int16_t(a >> h), int16_t(b >> h))))
                     << h;
              return r;
            }),
        ROW("add.cc.u32 d, a, b;\naddc.u32 d, c, 0;", U32, IN3(U32, U32, U32),
            return c + ((a + b) >> 32);),
        ROW("sub.cc.u32 d, a, b;\nsubc.u32 d, c, 0;", U32, IN3(U32, U32, U32),
            return c - (a < b);),
        ROW("mad.lo.cc.u32 d, a, b, c;\nmadc.hi.u32 d, a, b, 0;", U32,
            IN3(U32, U32, U32),
            {
              U64 low = uint32_t(a * b);
              return (a * b >> 32) + ((low + c) >> 32);
            }),
        ROW("dp4a.s32.u32 d, a, b, c;", S32, IN3(U32, U32, U32),
            {
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
        ROW("shf.l.wrap.b32 d, a, b, c;", U32, IN3(U32, U32, U32),
            {
              U64 n = c & 31;
              return (b << 32 | a) << n >> 32;
            }),
        ROW("shf.r.clamp.b32 d, a, b, c;", U32, IN3(U32, U32, U32),
            {
              U64 n = std::min<U64>(c, 32);
              return (b << 32 | a) >> n;
            }),
        ROW("popc.b32 d, a;", U32, IN1(U32), return U64(std::popcount(a));),
        ROW("popc.b64 d, a;", U32, IN1(U64), return U64(std::popcount(a));),
        ROW("clz.b32 d, a;", U32, IN1(U32),
            return U64(std::countl_zero(uint32_t(a)));),
        ROW("clz.b64 d, a;", U32, IN1(U64), return U64(std::countl_zero(a));),
        ROW("brev.b32 d, a;", U32, IN1(U32),
            {
              U64 r = 0;
              for (int k = 0; k < 32; ++k)
                r |= (a >> k & 1) << (31 - k);
              return r;
            }),
        ROW("bfind.u32 d, a;", U32, IN1(U32),
            return a ? U64(31 - std::countl_zero(uint32_t(a))) : 0xffffffff;),
        ROW("bfind.s32 d, a;", U32, IN1(S32),
            {
              auto v = uint32_t(int32_t(a) < 0 ? ~a : a);
              return v ? U64(31 - std::countl_zero(v)) : 0xffffffff;
            }),
        ROW("bfe.u32 d, a, b, c;", U32, IN3(U32, U32, U32),
            {
              unsigned pos = b & 255, len = c & 255;
              U64 r = 0;
              for (unsigned k = 0; k < len && k < 32; ++k)
                if (pos + k < 32)
                  r |= (a >> (pos + k) & 1) << k;
              return r;
            }),
        ROW("bfe.s32 d, a, b, c;", S32, IN3(S32, U32, U32),
            {
              unsigned pos = b & 255, len = c & 255;
              if (len == 0)
                return U64(0);
              U64 sign = a >> std::min(pos + len - 1, 31u) & 1, r = 0;
              for (unsigned k = 0; k < 32; ++k)
                r |= (k < len && pos + k < 32 ? a >> (pos + k) & 1 : sign) << k;
              return r;
            }),
        ROW("bfi.b32 d, a, b, c, 8;", U32, IN3(U32, U32, U32),
            {
              unsigned pos = c & 255;
              U64 r = b;
              for (unsigned k = 0; k < 8; ++k)
                if (pos + k < 32)
                  r = (r & ~(U64(1) << (pos + k))) | (a >> k & 1) << (pos + k);
              return r;
            }),
        ROW("prmt.b32 d, a, b, c;", U32, IN3(U32, U32, U32),
            {
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
        ROW("setp.hi.u32 %p0|%p1, a, b;\nselp.b32 d, 1, 2, %p0;\n@%p1 add.u32 "
            "d, "
            "d, 8;",
            U32, IN2(U32, U32), return a > b ? 1 : 10;),
        ROW("set.ge.u32.s32 d, a, b;", U32, IN2(S32, S32),
            return int32_t(a) >= int32_t(b) ? ~U64(0) : 0;),
        ROW("slct.b32.s32 d, a, b, c;", U32, IN3(U32, U32, S32),
            return int32_t(c) >= 0 ? a : b;),
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
} // namespace
} // namespace vgpu::test
