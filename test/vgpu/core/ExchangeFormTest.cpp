// ExchangeFormTest.cpp - shuffles, votes, matches and reductions of a warp,
// moves between widths, and addresses of spaces, against plain loops.
#include "test/vgpu/core/KernelRunner.h"

#include <algorithm>
#include <functional>

namespace vgpu::test {
namespace {

using Values = std::vector<uint32_t>;

/// Runs `text`, which makes r0 of r1 (lane l: the l-th value) and r2 (the
/// lane), for one warp.
Values run(const std::string &text, const Values &in) {
  Runner runner;
  std::string kernel =
      ".version 8.8\n.target sm_90a\n.address_size 64\n"
      ".visible .entry k(.param .u64 in, .param .u64 out) {\n"
      ".reg .b64 %x<8>; .reg .b32 r<8>; .reg .b16 h<4>; .reg .pred p<4>;\n"
      ".reg .b8 q<4>; .reg .b128 w;\n"
      ".shared .align 16 .b8 words[64]; .local .align 8 .b8 own[8];\n"
      "mov.u32 r2, %tid.x; ld.param.u64 %x0, [in]; ld.param.u64 %x1, [out];\n"
      "mad.wide.u32 %x0, r2, 4, %x0; mad.wide.u32 %x1, r2, 4, %x1;\n"
      "ld.global.u32 r1, [%x0]; mov.u32 r0, 0;\n" +
      text + "\nst.global.u32 [%x1], r0;\nret;\n}\n";
  EXPECT_TRUE(runner.load(kernel)) << runner.error.str();
  Buffer from(*runner.device, in), to(*runner.device, in.size() * 4);
  LaunchResult result = runner.run("k", {1, 1, 1}, {32, 1, 1}, 0,
                                   static_cast<const Buffer *>(&from),
                                   static_cast<const Buffer *>(&to));
  EXPECT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
  return to.read<uint32_t>();
}

Values someValues(uint32_t kinds) {
  Values values(32);
  for (uint32_t l = 0; l < 32; ++l)
    values[l] = (l * 2654435761u >> 7) % kinds + (l % 5 == 0 ? 0x80000000 : 0);
  return values;
}

void expectLanes(const std::string &text, const Values &in,
                 const std::function<uint32_t(unsigned)> &want) {
  SCOPED_TRACE(text);
  Values out = run(text, in);
  for (unsigned l = 0; l < 32; ++l)
    EXPECT_EQ(out[l], want(l)) << "lane " << l;
}

TEST(ExchangeForms, Shuffles) {
  Values in = someValues(1u << 20);
  for (const char *mode : {"up", "down", "bfly", "idx"})
    for (unsigned width : {32u, 16u, 8u})
      for (unsigned by : {0u, 1u, 3u, 7u, 16u, 31u}) {
        bool up = std::string(mode) == "up";
        unsigned segment = 32 - width, clamp = up ? 0 : 31;
        std::string text = "shfl.sync." + std::string(mode) +
                           ".b32 r0|p0, r1, " + std::to_string(by) + ", " +
                           std::to_string(segment << 8 | clamp) +
                           ", -1; @!p0 xor.b32 r0, r0, 1;";
        expectLanes(text, in, [&](unsigned l) {
          int first = int(l / width * width), last = first + int(width) - 1;
          int from = up                            ? int(l) - int(by)
                     : std::string(mode) == "down" ? int(l + by)
                     : std::string(mode) == "bfly" ? int(l ^ by)
                                                   : first + int(by % width);
          bool inside = up ? from >= first : from <= last;
          return inside ? in[size_t(from)] : in[l] ^ 1;
        });
      }
}

TEST(ExchangeForms, VotesAndMatches) {
  for (unsigned odd : {0u, 1u, 2u}) { // none, all, some
    std::string test = odd == 0   ? "setp.lt.u32 p0, r2, 0;"
                       : odd == 1 ? "setp.ge.u32 p0, r2, 0;"
                                  : "setp.lt.u32 p0, r2, 20;";
    auto holds = [&](unsigned l) { return odd == 1 || (odd == 2 && l < 20); };
    uint32_t ballot = 0;
    for (unsigned l = 0; l < 32; ++l)
      ballot |= uint32_t(holds(l)) << l;
    Values in(32);
    auto vote = [&](const char *mode, bool want) {
      expectLanes(test + " vote.sync." + mode +
                      ".pred p1, p0, -1; selp.b32 r0, 1, 0, p1;",
                  in, [&](unsigned) { return want; });
    };
    vote("all", ballot == ~0u);
    vote("any", ballot != 0);
    vote("uni", ballot == 0 || ballot == ~0u);
    expectLanes(test + " vote.sync.ballot.b32 r0, p0, -1;", in,
                [&](unsigned) { return ballot; });
    expectLanes(test + " vote.sync.any.pred p1, !p0, -1; selp.b32 r0, 1, 0, "
                       "p1;",
                in, [&](unsigned) { return ballot != ~0u; });
  }
  Values in = someValues(3);
  for (bool wide : {false, true})
    for (bool same : {false, true}) {
      Values used = same ? Values(32, 7) : in;
      std::string value = wide ? "%x2" : "r1";
      std::string type = wide ? "b64" : "b32";
      std::string make = wide ? "mov.b64 %x2, {r1, r1}; " : "";
      expectLanes(make + "match.any.sync." + type + " r0, " + value + ", -1;",
                  used, [&](unsigned l) {
                    uint32_t mask = 0;
                    for (unsigned k = 0; k < 32; ++k)
                      mask |= uint32_t(used[k] == used[l]) << k;
                    return mask;
                  });
      expectLanes(make + "match.all.sync." + type + " r0|p0, " + value +
                      ", -1; @p0 xor.b32 r0, r0, 5;",
                  used, [&](unsigned) { return same ? ~0u ^ 5 : 0u; });
    }
}

TEST(ExchangeForms, Reductions) {
  Values in = someValues(1u << 30);
  struct Form {
    const char *name;
    std::function<uint32_t(uint32_t, uint32_t)> join;
  };
  auto least = [](uint32_t a, uint32_t b) { return std::min(a, b); };
  auto most = [](uint32_t a, uint32_t b) { return std::max(a, b); };
  auto sleast = [](uint32_t a, uint32_t b) {
    return int32_t(a) < int32_t(b) ? a : b;
  };
  auto smost = [](uint32_t a, uint32_t b) {
    return int32_t(a) > int32_t(b) ? a : b;
  };
  auto add = [](uint32_t a, uint32_t b) { return a + b; };
  const Form forms[] = {
      {"add.u32", add},
      {"add.s32", add},
      {"min.u32", least},
      {"max.u32", most},
      {"min.s32", sleast},
      {"max.s32", smost},
      {"and.b32", [](uint32_t a, uint32_t b) { return a & b; }},
      {"or.b32", [](uint32_t a, uint32_t b) { return a | b; }},
      {"xor.b32", [](uint32_t a, uint32_t b) { return a ^ b; }}};
  for (const Form &form : forms) {
    uint32_t all = in[0];
    for (unsigned l = 1; l < 32; ++l)
      all = form.join(all, in[l]);
    expectLanes("redux.sync." + std::string(form.name) + " r0, r1, -1;", in,
                [&](unsigned) { return all; });
  }
  expectLanes("elect.sync r0|p0, -1; @p0 add.u32 r0, r0, 9;", in,
              [](unsigned l) { return l == 0 ? 9u : 0u; });
  expectLanes("setp.lt.u32 p0, r2, 5; @!p0 bra over; activemask.b32 r0; over:",
              in, [](unsigned l) { return l < 5 ? 31u : 0u; });
}

TEST(ExchangeForms, MovesAndSpaces) {
  Values in = someValues(1u << 30);
  auto swapped = [&](unsigned l) { return in[l] >> 16 | in[l] << 16; };
  expectLanes("mov.b32 {h0, h1}, r1; mov.b32 r0, {h1, h0};", in, swapped);
  expectLanes("mov.b32 {_, h1}, r1; cvt.u32.u16 r0, h1;", in,
              [&](unsigned l) { return in[l] >> 16; });
  expectLanes("mov.b64 %x2, {r2, r1}; mov.b64 {r3, r0}, %x2;", in,
              [&](unsigned l) { return in[l]; });
  expectLanes("mov.b64 %x2, {r2, r1}; mov.b64 {h0, h1, h2, h3}, %x2; "
              "mov.b32 r0, {h3, h2};",
              in, swapped);
  expectLanes("mov.b32 {q0, q1, q2, q3}, r1; mov.b32 r0, {q3, q2, q1, q0};", in,
              [&](unsigned l) { return __builtin_bswap32(in[l]); });
  expectLanes(
      "mov.b32 {h0, h1}, r1; mov.b16 {q0, q1}, h0; mov.b16 h2, {q1, "
      "q0}; cvt.u32.u16 r0, h2;",
      in, [&](unsigned l) { return (in[l] & 255) << 8 | (in[l] >> 8 & 255); });
  expectLanes("mov.b64 %x2, {r1, r2}; mov.b128 w, {%x2, %x0}; mov.b128 {%x3, "
              "%x4}, w; cvt.u32.u64 r0, %x3;",
              in, [&](unsigned l) { return in[l]; });
  expectLanes("setp.gt.u32 p0, r2, 9; mov.pred p1, p0; selp.b32 r0, 1, 0, p1;",
              in, [](unsigned l) { return l > 9; });
  // A generic address tells its space, and leads back.
  struct Space {
    const char *name, *variable;
    unsigned bit;
  };
  const Space spaces[] = {{"shared", "words", 1}, {"local", "own", 2}};
  const std::string ask =
      " isspacep.shared p0, %x3; isspacep.local p1, %x3; isspacep.global p2, "
      "%x3; @p0 or.b32 r0, r0, 1; @p1 or.b32 r0, r0, 2; @p2 or.b32 r0, r0, 4;";
  for (const Space &space : spaces)
    expectLanes("mov.u64 %x2, " + std::string(space.variable) + "; cvta." +
                    space.name + ".u64 %x3, %x2;" + ask + " cvta.to." +
                    space.name +
                    ".u64 %x4, %x3; setp.ne.u64 p3, %x4, %x2; @p3 or.b32 r0, "
                    "r0, 64;",
                in, [&](unsigned) { return space.bit; });
  expectLanes("cvta.global.u64 %x3, %x0;" + ask, in,
              [](unsigned) { return 4u; });
}

} // namespace
} // namespace vgpu::test
