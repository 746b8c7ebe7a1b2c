// FormTest.cpp - every typed form of the register-to-register instructions.
//
// Forms are spelled by a grammar that is wider than PTX: mnemonic, every mix of
// the modifiers of its family, every type. What the decoder accepts must be a
// form that the oracles know, and must compute what they say for all
// combinations of sample operands; what they know must be accepted.
#include "test/vgpu/core/KernelRunner.h"
#include "test/vgpu/core/Oracle.h"
#include "tools/vgpu/core/Decoders.h"

#include <cmath>
#include <map>
#include <set>

namespace vgpu::test {
namespace {

using Slot = std::vector<std::string>;

const Slot integerTypes = {"u16", "s16", "u32", "s32", "u64", "s64"};
const Slot allTypes = {"pred", "b8",   "b16",   "b32",  "b64",    "u8",
                       "s8",   "u16",  "s16",   "u32",  "s32",    "u64",
                       "s64",  "f16",  "f16x2", "bf16", "bf16x2", "f32",
                       "f64",  "tf32", "u16x2", "s16x2"};
const Slot rounding = {"", "rn", "rz", "rm", "rp"};
const Slot part = {"", "lo", "hi", "wide"};
Slot maybe(const std::string &modifier) { return {"", modifier}; }

struct Grammar {
  Slot mnemonics;
  std::vector<Slot> slots; ///< "" leaves the slot out
};

std::vector<Grammar> grammars() {
  Slot tests = {"eq",  "ne",  "lt",  "le",  "gt",  "ge", "equ", "neu", "ltu",
                "leu", "gtu", "geu", "num", "nan", "lo", "ls",  "hi",  "hs"};
  Slot joins = {"", "and", "or", "xor"};
  Slot compared = {"b16",   "b32",    "b64", "u8",  "u16",  "s16",
                   "u32",   "s32",    "u64", "s64", "f16",  "bf16",
                   "f16x2", "bf16x2", "f32", "f64", "pred", "u16x2"};
  Slot results = {"u16",  "s16",   "u32",    "s32", "u64", "f16",
                  "bf16", "f16x2", "bf16x2", "f32", "f64"};
  Slot converted = {"u8",   "s8",    "u16",    "s16",    "u32",   "s32",
                    "u64",  "s64",   "f16",    "bf16",   "f32",   "f64",
                    "tf32", "f16x2", "bf16x2", "e4m3x2", "e5m2x2"};
  Slot dots = {"u32", "s32", "b32", "u16"};
  return {
      {{"add", "sub"},
       {rounding, maybe("ftz"), maybe("sat"), maybe("cc"), allTypes}},
      {{"mul", "mad"},
       {part, rounding, maybe("ftz"), maybe("sat"), maybe("cc"), allTypes}},
      {{"addc", "subc", "madc"}, {part, maybe("cc"), allTypes}},
      {{"mul24", "mad24"}, {part, maybe("sat"), allTypes}},
      {{"fma"},
       {rounding, maybe("ftz"), maybe("sat"), maybe("oob"), maybe("relu"),
        allTypes}},
      {{"div"},
       {{"", "approx", "full", "rn", "rz", "rm", "rp"},
        maybe("ftz"),
        maybe("sat"),
        allTypes}},
      {{"rem", "sad"}, {allTypes}},
      {{"min", "max"},
       {maybe("ftz"),
        maybe("NaN"),
        {"", "xorsign.abs"},
        maybe("relu"),
        maybe("sat"),
        allTypes}},
      {{"neg", "abs"}, {rounding, maybe("ftz"), maybe("sat"), allTypes}},
      {{"dp4a"}, {dots, dots}},
      {{"dp2a"}, {part, dots, dots}},
      {{"and", "or", "xor", "not", "cnot", "shl", "shr", "popc", "clz", "brev",
        "bfe", "bfi", "fns", "lop3"},
       {allTypes}},
      {{"bfind"}, {maybe("shiftamt"), allTypes}},
      {{"bmsk"}, {{"", "wrap", "clamp"}, allTypes}},
      {{"shf"}, {{"", "l", "r"}, {"", "wrap", "clamp"}, allTypes}},
      {{"prmt"}, {allTypes, {"", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"}}},
      {{"copysign"}, {allTypes}},
      {{"testp"},
       {{"finite", "infinite", "number", "notanumber", "normal", "subnormal"},
        allTypes}},
      {{"sqrt", "rcp", "rsqrt", "sin", "cos", "lg2", "ex2", "tanh"},
       {{"", "approx", "rn", "rz", "rm", "rp"}, maybe("ftz"), allTypes}},
      {{"setp"}, {tests, joins, maybe("ftz"), compared}},
      {{"set"}, {tests, joins, maybe("ftz"), results, compared}},
      {{"selp"}, {allTypes}},
      {{"slct"}, {maybe("ftz"), allTypes, {"s32", "f32", "u32", "f64"}}},
      {{"cvt"},
       {{"", "rn", "rz", "rm", "rp", "rna", "rni", "rzi", "rmi", "rpi"},
        maybe("ftz"),
        maybe("relu"),
        {"", "sat", "satfinite"},
        converted,
        converted}},
      {{"cvt.pack"},
       {{"sat", ""},
        {"u16", "s16", "u8", "s8", "u4", "s4", "u2", "u32"},
        {"s32", "u32"},
        {"", "b32"}}},
  };
}

/// Mnemonics that other tests run: memory (MemoryFormTest), exchanges and moves
/// (ExchangeFormTest), control, synchronisation and matrices
/// (ChecklistTest, HopperTest, the CUDA cases).
const std::set<std::string> elsewhere = {
    "mov",           "cvta",       "isspacep",     "ld",
    "ldu",           "st",         "prefetch",     "prefetchu",
    "applypriority", "discard",    "createpolicy", "atom",
    "red",           "bra",        "brx",          "call",
    "ret",           "exit",       "trap",         "brkpt",
    "nanosleep",     "pmevent",    "setmaxnreg",   "griddepcontrol",
    "bar",           "barrier",    "fence",        "membar",
    "shfl",          "vote",       "match",        "redux",
    "elect",         "activemask", "cp",           "mbarrier",
    "mapa",          "getctarank", "ldmatrix",     "stmatrix",
    "movmatrix",     "mma",        "wgmma",        "wmma",
    "tensormap"};

std::optional<Form> formOf(const Parts &parts) {
  for (auto family : {integerForm, bitForm, floatForm, halfForm, functionForm,
                      compareForm, convertForm})
    if (auto form = family(parts))
      return form;
  return std::nullopt;
}

Parts splitAtDots(const std::string &opcode) {
  Parts parts = {""};
  for (char c : opcode)
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

/// A device with buffers for the operands, used by one form after the other.
class Bench {
public:
  Bench() {
    for (auto &buffer : buffers)
      buffer = std::make_unique<Buffer>(*runner.device, maxLanes * 8);
    runner.options.hostThreads = 1;
  }

  /// True when a kernel with this instruction loads.
  bool accepts(const Form &form) {
    runner.error = LoadError();
    return runner.load(kernel(form));
  }

  /// Runs the loaded form on every combination of samples.
  void check(const Form &form) {
    std::vector<std::vector<U64>> lists;
    size_t total = 1;
    for (Kind kind : form.in) {
      lists.push_back(samples(kind, form.in.size() > 2));
      total *= lists.back().size();
    }
    ASSERT_LE(total, size_t(maxLanes));
    std::vector<U64> inputs[3];
    for (size_t k = 0; k < 3; ++k)
      inputs[k].resize(total);
    for (size_t k = 0, step = 1; k < form.in.size(); ++k) {
      unsigned w = bytesOf(form.in[k]);
      for (size_t t = 0; t < total; ++t) {
        inputs[k][t] = lists[k][t / step % lists[k].size()];
        std::memcpy(reinterpret_cast<void *>(buffers[k]->address + t * w),
                    &inputs[k][t], w);
      }
      step *= lists[k].size();
    }
    LaunchResult result = runner.run(
        "k", {unsigned((total + 127) / 128), 1, 1}, {128, 1, 1}, 0,
        static_cast<const Buffer *>(buffers[0].get()),
        static_cast<const Buffer *>(buffers[1].get()),
        static_cast<const Buffer *>(buffers[2].get()),
        static_cast<const Buffer *>(buffers[3].get()), uint32_t(total));
    ASSERT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
    unsigned w = bytesOf(form.d), wrong = 0;
    for (size_t t = 0; t < total && wrong < 2; ++t) {
      U64 got = 0;
      std::memcpy(
          &got, reinterpret_cast<const void *>(buffers[3]->address + t * w), w);
      U64 want = form.expect(inputs[0][t], inputs[1][t], inputs[2][t]);
      if (!agree(form, got, want)) {
        ++wrong;
        ADD_FAILURE() << std::hex << "inputs " << inputs[0][t] << " "
                      << inputs[1][t] << " " << inputs[2][t] << ": expected "
                      << want << ", but got " << got;
      }
    }
  }

private:
  static constexpr unsigned maxLanes = 16384;

  static bool agree(const Form &form, U64 got, U64 want) {
    unsigned w = bytesOf(form.d);
    U64 keep = w == 8 ? ~U64(0) : (U64(1) << (8 * w)) - 1;
    want &= keep;
    if (got == want)
      return true;
    auto value = [&](U64 bits) {
      return form.d == Kind::F64   ? doubleOf(bits)
             : form.d == Kind::F32 ? double(floatOf(bits))
                                   : halfOf(form.d, bits & 0xffff);
    };
    if (isPair(form.d) && form.relative != 0) {
      Form half = form;
      half.d = form.d == Kind::F16x2 ? Kind::F16 : Kind::BF16;
      return agree(half, got & 0xffff, want & 0xffff) &&
             agree(half, got >> 16, want >> 16);
    }
    // NaNs of f64 keep what the host makes of them.
    if (form.d == Kind::F64 && value(want) != value(want))
      return value(got) != value(got);
    if (form.relative == 0)
      return false;
    double x = value(got), y = value(want);
    return std::isfinite(y) &&
           std::fabs(x - y) <= form.absolute + form.relative * std::fabs(y);
  }

  static const char *registerType(Kind kind) {
    unsigned bytes = bytesOf(kind);
    return bytes == 2 ? ".b16" : bytes == 4 ? ".b32" : ".b64";
  }

  std::string kernel(const Form &form) {
    std::string text = ".version 8.8\n.target sm_90a\n.address_size 64\n"
                       ".visible .entry k(.param .u64 p0, .param .u64 p1, "
                       ".param .u64 p2, .param .u64 p3, .param .u32 n) {\n"
                       ".reg .pred %out, %p<4>;\n.reg .b64 %x<8>;\n"
                       ".reg .b32 %i<8>;\n.reg " +
                       std::string(registerType(form.d)) + " d;\n";
    const char *names[] = {"a", "b", "c"};
    for (size_t k = 0; k < form.in.size(); ++k)
      text += std::string(".reg ") + registerType(form.in[k]) + " " + names[k] +
              ";\n";
    text += "mov.u32 %i0, %tid.x;\nmov.u32 %i1, %ctaid.x;\nmov.u32 %i2, "
            "%ntid.x;\nmad.lo.u32 %i0, %i1, %i2, %i0;\nld.param.u32 %i3, "
            "[n];\nsetp.ge.u32 %out, %i0, %i3;\n@%out ret;\n";
    for (size_t k = 0; k < form.in.size(); ++k)
      text += "ld.param.u64 %x0, [p" + std::to_string(k) +
              "];\nmad.wide.u32 %x0, %i0, " +
              std::to_string(bytesOf(form.in[k])) + ", %x0;\nld.global" +
              registerType(form.in[k]) + " " + names[k] + ", [%x0];\n";
    return text + form.ptx + "\nld.param.u64 %x0, [p3];\nmad.wide.u32 %x0, " +
           "%i0, " + std::to_string(bytesOf(form.d)) + ", %x0;\nst.global" +
           registerType(form.d) + " [%x0], d;\nret;\n}\n";
  }

  Runner runner;
  std::unique_ptr<Buffer> buffers[4];
};

std::string defaultText(const std::string &opcode, const Form &form) {
  std::string text = opcode + " d";
  for (size_t k = 0; k < form.in.size(); ++k)
    text += ", " + std::string(1, char('a' + k));
  return text + ";";
}

/// Operands for an opcode that no oracle knows: one of these shapes would
/// decode if the opcode did.
std::vector<Form> guesses(const std::string &opcode, const Parts &parts) {
  std::vector<Kind> kinds = kindsOf(parts);
  Kind d = kinds.empty() ? Kind::U32 : kinds[0];
  Kind s = kinds.empty() ? Kind::U32 : kinds.back();
  std::vector<Form> out;
  for (unsigned count = 1; count <= 3; ++count) {
    Form form;
    form.d = d;
    form.in.assign(count, s);
    form.ptx = defaultText(opcode, form);
    out.push_back(form);
  }
  return out;
}

class FormTest : public ::testing::TestWithParam<int> {};

/// Calls f(opcode) for every spelling of a grammar.
template <class F> void spell(const Grammar &grammar, F f) {
  for (const std::string &mnemonic : grammar.mnemonics) {
    std::vector<std::string> opcodes = {mnemonic};
    for (const Slot &slot : grammar.slots) {
      std::vector<std::string> longer;
      for (const std::string &opcode : opcodes)
        for (const std::string &modifier : slot)
          longer.push_back(modifier.empty() ? opcode : opcode + "." + modifier);
      opcodes = std::move(longer);
    }
    for (const std::string &opcode : opcodes)
      f(opcode);
  }
}

TEST_P(FormTest, ComputesWhatItSays) {
  Grammar grammar = grammars()[size_t(GetParam())];
  Bench bench;
  unsigned known = 0, strange = 0, refused = 0;
  spell(grammar, [&](const std::string &opcode) {
    Parts parts = splitAtDots(opcode);
    std::optional<Form> form = formOf(parts);
    if (!form) {
      for (const Form &guess : guesses(opcode, parts))
        if (bench.accepts(guess) && ++strange < 20)
          ADD_FAILURE() << "'" << guess.ptx
                        << "' is accepted, but no oracle knows it";
      return;
    }
    ++known;
    if (form->ptx.empty())
      form->ptx = defaultText(opcode, *form);
    if (!bench.accepts(*form)) {
      // Conversions have rules of their own on what may be combined.
      if (parts[0] != "cvt" && ++refused < 20)
        ADD_FAILURE() << "'" << form->ptx << "' is not accepted";
      return;
    }
    SCOPED_TRACE(form->ptx);
    bench.check(*form);
  });
  EXPECT_GT(known, 0u);
}

INSTANTIATE_TEST_SUITE_P(Grammars, FormTest,
                         ::testing::Range(0, int(grammars().size())),
                         [](const ::testing::TestParamInfo<int> &info) {
                           std::string name =
                               grammars()[size_t(info.param)].mnemonics[0];
                           return name == "cvt.pack" ? "cvtpack" : name;
                         });

TEST(Forms, EveryMnemonicIsTested) {
  std::set<std::string> covered = elsewhere;
  for (const Grammar &grammar : grammars())
    for (const std::string &mnemonic : grammar.mnemonics)
      covered.insert(mnemonic);
  for (std::string_view name : decodedMnemonics())
    EXPECT_TRUE(covered.count(std::string(name)))
        << "'" << name << "' is decoded, but no test runs it";
}

} // namespace
} // namespace vgpu::test
