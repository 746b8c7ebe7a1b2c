// Decoders.h - the instructions that there are.
#pragma once

#include <string_view>
#include <vector>

namespace vgpu {

/// Every mnemonic that some family decodes, in no order.
std::vector<std::string_view> decodedMnemonics();

} // namespace vgpu
