// Forms.h - which modifiers and types an instruction may combine.
#pragma once

#include <string_view>
#include <vector>

namespace vgpu {

/// True when the opcode, split at its dots, is a form that PTX has. Modifiers
/// may stand in any order, types in theirs. Mnemonics without rules (memory,
/// control, conversions, matrices) pass: their decoders know better.
bool formAllowed(const std::vector<std::string_view> &parts);

} // namespace vgpu
