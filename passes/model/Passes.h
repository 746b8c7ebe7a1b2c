// Passes.h - from a model's text to its entries.
#ifndef TRESSE_PASSES_MODEL_PASSES_H
#define TRESSE_PASSES_MODEL_PASSES_H

#include "dialects/lm/LM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace tresse {

#define GEN_PASS_DECL
#include "passes/model/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "passes/model/Passes.h.inc"

} // namespace tresse

#endif // TRESSE_PASSES_MODEL_PASSES_H
