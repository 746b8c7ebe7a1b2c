// Pipeline.h - every stage of the compiler, code generation included.
#ifndef TRESSE_CODEGEN_PIPELINE_H
#define TRESSE_CODEGEN_PIPELINE_H

#include "passes/Pipeline.h"

namespace tresse {

/// Returns the stages from a model's text to a plan whose kernels are code.
llvm::ArrayRef<Stage> allStages();

/// Registers the passes of code generation.
void registerCodegenPasses();

} // namespace tresse

#endif // TRESSE_CODEGEN_PIPELINE_H
