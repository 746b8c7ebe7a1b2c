// OracleInteger.cpp - integer arithmetic and bit operations, in 128-bit
// integers and bit by bit.
#include "test/vgpu/core/Oracle.h"

#include <algorithm>
#include <bit>

namespace vgpu::test {

namespace {

using Wide = __int128;

unsigned bitsIn(Kind kind) { return 8 * bytesOf(kind); }

Kind unsignedOf(Kind kind) {
  switch (kind) {
  case Kind::S16:
    return Kind::U16;
  case Kind::S32:
    return Kind::U32;
  case Kind::S64:
    return Kind::U64;
  default:
    return kind;
  }
}

Kind doubled(Kind kind) { return bytesOf(kind) == 2 ? Kind::U32 : Kind::U64; }

Wide clampTo32(Wide x) { return std::clamp<Wide>(x, INT32_MIN, INT32_MAX); }

/// The part of a product that .lo, .hi or .wide keeps.
Wide product(const std::string &part, Kind kind, U64 a, U64 b) {
  if (kind == Kind::U64 || kind == Kind::S64) {
    // 128 bits hold both: signed products as such, unsigned ones modulo 2^128.
    unsigned __int128 p = (unsigned __int128)(valueOf(kind, a)) *
                          (unsigned __int128)(valueOf(kind, b));
    return part == "hi" ? Wide(p >> 64) : Wide(p);
  }
  Wide p = valueOf(kind, a) * valueOf(kind, b);
  return part == "hi" ? p >> bitsIn(kind) : p;
}

std::string partOf(const Parts &parts) {
  for (const char *part : {"lo", "hi", "wide"})
    if (has(parts, part))
      return part;
  return "";
}

/// A form of two or three operands of one kind.
template <class F> Form same(unsigned count, Kind kind, F f) {
  Form form;
  form.d = kind;
  form.in.assign(count, kind);
  form.expect = [f](U64 a, U64 b, U64 c) { return U64(f(a, b, c)); };
  return form;
}

std::optional<Form> addForm(const Parts &parts, Kind kind) {
  bool sub = parts[0] == "sub", sat = has(parts, "sat"), cc = has(parts, "cc");
  if (!only(parts, {"sat", "cc"}) || parts.size() > 3)
    return std::nullopt;
  if (kind == Kind::U16x2) {
    if (sub || sat || cc)
      return std::nullopt;
    return same(2, kind, [](U64 a, U64 b, U64) {
      return ((a + b) & 0xffff) | ((a >> 16) + (b >> 16)) << 16;
    });
  }
  if (!isInteger(kind) || bytesOf(kind) < 2 || kind == Kind::U8 ||
      kind == Kind::S8 || (sat && (kind != Kind::S32 || cc)))
    return std::nullopt;
  if (cc) {
    if (bytesOf(kind) < 4)
      return std::nullopt;
    // The carry shows in an addc that follows.
    std::string type = parts.back();
    Form form = same(3, kind, [=](U64 a, U64 b, U64 c) {
      U64 mask = bytesOf(kind) == 8 ? ~U64(0) : 0xffffffff;
      bool carry =
          sub ? (a & mask) < (b & mask)
              : ((unsigned __int128)(a & mask) + (b & mask)) >> bitsIn(kind);
      return sub ? c - carry : c + carry;
    });
    form.ptx = parts[0] + ".cc." + type + " d, a, b;\n" + parts[0] + "c." +
               type + " d, c, 0;";
    return form;
  }
  return same(2, kind, [=](U64 a, U64 b, U64) {
    Wide r = sub ? valueOf(kind, a) - valueOf(kind, b)
                 : valueOf(kind, a) + valueOf(kind, b);
    return sat ? clampTo32(r) : r;
  });
}

/// addc, subc and madc: a carry made by an addition before.
std::optional<Form> carryForm(const Parts &parts, Kind kind) {
  std::string part = partOf(parts);
  bool mad = parts[0] == "madc", sub = parts[0] == "subc";
  if (!isInteger(kind) || bytesOf(kind) < 4 || mad == part.empty() ||
      part == "wide" || !only(parts, {"cc", "lo", "hi"}) ||
      parts.size() > 3u + mad)
    return std::nullopt;
  std::string opcode = parts[0];
  for (size_t k = 1; k < parts.size(); ++k)
    opcode += "." + parts[k];
  std::string wide = bytesOf(kind) == 8 ? "u64" : "u32";
  Form form = same(mad ? 3 : 2, kind, [=](U64 a, U64 b, U64 c) -> Wide {
    // Every other input carries in: bit 0 of a.
    Wide in = a & 1;
    if (mad)
      return product(part, kind, a, b) + Wide(c) + in;
    return sub ? Wide(a) - Wide(b) - in : Wide(a) + Wide(b) + in;
  });
  // An addition of ones overflows, a subtraction from 0 borrows, for bit 0.
  std::string flag = bytesOf(kind) == 8 ? "%x6" : "%i6";
  form.ptx = "and.b" + wide.substr(1) + " " + flag + ", a, 1;\n" +
             (sub ? "sub.cc." + wide + " " + flag + ", 0, " + flag
                  : "add.cc." + wide + " " + flag + ", " + flag + ", -1") +
             ";\n" + opcode + " d, a, b" + (mad ? ", c;" : ";");
  return form;
}

std::optional<Form> mulForm(const Parts &parts, Kind kind) {
  std::string part = partOf(parts);
  bool mad = parts[0] == "mad", sat = has(parts, "sat"), cc = has(parts, "cc");
  if (part.empty() || !isInteger(kind) || kind == Kind::U8 ||
      kind == Kind::S8 || !only(parts, {"lo", "hi", "wide", "sat", "cc"}) ||
      parts.size() > 3u + sat + cc)
    return std::nullopt;
  if (part == "wide" && (bytesOf(kind) == 8 || sat || cc))
    return std::nullopt;
  if (sat && !(mad && part == "hi" && kind == Kind::S32 && !cc))
    return std::nullopt;
  if (cc && (!mad || bytesOf(kind) < 4))
    return std::nullopt;
  if (!mad) {
    Form form = same(
        2, kind, [=](U64 a, U64 b, U64) { return product(part, kind, a, b); });
    if (part == "wide")
      form.d = doubled(kind);
    return form;
  }
  Form form = same(3, kind, [=](U64 a, U64 b, U64 c) {
    Wide p = product(part, kind, a, b);
    if (sat)
      return clampTo32(p + valueOf(kind, c));
    return p + Wide(c);
  });
  if (part == "wide")
    form.d = form.in[2] = doubled(kind);
  return form;
}

std::optional<Form> mul24Form(const Parts &parts, Kind kind) {
  std::string part = partOf(parts);
  bool mad = parts[0] == "mad24", sat = has(parts, "sat");
  if (part.empty() || part == "wide" ||
      (kind != Kind::U32 && kind != Kind::S32) || parts.back()[0] == 'b' ||
      !only(parts, {"lo", "hi", "sat"}) || parts.size() != 3u + sat ||
      (sat && !(mad && part == "hi" && kind == Kind::S32)))
    return std::nullopt;
  return same(mad ? 3 : 2, kind, [=](U64 a, U64 b, U64 c) {
    auto low = [&](U64 x) -> Wide {
      Wide v = x & 0xffffff;
      return kind == Kind::S32 && (v & 0x800000) ? v - 0x1000000 : v;
    };
    Wide p = low(a) * low(b);
    if (part == "hi")
      p >>= 16;
    if (sat)
      return clampTo32(Wide(int32_t(p)) + valueOf(kind, c));
    return mad ? p + Wide(c) : p;
  });
}

std::optional<Form> divForm(const Parts &parts, Kind kind) {
  if (!isInteger(kind) || bytesOf(kind) < 2 || kind == Kind::U8 ||
      kind == Kind::S8 || parts.size() != 2)
    return std::nullopt;
  bool rem = parts[0] == "rem";
  return same(2, kind, [=](U64 a, U64 b, U64) -> Wide {
    Wide x = valueOf(kind, a), y = valueOf(kind, b);
    if (y == 0) // what the hardware's sequence gives
      return rem ? x : -1;
    return rem ? x % y : x / y;
  });
}

std::optional<Form> minMaxForm(const Parts &parts, Kind kind) {
  bool isMax = parts[0] == "max", relu = has(parts, "relu");
  bool isS16x2 = has(parts, "s16x2");
  if (!only(parts, {"relu"}) || parts.size() > 2u + relu)
    return std::nullopt;
  auto pick = [=](Wide x, Wide y) {
    Wide r = isMax ? std::max(x, y) : std::min(x, y);
    return relu && r < 0 ? Wide(0) : r;
  };
  if (kind == Kind::U16x2) {
    if (relu && !isS16x2)
      return std::nullopt;
    Kind half = isS16x2 ? Kind::S16 : Kind::U16;
    return same(2, kind, [=](U64 a, U64 b, U64) {
      U64 low = U64(pick(valueOf(half, a), valueOf(half, b))) & 0xffff;
      U64 high = U64(pick(valueOf(half, a >> 16), valueOf(half, b >> 16)));
      return low | high << 16;
    });
  }
  if (!isInteger(kind) || kind == Kind::U8 || kind == Kind::S8 ||
      parts.back()[0] == 'b' || (relu && kind != Kind::S32))
    return std::nullopt;
  return same(2, kind, [=](U64 a, U64 b, U64) {
    return pick(valueOf(kind, a), valueOf(kind, b));
  });
}

std::optional<Form> dotForm(const Parts &parts) {
  bool four = parts[0] == "dp4a";
  size_t first = four ? 1 : 2;
  if (parts.size() != first + 2 ||
      (!four && parts[1] != "lo" && parts[1] != "hi"))
    return std::nullopt;
  for (size_t k = first; k < parts.size(); ++k)
    if (parts[k] != "u32" && parts[k] != "s32")
      return std::nullopt;
  bool sa = parts[first] == "s32", sb = parts[first + 1] == "s32";
  unsigned high = !four && parts[1] == "hi" ? 16 : 0;
  return same(3, sa || sb ? Kind::S32 : Kind::U32,
              [=](U64 a, U64 b, U64 c) -> Wide {
                Wide sum = Wide(c);
                for (unsigned k = 0; k < (four ? 4u : 2u); ++k) {
                  U64 x = a >> (four ? 8 * k : 16 * k), y = b >> (8 * k + high);
                  Wide u = four ? valueOf(sa ? Kind::S8 : Kind::U8, x)
                                : valueOf(sa ? Kind::S16 : Kind::U16, x);
                  sum += u * valueOf(sb ? Kind::S8 : Kind::U8, y);
                }
                return sum;
              });
}

} // namespace

std::optional<Form> integerForm(const Parts &parts) {
  const std::string &name = parts[0];
  if (name == "dp4a" || name == "dp2a")
    return dotForm(parts);
  std::vector<Kind> kinds = kindsOf(parts);
  if (kinds.size() != 1)
    return std::nullopt;
  Kind kind = kinds[0];
  // Arithmetic is on numbers, never on plain bits.
  if (parts.back()[0] == 'b' || !(isInteger(kind) || kind == Kind::U16x2))
    return std::nullopt;
  if (name == "add" || name == "sub")
    return addForm(parts, kind);
  if (name == "addc" || name == "subc" || name == "madc")
    return carryForm(parts, kind);
  if (name == "mul" || name == "mad")
    return mulForm(parts, kind);
  if (name == "mul24" || name == "mad24")
    return mul24Form(parts, kind);
  if (name == "div" || name == "rem")
    return divForm(parts, kind);
  if (name == "min" || name == "max")
    return minMaxForm(parts, kind);
  if (parts.size() != 2 || !isInteger(kind) || kind == Kind::U8 ||
      kind == Kind::S8)
    return std::nullopt;
  if (name == "sad")
    return same(3, kind, [=](U64 a, U64 b, U64 c) {
      Wide d = valueOf(kind, a) - valueOf(kind, b);
      return Wide(c) + (d < 0 ? -d : d);
    });
  if (!isSigned(kind) || (name != "abs" && name != "neg"))
    return std::nullopt;
  bool isAbs = name == "abs";
  return same(1, kind, [=](U64 a, U64, U64) {
    Wide x = valueOf(kind, a);
    return isAbs && x >= 0 ? x : -x;
  });
}

namespace {

/// Forms of and, or, xor, not and cnot; predicates by way of flags.
std::optional<Form> logicForm(const Parts &parts) {
  const std::string &name = parts[0], &type = parts[1];
  bool unary = name == "not" || name == "cnot";
  auto apply = [=](U64 a, U64 b) -> U64 {
    if (name == "and")
      return a & b;
    if (name == "or")
      return a | b;
    if (name == "xor")
      return a ^ b;
    return name == "not" ? ~a : a == 0;
  };
  if (parts.size() != 2)
    return std::nullopt;
  if (type == "pred") {
    if (name == "cnot")
      return std::nullopt;
    Form form;
    form.in.assign(unary ? 1 : 2, Kind::Flag);
    form.d = Kind::Flag;
    form.expect = [=](U64 a, U64 b, U64) { return apply(a, b) & 1; };
    form.ptx = "setp.ne.u32 %p0, a, 0;\n" +
               std::string(unary ? "" : "setp.ne.u32 %p1, b, 0;\n") + name +
               ".pred %p2, %p0" + (unary ? "" : ", %p1") +
               ";\nselp.b32 d, 1, 0, %p2;";
    return form;
  }
  if (type != "b16" && type != "b32" && type != "b64")
    return std::nullopt;
  Kind kind = *kindOf(type);
  U64 mask = bytesOf(kind) == 8 ? ~U64(0) : (U64(1) << bitsIn(kind)) - 1;
  return same(unary ? 1 : 2, kind,
              [=](U64 a, U64 b, U64) { return apply(a & mask, b & mask); });
}

std::optional<Form> shiftForm(const Parts &parts) {
  bool right = parts[0] == "shr";
  auto kind = parts.size() == 2 ? kindOf(parts[1]) : std::nullopt;
  if (!kind || !isInteger(*kind) || *kind == Kind::U8 || *kind == Kind::S8 ||
      (!right && parts[1][0] != 'b'))
    return std::nullopt;
  Form form = same(2, *kind, [=](U64 a, U64 b, U64) -> Wide {
    U64 n = uint32_t(b), width = bitsIn(*kind);
    Wide x = valueOf(*kind, a);
    if (right)
      return x >> std::min<U64>(n, isSigned(*kind) ? width - 1 : 127);
    return n >= width ? 0 : Wide((unsigned __int128)(x) << n);
  });
  form.in[1] = Kind::U32;
  return form;
}

std::optional<Form> countForm(const Parts &parts) {
  const std::string &name = parts[0];
  bool amount = has(parts, "shiftamt");
  auto kind = kindOf(parts.back());
  if (!kind || !isInteger(*kind) || bytesOf(*kind) < 4 ||
      parts.size() != 2u + amount || (amount && name != "bfind") ||
      (name == "bfind") == (parts.back()[0] == 'b'))
    return std::nullopt;
  if (name != "bfind" && parts.back()[0] != 'b')
    return std::nullopt;
  unsigned width = bitsIn(*kind);
  Form form = same(1, *kind, [=](U64 a, U64, U64) -> U64 {
    if (width == 32)
      a = uint32_t(a);
    unsigned ones = 0, highest = ~0u;
    U64 reversed = 0, look = a;
    if (isSigned(*kind) && (a >> (width - 1) & 1))
      look = ~a;
    for (unsigned k = 0; k < width; ++k) {
      ones += unsigned(a >> k & 1);
      reversed |= (a >> k & 1) << (width - 1 - k);
      if (look >> k & 1)
        highest = k;
    }
    if (name == "popc")
      return ones;
    if (name == "brev")
      return reversed;
    if (name == "clz")
      return highest == ~0u ? width : width - 1 - highest;
    return highest == ~0u || !amount ? highest : width - 1 - highest;
  });
  if (name != "brev")
    form.d = Kind::U32;
  return form;
}

std::optional<Form> fieldForm(const Parts &parts) {
  bool insert = parts[0] == "bfi";
  auto kind = parts.size() == 2 ? kindOf(parts[1]) : std::nullopt;
  if (!kind || !isInteger(*kind) || bytesOf(*kind) < 4 ||
      insert != (parts[1][0] == 'b'))
    return std::nullopt;
  unsigned width = bitsIn(*kind);
  if (insert) {
    // Position c, length 7.
    Form form = same(3, *kind, [=](U64 a, U64 b, U64 c) {
      unsigned pos = c & 255;
      for (unsigned k = 0; k < 7; ++k)
        if (pos + k < width)
          b = (b & ~(U64(1) << (pos + k))) | (a >> k & 1) << (pos + k);
      return b;
    });
    form.in[2] = Kind::U32;
    form.ptx = "bfi." + parts[1] + " d, a, b, c, 7;";
    return form;
  }
  Form form = same(3, *kind, [=](U64 a, U64 b, U64 c) {
    unsigned pos = b & 255, len = c & 255;
    U64 r = 0;
    U64 sign = isSigned(*kind) && len
                   ? a >> std::min(pos + len - 1, width - 1) & 1
                   : 0;
    for (unsigned k = 0; k < width; ++k)
      r |= (k < len && pos + k < width ? a >> (pos + k) & 1 : sign) << k;
    return r;
  });
  form.in[1] = form.in[2] = Kind::U32;
  return form;
}

std::optional<Form> permuteForm(const Parts &parts) {
  std::string mode = parts.size() == 3 ? parts[2] : "";
  static const std::vector<std::string> modes = {"",    "f4e", "b4e", "rc8",
                                                 "ecl", "ecr", "rc16"};
  if (parts.size() < 2 || parts[1] != "b32" || parts.size() > 3 ||
      std::find(modes.begin(), modes.end(), mode) == modes.end())
    return std::nullopt;
  return same(3, Kind::U32, [=](U64 a, U64 b, U64 c) {
    U64 both = uint32_t(b), r = 0;
    both = both << 32 | uint32_t(a);
    int s = int(c & 3);
    for (int k = 0; k < 4; ++k) {
      int pick = mode.empty()    ? int(c >> (4 * k) & 15)
                 : mode == "f4e" ? s + k
                 : mode == "b4e" ? (s - k) & 7
                 : mode == "rc8" ? s
                 : mode == "ecl" ? std::max(s, k)
                 : mode == "ecr" ? std::min(s, k)
                                 : (s & 1) * 2 + (k & 1);
      U64 byte = both >> (8 * (pick & 7)) & 255;
      if (pick & 8)
        byte = byte & 128 ? 255 : 0;
      r |= byte << (8 * k);
    }
    return r;
  });
}

} // namespace

std::optional<Form> bitForm(const Parts &parts) {
  const std::string &name = parts[0];
  if (parts.size() < 2)
    return std::nullopt;
  if (name == "and" || name == "or" || name == "xor" || name == "not" ||
      name == "cnot")
    return logicForm(parts);
  if (name == "shl" || name == "shr")
    return shiftForm(parts);
  if (name == "popc" || name == "clz" || name == "brev" || name == "bfind")
    return countForm(parts);
  if (name == "bfe" || name == "bfi")
    return fieldForm(parts);
  if (name == "prmt")
    return permuteForm(parts);
  if (name == "shf") {
    if (parts.size() != 4 || (parts[1] != "l" && parts[1] != "r") ||
        (parts[2] != "wrap" && parts[2] != "clamp") || parts[3] != "b32")
      return std::nullopt;
    bool right = parts[1] == "r", clamp = parts[2] == "clamp";
    return same(3, Kind::U32, [=](U64 a, U64 b, U64 c) {
      unsigned n = clamp ? unsigned(std::min<U64>(uint32_t(c), 32)) : c & 31;
      unsigned __int128 both = U64(uint32_t(b)) << 32 | uint32_t(a);
      return U64(right ? both >> n : both << n >> 32);
    });
  }
  if (name == "bmsk") {
    if (parts.size() != 3 || (parts[1] != "wrap" && parts[1] != "clamp") ||
        parts[2] != "b32")
      return std::nullopt;
    bool clamp = parts[1] == "clamp";
    return same(2, Kind::U32, [=](U64 a, U64 b, U64) {
      U64 pos = clamp ? std::min<U64>(uint32_t(a), 32) : a & 31;
      U64 len = clamp ? std::min<U64>(uint32_t(b), 32) : b & 31;
      return ((U64(1) << len) - 1) << pos;
    });
  }
  if (name == "fns") {
    if (parts.size() != 2 || parts[1] != "b32")
      return std::nullopt;
    Form form = same(3, Kind::U32, [](U64 a, U64 b, U64 c) -> U64 {
      int64_t n = int32_t(c), base = b & 31;
      int64_t left = n < 0 ? -n : n;
      if (n == 0)
        return a >> base & 1 ? U64(base) : 0xffffffff;
      for (int64_t p = base; p >= 0 && p < 32; p += n < 0 ? -1 : 1)
        if ((a >> p & 1) && --left == 0)
          return U64(p);
      return 0xffffffff;
    });
    form.ptx = "and.b32 %i6, b, 31;\nfns.b32 d, a, %i6, c;";
    return form;
  }
  if (name == "lop3") {
    if (parts.size() != 2 || parts[1] != "b32")
      return std::nullopt;
    Form form = same(3, Kind::U32, [](U64 a, U64 b, U64 c) {
      return (a & ~b) | (c & (a ^ b));
    });
    // 0xf0 is a, 0xcc is b, 0xaa is c.
    unsigned table = (0xf0 & ~0xcc & 255) | (0xaa & (0xf0 ^ 0xcc));
    form.ptx = "lop3.b32 d, a, b, c, " + std::to_string(table) + ";";
    return form;
  }
  return std::nullopt;
}

} // namespace vgpu::test
