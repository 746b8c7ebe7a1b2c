// Passes.h - passes that belong to no stage.
#ifndef TRESSE_PASSES_COMMON_PASSES_H
#define TRESSE_PASSES_COMMON_PASSES_H

#include "dialects/lm/LM.h"
#include "mlir/Pass/Pass.h"

namespace tresse {

#define GEN_PASS_DECL
#include "passes/common/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/common/Passes.h.inc"

} // namespace tresse

#endif // TRESSE_PASSES_COMMON_PASSES_H
