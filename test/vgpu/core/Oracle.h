// Oracle.h - what a typed instruction form must compute, told independently of
// the virtual GPU.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vgpu::test {

using U64 = uint64_t;

/// What an operand looks like in memory and as test input. The x2 kinds hold
/// two halves in 32 bits; Flag is 0 or 1.
enum class Kind {
  U8,
  S8,
  U16,
  S16,
  U32,
  S32,
  U64,
  S64,
  F16,
  BF16,
  F32,
  F64,
  F16x2,
  BF16x2,
  U16x2,
  Flag
};
/// Bytes of the register and of the memory word that holds it.
unsigned bytesOf(Kind kind);
/// Values worth trying, as bits: borders of integers, subnormals, infinities,
/// NaNs, and some ordinary ones. `few` asks for about half of them.
std::vector<U64> samples(Kind kind, bool few);

/// One form: the PTX that computes register d from a, b and c, and the bits
/// that it must give.
struct Form {
  std::string ptx;
  Kind d = Kind::U32;
  std::vector<Kind> in;
  std::function<U64(U64, U64, U64)> expect;
  /// For approximations: the allowed relative and absolute error.
  double relative = 0, absolute = 0;
};

/// The form of an opcode such as "add.sat.s32", or nothing when PTX has no
/// such form. One function per family; formOf() asks them all.
using Parts = std::vector<std::string>;
std::optional<Form> integerForm(const Parts &parts);
std::optional<Form> bitForm(const Parts &parts);
std::optional<Form> floatForm(const Parts &parts);
std::optional<Form> halfForm(const Parts &parts);
std::optional<Form> functionForm(const Parts &parts);
std::optional<Form> compareForm(const Parts &parts);
std::optional<Form> convertForm(const Parts &parts);

/// True when `parts` has this modifier.
bool has(const Parts &parts, const char *modifier);
/// The kind that a type's name means; nothing for other modifiers.
std::optional<Kind> kindOf(const std::string &name);
/// The kinds of all modifiers that name a type, in order.
std::vector<Kind> kindsOf(const Parts &parts);
/// True when every modifier is a type or one of `allowed`.
bool only(const Parts &parts, const std::vector<const char *> &allowed);
bool isInteger(Kind kind);
bool isSigned(Kind kind);
bool isHalf(Kind kind);
bool isPair(Kind kind);

/// Bits to values and back. Halves round to nearest even; NaNs become the
/// canonical one.
double halfOf(Kind kind, U64 bits);
/// `x` + `rest` (much smaller, only its sign counts) rounded under a rounding
/// mode ("rn", "rz", "rm", "rp", "rna").
U64 roundTo(Kind kind, long double x, double rest, const std::string &mode);
float floatOf(U64 bits);
double doubleOf(U64 bits);
U64 bitsOf(float value);
U64 bitsOf(double value);
float flush(float x);
U64 flushHalf(Kind kind, U64 bits);
/// The value of an integer's bits.
__int128 valueOf(Kind kind, U64 bits);

} // namespace vgpu::test
