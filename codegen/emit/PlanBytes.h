// PlanBytes.h - the plan dialect as the bytes of plan.h, and back.
#ifndef TRESSE_CODEGEN_EMIT_PLANBYTES_H
#define TRESSE_CODEGEN_EMIT_PLANBYTES_H

#include "dialects/plan/Plan.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace tresse::plan {

/// The bytes of a plan, aligned to 8 as their readers ask.
using PlanBytes = std::vector<uint64_t>;

/// The single `plan.model` of `module`; null, with an error there, when it has
/// none or several.
ModelOp findModel(mlir::ModuleOp module);

/// Writes the records of `model` in the order of its ops: equal models give
/// equal bytes. Bodies of kernels are left out. Fails with an error at `model`
/// when a table does not fit in 32 bits.
mlir::FailureOr<PlanBytes> writePlan(ModelOp model);

/// Reads bytes[0, size), which may be hostile, into a module that holds one
/// `plan.model`. Null, with one error at `loc`, when they are not a plan. What
/// `writePlan` makes of the result equals the bytes.
mlir::OwningOpRef<mlir::ModuleOp> readPlan(const void *bytes, uint64_t size,
                                           mlir::Location loc);

} // namespace tresse::plan

#endif // TRESSE_CODEGEN_EMIT_PLANBYTES_H
