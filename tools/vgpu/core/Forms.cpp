// Forms.cpp - the rules of arithmetic forms, as PTX states them.
#include "tools/vgpu/core/Forms.h"

#include "tools/vgpu/core/Syntax.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace vgpu {

namespace {

/// One family of forms. Types of one operand are split by spaces, operands by
/// '/'. Modifier groups begin with '!' (one must be there) or '?' (one may be).
struct Rule {
  const char *mnemonics;
  const char *types;
  const char *modifiers;
};

#define INTEGERS "u16 s16 u32 s32 u64 s64"
#define CARRIED "u32 s32 u64 s64"
#define BITS "b16 b32 b64"
#define ROUNDED "rn|rz|rm|rp"
#define SELECTED BITS " " INTEGERS " f32 f64"
#define EQUAL "!eq|ne"
#define ORDERED EQUAL "|lt|le|gt|ge"
#define REAL ORDERED "|equ|neu|ltu|leu|gtu|geu|num|nan"
#define JOIN " ?and|or|xor"
#define SET_RESULTS "u32 s32 f32 f16 bf16/"

constexpr Rule rules[] = {
    {"add sub div rem sad min max", INTEGERS, ""},
    {"add sub", "s32", "!sat"},
    {"add min max", "u16x2 s16x2", ""},
    {"min max", "s16x2 s32", "!relu"},
    {"add sub", CARRIED, "!cc"},
    {"addc subc", CARRIED, "?cc"},
    {"madc", CARRIED, "!lo|hi ?cc"},
    {"mad", CARRIED, "!lo|hi !cc"},
    {"mul mad", "u16 s16 u32 s32", "!lo|hi|wide"},
    {"mul mad", "u64 s64", "!lo|hi"},
    {"mad mad24", "s32", "!hi !sat"},
    {"mul24 mad24", "u32 s32", "!lo|hi"},
    {"abs neg", "s16 s32 s64", ""},
    {"dp4a", "u32 s32/u32 s32", ""},
    {"dp2a", "u32 s32/u32 s32", "!lo|hi"},
    {"and or xor not", "pred " BITS, ""},
    {"cnot shl", BITS, ""},
    {"shr", BITS " " INTEGERS, ""},
    {"popc clz brev bfi", "b32 b64", ""},
    {"bfe", CARRIED, ""},
    {"bfind", CARRIED, "?shiftamt"},
    {"fns lop3", "b32", ""},
    {"prmt", "b32", "?f4e|b4e|rc8|ecl|ecr|rc16"},
    {"bmsk", "b32", "!wrap|clamp"},
    {"shf", "b32", "!l|r !wrap|clamp"},
    {"add sub mul", "f32", "?" ROUNDED " ?ftz ?sat"},
    {"add sub mul", "f64", "?" ROUNDED},
    {"add sub mul", "f16 f16x2", "?rn ?ftz ?sat"},
    {"add sub mul", "bf16 bf16x2", "?rn"},
    {"fma mad", "f32", "!" ROUNDED " ?ftz ?sat"},
    {"fma mad div rcp sqrt", "f64", "!" ROUNDED},
    {"fma", "f16 f16x2", "!rn ?ftz ?sat|relu"},
    {"fma", "bf16 bf16x2", "!rn ?relu"},
    {"fma", "f16 f16x2 bf16 bf16x2", "!rn !oob ?relu"},
    {"div", "f32", "!approx|full|" ROUNDED " ?ftz"},
    {"rcp sqrt", "f32", "!approx|" ROUNDED " ?ftz"},
    {"rcp", "f64", "!approx !ftz"},
    {"rsqrt", "f64", "!approx ?ftz"},
    {"rsqrt sin cos lg2 ex2", "f32", "!approx ?ftz"},
    {"tanh", "f32 f16 f16x2 bf16 bf16x2", "!approx"},
    {"ex2", "f16 f16x2", "!approx"},
    {"ex2", "bf16 bf16x2", "!approx !ftz"},
    {"abs neg", "f32 f16 f16x2", "?ftz"},
    {"abs neg", "f64 bf16 bf16x2", ""},
    {"min max", "f32 f16 f16x2", "?ftz ?NaN"},
    {"min max", "f32 f16 f16x2", "?ftz ?NaN !xorsign !abs"},
    {"min max", "bf16 bf16x2", "?NaN"},
    {"min max", "bf16 bf16x2", "?NaN !xorsign !abs"},
    {"min max copysign", "f64", ""},
    {"copysign", "f32", ""},
    {"testp", "f32 f64", "!finite|infinite|number|notanumber|normal|subnormal"},
    {"selp", SELECTED, ""},
    {"slct", SELECTED "/s32", ""},
    {"slct", SELECTED "/f32", "?ftz"},
    {"setp", BITS, EQUAL JOIN},
    {"setp", "s16 s32 s64", ORDERED JOIN},
    {"setp", "u16 u32 u64", ORDERED "|lo|ls|hi|hs" JOIN},
    {"setp", "f32 f16 f16x2", REAL JOIN " ?ftz"},
    {"setp", "f64 bf16 bf16x2", REAL JOIN},
    {"set", SET_RESULTS BITS, EQUAL JOIN},
    {"set", SET_RESULTS "s16 s32 s64", ORDERED JOIN},
    {"set", SET_RESULTS "u16 u32 u64", ORDERED "|lo|ls|hi|hs" JOIN},
    {"set", SET_RESULTS "f32", REAL JOIN " ?ftz"},
    {"set", SET_RESULTS "f64", REAL JOIN},
    {"set", "u32 s32 u16 s16 f16/f16", REAL JOIN " ?ftz"},
    {"set", "u32 s32 u16 s16 bf16/bf16", REAL JOIN},
    {"set", "u32 s32 f16x2/f16x2", REAL JOIN " ?ftz"},
    {"set", "u32 s32 bf16x2/bf16x2", REAL JOIN},
};

using Words = std::vector<std::string_view>;

Words split(std::string_view text, char at) {
  Words words;
  while (!text.empty()) {
    size_t end = std::min(text.find(at), text.size());
    if (end > 0)
      words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

bool contains(const Words &words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Packed integers are types in rules alone.
bool isType(std::string_view part) {
  return part == "u16x2" || part == "s16x2" || parseType(part) != Type::None;
}

bool matches(const Rule &rule, const Words &types, Words modifiers) {
  Words operands = split(rule.types, '/');
  if (operands.size() != types.size())
    return false;
  for (size_t k = 0; k < types.size(); ++k)
    if (!contains(split(operands[k], ' '), types[k]))
      return false;
  for (std::string_view group : split(rule.modifiers, ' ')) {
    Words choices = split(group.substr(1), '|');
    auto at =
        std::find_if(modifiers.begin(), modifiers.end(),
                     [&](std::string_view m) { return contains(choices, m); });
    if (at != modifiers.end())
      modifiers.erase(at);
    else if (group[0] == '!')
      return false;
  }
  return modifiers.empty();
}

/// The rules of each mnemonic.
const std::unordered_map<std::string_view, std::vector<const Rule *>> &
rulesOf() {
  static const auto table = [] {
    std::unordered_map<std::string_view, std::vector<const Rule *>> made;
    for (const Rule &rule : rules)
      for (std::string_view mnemonic : split(rule.mnemonics, ' '))
        made[mnemonic].push_back(&rule);
    return made;
  }();
  return table;
}

} // namespace

bool formAllowed(const std::vector<std::string_view> &parts) {
  auto known = rulesOf().find(parts[0]);
  if (known == rulesOf().end())
    return true;
  Words types, modifiers;
  for (size_t k = 1; k < parts.size(); ++k)
    (isType(parts[k]) ? types : modifiers).push_back(parts[k]);
  for (const Rule *rule : known->second)
    if (matches(*rule, types, modifiers))
      return true;
  return false;
}

} // namespace vgpu
