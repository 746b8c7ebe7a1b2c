// Passes.h - fewer, larger ops: accumulation in place, row-wise kernels.
#ifndef TRESSE_PASSES_FUSION_PASSES_H
#define TRESSE_PASSES_FUSION_PASSES_H

#include "dialects/lm/LM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace tresse {

#define GEN_PASS_DECL
#include "passes/fusion/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/fusion/Passes.h.inc"

/// The category of the remarks of this stage: `--remarks-filter=fusion`.
inline constexpr llvm::StringLiteral kFusionRemarks = "fusion";

} // namespace tresse

#endif // TRESSE_PASSES_FUSION_PASSES_H
