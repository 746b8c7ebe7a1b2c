// Pipeline.h - every stage of the compiler, code generation included.
#ifndef TRESSE_CODEGEN_PIPELINE_H
#define TRESSE_CODEGEN_PIPELINE_H

#include "mlir/IR/DialectRegistry.h"
#include "passes/Pipeline.h"

namespace tresse {

/// Returns the stages from a model's text to a plan whose kernels are code.
llvm::ArrayRef<Stage> allStages();

/// Adds the dialects that kernels pass through and the interfaces by which ops
/// write their kernels.
void registerCodegen(mlir::DialectRegistry &registry);

/// Registers the passes of code generation.
void registerCodegenPasses();

} // namespace tresse

#endif // TRESSE_CODEGEN_PIPELINE_H
