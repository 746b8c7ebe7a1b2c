// Passes.h - passes of the cuda target.
#ifndef TRESSE_CODEGEN_CUDA_PASSES_H
#define TRESSE_CODEGEN_CUDA_PASSES_H

#include "dialects/plan/Plan.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace tresse {

#define GEN_PASS_DECL
#include "codegen/cuda/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "codegen/cuda/Passes.h.inc"

} // namespace tresse

#endif // TRESSE_CODEGEN_CUDA_PASSES_H
