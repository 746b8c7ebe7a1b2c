// Overwrite.h - which results may lie where an operand lies.
#ifndef TRESSE_DIALECTS_LM_OVERWRITE_H
#define TRESSE_DIALECTS_LM_OVERWRITE_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OpDefinition.h"

#include "dialects/lm/Overwrite.h.inc"

namespace tresse::lm {

/// Returns whether `result` may be written where `operand`, an operand of its
/// op, lies, when nobody reads that afterwards: by OverwriteOpInterface, or
/// because the op is elementwise. Both lie without gaps and have static shapes.
bool mayOverwrite(mlir::OpResult result, mlir::Value operand);

/// Registers the OverwriteOpInterface of the ops of the lm dialect.
void registerOverwrites(mlir::DialectRegistry &registry);

} // namespace tresse::lm

#endif // TRESSE_DIALECTS_LM_OVERWRITE_H
