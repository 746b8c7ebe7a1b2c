// Emit.h - a planned module becomes a file.
#ifndef TRESSE_TOOLS_COMPILE_EMIT_H
#define TRESSE_TOOLS_COMPILE_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include <string>

namespace tresse {

/// What is written and where.
struct EmitOptions {
  /// exe, so, plan, mlir or ptx.
  std::string kind = "exe";
  std::string output = "-";
  /// host, x86-64-v3 or x86-64-v4.
  std::string cpu = "host";
  /// The assembler of device code; empty: as found.
  std::string ptxas;
  /// The folder of the runtime's libraries.
  std::string libraries;
};

/// Writes `module`: its text (`mlir`), its device code's text (`ptx`), its
/// plan's bytes (`plan`), or the plan with its kernels linked (`exe`, `so`).
/// Kernel functions are consumed. Errors go to the module's diagnostics; a
/// failed run leaves no output file.
mlir::LogicalResult emitModel(mlir::ModuleOp module,
                              const EmitOptions &options);

} // namespace tresse

#endif // TRESSE_TOOLS_COMPILE_EMIT_H
