// Driver.h - runs the compiler's stages on one module.
#ifndef TRESSE_TOOLS_COMPILE_DRIVER_H
#define TRESSE_TOOLS_COMPILE_DRIVER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/Pipeline.h"

#include <string>
#include <vector>

namespace tresse {

/// A pass pipeline that a user hangs behind a stage:
/// `--after=fusion=count-ops`.
struct HungPipeline {
  std::string stage, pipeline;
};

/// Which stages run and what is kept of them.
struct DriverOptions {
  CompileOptions compile;
  /// First and last stage to run; empty means all.
  std::string from, to;
  /// Folder that receives one numbered .mlir per stage; empty means none.
  std::string dumpFolder;
  std::vector<HungPipeline> after;
};

/// Returns the stages that `options` asks for, or an error (reported on stderr)
/// where a name is unknown or the order is reversed.
mlir::FailureOr<llvm::ArrayRef<Stage>>
selectStages(const DriverOptions &options);

/// Runs the selected stages on `module`. Errors go to the context's
/// diagnostics.
mlir::LogicalResult runStages(mlir::ModuleOp module,
                              const DriverOptions &options);

} // namespace tresse

#endif // TRESSE_TOOLS_COMPILE_DRIVER_H
