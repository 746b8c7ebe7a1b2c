// ModuleError.h - errors about a whole module.
#ifndef TRESSE_PASSES_COMMON_MODULEERROR_H
#define TRESSE_PASSES_COMMON_MODULEERROR_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"

namespace tresse {

/// Begins an error about all of `module`. It names the file and no line of it:
/// a tool shows the line that an error is at, and a module's line holds all of
/// its attributes, the model's whole configuration among them.
mlir::InFlightDiagnostic emitModuleError(mlir::ModuleOp module);

} // namespace tresse

#endif // TRESSE_PASSES_COMMON_MODULEERROR_H
