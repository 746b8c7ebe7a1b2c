// ModelBuilder.h - a checked config becomes a module of the lm dialect.
#ifndef TRESSE_TOOLS_TRESSE_IMPORT_MODELBUILDER_H
#define TRESSE_TOOLS_TRESSE_IMPORT_MODELBUILDER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "tools/tresse-import/Config.h"

namespace tresse {

/// Builds the model that `config` describes; `configText` is kept in the
/// module's `lm.records`. The module holds one lm.global per weight, one
/// function per kind of layer (@dense_layer, @moe_layer) and @forward, which
/// alone loads globals:
///
///   @forward(tokens [?,?] i32, positions [?,?] i32)
///     -> logits [?,?,vocab] f32
///        and, with experts, balance_loss [1] f32 (the layers' sum), then per
///        MoE layer N load.N [experts] i32, routes.N [?,topK] i32
///
/// The dialects of registerDialects must be loaded in `context`.
mlir::OwningOpRef<mlir::ModuleOp> buildModel(mlir::MLIRContext *context,
                                             const ModelConfig &config,
                                             llvm::StringRef configText);

} // namespace tresse

#endif // TRESSE_TOOLS_TRESSE_IMPORT_MODELBUILDER_H
