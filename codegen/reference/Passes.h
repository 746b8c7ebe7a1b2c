// Passes.h - the reference target.
#ifndef TRESSE_CODEGEN_REFERENCE_PASSES_H
#define TRESSE_CODEGEN_REFERENCE_PASSES_H

#include "dialects/lm/LM.h"
#include "dialects/plan/Plan.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tresse {

#define GEN_PASS_DECL
#include "codegen/reference/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "codegen/reference/Passes.h.inc"

} // namespace tresse

#endif // TRESSE_CODEGEN_REFERENCE_PASSES_H
