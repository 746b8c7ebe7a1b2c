// LM.h - the lm dialect: language models of the DeepSeek line, on tensors.
#ifndef TRESSE_DIALECTS_LM_LM_H
#define TRESSE_DIALECTS_LM_LM_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/lm/LMBaseDialect.h.inc"
#include "dialects/lm/LMBaseEnums.h.inc"

#include "dialects/lm/Indexing.h"

#include "dialects/lm/Interfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/lm/LMBaseAttributes.h.inc"

namespace tresse::lm {
class MhcOp;
} // namespace tresse::lm

#define GET_OP_CLASSES
#include "dialects/lm/Program.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Composite.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Embedding.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Linear.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Norm.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Rope.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Attention.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Moe.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/HyperConnection.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Loss.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Optimizer.h.inc"
#define GET_OP_CLASSES
#include "dialects/lm/Sampling.h.inc"

namespace tresse::lm {

/// Returns the wide type that goes with `element`: f64 stays, others become
/// f32.
mlir::Type wideOf(mlir::Type element);

/// Returns `type` with its element type widened.
mlir::RankedTensorType wideOf(mlir::RankedTensorType type);

/// Returns `value`, or a tensor of zeros of `type` where it is null.
mlir::Value valueOrZeros(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Value value, mlir::Type type);

/// Registers the derivatives of upstream arith, math and tensor ops.
void registerUpstreamGradients(mlir::DialectRegistry &registry);

} // namespace tresse::lm

#endif // TRESSE_DIALECTS_LM_LM_H
