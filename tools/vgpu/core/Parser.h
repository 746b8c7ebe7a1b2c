// Parser.h - PTX text to syntax, with every name resolved.
#pragma once

#include "tools/vgpu/core/Module.h"
#include "tools/vgpu/core/Syntax.h"

namespace vgpu {

/// Parses a whole module. `text` must outlive the result, whose names point
/// into it. Returns false and fills `error` at the first mistake. Memory taken
/// is proportional to the text, whatever sizes it declares.
bool parseModule(std::string_view text, ParsedModule &module, LoadError &error);

} // namespace vgpu
