// MemoryFormTest.cpp - every typed form of atom and red, and of loads and
// stores, against plain arithmetic on single words.
#include "test/vgpu/core/KernelRunner.h"
#include "test/vgpu/core/Oracle.h"

#include <algorithm>
#include <cmath>

namespace vgpu::test {
namespace {

const std::string head = ".version 8.8\n.target sm_90a\n.address_size 64\n";

/// The new value of a word, or nothing when PTX has no such form.
std::optional<U64> combine(const std::string &op, const std::string &type,
                           U64 old, U64 a, U64 b) {
  Kind kind = *kindOf(type);
  bool plain = type[0] == 'b' && !isHalf(kind);
  unsigned bits = 8 * bytesOf(kind);
  U64 keep = bits == 64 ? ~U64(0) : (U64(1) << bits) - 1;
  if (op == "exch")
    return plain && bits >= 32 ? std::optional(a) : std::nullopt;
  if (op == "cas")
    return plain ? std::optional((old & keep) == (a & keep) ? b : old)
                 : std::nullopt;
  if (op == "and" || op == "or" || op == "xor") {
    if (!plain || bits < 32)
      return std::nullopt;
    return op == "and" ? old & a : op == "or" ? old | a : old ^ a;
  }
  if (op == "inc" || op == "dec") {
    if (type != "u32")
      return std::nullopt;
    if (op == "inc")
      return old >= a ? 0 : old + 1;
    return old == 0 || old > a ? a : old - 1;
  }
  if (plain || bits < 16)
    return std::nullopt;
  if (isInteger(kind)) {
    if (bits < 32)
      return std::nullopt;
    if (op == "add") // s64 is spelled u64
      return type == "s64" ? std::nullopt : std::optional(old + a);
    auto x = valueOf(kind, old), y = valueOf(kind, a);
    return U64(op == "min" ? std::min(x, y) : std::max(x, y));
  }
  if (op != "add")
    return std::nullopt; // halves' min and max are tried below
  if (kind == Kind::F32)
    return bitsOf(floatOf(old) + floatOf(a));
  if (kind == Kind::F64)
    return bitsOf(doubleOf(old) + doubleOf(a));
  auto half = [&](U64 x, U64 y) {
    return roundTo(kind, halfOf(kind, x) + halfOf(kind, y), 0, "rn");
  };
  U64 low = half(old & 0xffff, a & 0xffff);
  return isPair(kind) ? low | half(old >> 16 & 0xffff, a >> 16 & 0xffff) << 16
                      : low;
}

/// Ordinary numbers: atomics of NaNs and infinities are left out.
std::vector<U64> operands(Kind kind) {
  std::vector<U64> out;
  for (U64 bits : samples(kind, false)) {
    double value = kind == Kind::F32   ? floatOf(bits)
                   : kind == Kind::F64 ? doubleOf(bits)
                   : isHalf(kind)
                       ? halfOf(kind, bits & 0xffff) + halfOf(kind, bits >> 16)
                       : 1;
    bool small = std::fpclassify(value) == FP_SUBNORMAL ||
                 (kind == Kind::F32 && std::fabs(value) < 1e-30 && value != 0);
    if (std::isfinite(value) && !small && std::fabs(value) < 1e30)
      out.push_back(bits);
  }
  return out;
}

const char *registerType(unsigned bytes) {
  return bytes == 2 ? "b16" : bytes == 4 ? "b32" : "b64";
}

void checkAtomic(const std::string &mnemonic, const std::string &space,
                 const std::string &op, const std::string &type) {
  Kind kind = *kindOf(type);
  unsigned w = bytesOf(kind);
  bool half = isHalf(kind), shared = space == "shared",
       atom = mnemonic == "atom";
  std::string opcode = mnemonic + "." + space + "." + op +
                       (half && op == "add" ? ".noftz." : ".") + type;
  SCOPED_TRACE(opcode);
  std::string reg = registerType(w), bytes = std::to_string(w);
  std::string text =
      head +
      ".visible .entry k(.param .u64 p0, .param .u64 p1, .param .u64 "
      "p2, .param .u64 p3) {\n.reg .b64 %x<8>; .reg .b32 %i<4>;\n.reg ." +
      reg +
      " old, a, b;\n.shared .align 8 .b8 words[2048];\n"
      "mov.u32 %i0, %tid.x;\n";
  for (int k = 0; k < 4; ++k)
    text += "ld.param.u64 %x" + std::to_string(k) + ", [p" + std::to_string(k) +
            "]; mad.wide.u32 %x" + std::to_string(k) + ", %i0, " + bytes +
            ", %x" + std::to_string(k) + ";\n";
  text += "ld.global." + reg + " a, [%x1]; ld.global." + reg + " b, [%x2];\n";
  std::string address = "%x0";
  if (shared) {
    text += "ld.global." + reg +
            " old, [%x0]; mov.u32 %i1, words; "
            "mad.lo.u32 %i1, %i0, 8, %i1; st.shared." +
            reg + " [%i1], old;\n";
    address = "%i1";
  }
  text += opcode + (atom ? " old, [" : " [") + address + "], a" +
          (op == "cas" ? ", b;\n" : ";\n");
  if (atom)
    text += "st.global." + reg + " [%x3], old;\n";
  if (shared)
    text +=
        "ld.shared." + reg + " old, [%i1]; st.global." + reg + " [%x0], old;\n";
  text += "ret;\n}\n";
  Runner runner;
  bool exists = combine(op, type, 0, 0, 0).has_value() &&
                (atom || (op != "cas" && op != "exch"));
  bool loads = runner.load(text);
  if (!exists)
    return;
  ASSERT_TRUE(loads) << runner.error.str();
  std::vector<U64> list = operands(kind);
  const unsigned lanes = 256;
  std::vector<uint8_t> memory[4];
  std::vector<U64> in[3];
  for (unsigned k = 0; k < 4; ++k)
    memory[k].resize(lanes * w);
  for (unsigned t = 0; t < lanes; ++t) {
    U64 old = list[t % list.size()], a = list[t / list.size() % list.size()];
    U64 values[] = {old, op == "cas" && t % 2 ? old : a,
                    list[t * 7 % list.size()]};
    for (unsigned k = 0; k < 3; ++k) {
      in[k].push_back(values[k]);
      std::memcpy(&memory[k][t * w], &values[k], w);
    }
  }
  Buffer words(*runner.device, memory[0]), a(*runner.device, memory[1]),
      b(*runner.device, memory[2]), result(*runner.device, memory[3]);
  LaunchResult launched = runner.run(
      "k", {1, 1, 1}, {lanes, 1, 1}, 0, static_cast<const Buffer *>(&words),
      static_cast<const Buffer *>(&a), static_cast<const Buffer *>(&b),
      static_cast<const Buffer *>(&result));
  ASSERT_EQ(launched.status, LaunchStatus::Ok) << reportsOf(launched);
  U64 keep = w == 8 ? ~U64(0) : (U64(1) << (8 * w)) - 1;
  auto at = [&](const Buffer &buffer, unsigned t) {
    U64 value = 0;
    std::memcpy(&value, reinterpret_cast<const void *>(buffer.address + t * w),
                w);
    return value;
  };
  for (unsigned t = 0; t < lanes; ++t) {
    U64 want = *combine(op, type, in[0][t], in[1][t], in[2][t]) & keep;
    ASSERT_EQ(at(words, t), want) << std::hex << in[0][t] << " " << in[1][t];
    if (atom)
      ASSERT_EQ(at(result, t), in[0][t] & keep);
  }
}

TEST(MemoryForms, Atomics) {
  for (const char *mnemonic : {"atom", "red"})
    for (const char *space : {"global", "shared"})
      for (const char *op : {"add", "min", "max", "and", "or", "xor", "inc",
                             "dec", "exch", "cas"})
        for (const char *type :
             {"b16", "b32", "b64", "u32", "s32", "u64", "s64", "f16", "f16x2",
              "bf16", "bf16x2", "f32", "f64"})
          checkAtomic(mnemonic, space, op, type);
}

/// A load of `type` into a register of `to` bytes, and its store.
TEST(MemoryForms, LoadsAndStores) {
  struct Type {
    const char *name;
    unsigned bytes;
    bool isSigned;
  };
  const Type types[] = {{"b8", 1, false},  {"u8", 1, false},  {"s8", 1, true},
                        {"b16", 2, false}, {"u16", 2, false}, {"s16", 2, true},
                        {"b32", 4, false}, {"u32", 4, false}, {"s32", 4, true},
                        {"f32", 4, false}, {"b64", 8, false}, {"u64", 8, false},
                        {"s64", 8, true},  {"f64", 8, false}};
  for (const char *space : {"global", "shared", "local", ""})
    for (const Type &type : types)
      for (unsigned count : {1u, 2u, 4u})
        for (unsigned width : {2u, 4u, 8u}) {
          // Floats have registers of their own width.
          if (width < type.bytes || type.bytes * count > 16 ||
              (type.name[0] == 'f' && width != type.bytes))
            continue;
          std::string dot = *space ? "." + std::string(space) : "";
          std::string form = dot +
                             (count > 1 ? ".v" + std::to_string(count) : "") +
                             "." + type.name;
          SCOPED_TRACE(form + " with registers of " + std::to_string(width));
          std::string regs = "{", sums;
          for (unsigned k = 0; k < count; ++k)
            regs += (k ? ", r" : "r") + std::to_string(k);
          regs = count > 1 ? regs + "}" : "r0";
          std::string full = registerType(width);
          std::string size = std::to_string(type.bytes * count);
          std::string text =
              head +
              ".visible .entry k(.param .u64 in, .param .u64 out) {\n"
              ".reg .b64 %x<8>; .reg .b32 %i<4>; .reg ." +
              full +
              " r<4>;\n.local .align 16 .b8 own[16];\n"
              ".shared .align 16 .b8 words[512];\n"
              "mov.u32 %i0, %tid.x; ld.param.u64 %x0, [in]; "
              "ld.param.u64 %x1, [out];\nmad.wide.u32 %x0, %i0, " +
              size + ", %x0; mad.wide.u32 %x1, %i0, " +
              std::to_string(width * count) +
              ", %x1;\nmov.u32 %i1, words; mad.lo.u32 %i1, %i0, 16, %i1; "
              "mov.u64 %x3, own;\n";
          std::string address = std::string(space) == "shared"  ? "%i1"
                                : std::string(space) == "local" ? "%x3"
                                                                : "%x0";
          std::string vector =
              (count > 1 ? ".v" + std::to_string(count) : "") + "." + type.name;
          // Through the space and back: the store keeps the low bytes.
          text += "ld.global" + vector + " " + regs + ", [%x0];\n";
          if (address != "%x0")
            text += "st" + form + " [" + address + "], " + regs + ";\n";
          text += "ld" + form + " " + regs + ", [" + address + "];\n";
          for (unsigned k = 0; k < count; ++k)
            text += "st.global." + full + " [%x1+" + std::to_string(k * width) +
                    "], r" + std::to_string(k) + ";\n";
          text += "ret;\n}\n";
          Runner runner;
          ASSERT_TRUE(runner.load(text)) << runner.error.str() << text;
          const unsigned lanes = 32, elements = lanes * count;
          std::vector<uint8_t> in(elements * type.bytes);
          for (size_t k = 0; k < in.size(); ++k)
            in[k] = uint8_t(k * 37 + 11);
          Buffer from(*runner.device, in), to(*runner.device, elements * width);
          LaunchResult result = runner.run("k", {1, 1, 1}, {lanes, 1, 1}, 0,
                                           static_cast<const Buffer *>(&from),
                                           static_cast<const Buffer *>(&to));
          ASSERT_EQ(result.status, LaunchStatus::Ok) << reportsOf(result);
          std::vector<uint8_t> out = to.read<uint8_t>();
          for (unsigned e = 0; e < elements; ++e) {
            int64_t want = 0, got = 0;
            std::memcpy(&want, &in[e * type.bytes], type.bytes);
            unsigned unused = 64 - 8 * type.bytes;
            if (type.isSigned && unused)
              want = int64_t(U64(want) << unused) >> unused;
            std::memcpy(&got, &out[e * width], width);
            U64 keep = width == 8 ? ~U64(0) : (U64(1) << (8 * width)) - 1;
            ASSERT_EQ(U64(got), U64(want) & keep) << "element " << e;
          }
        }
}

} // namespace
} // namespace vgpu::test
