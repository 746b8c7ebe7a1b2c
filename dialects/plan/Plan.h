// Plan.h - the plan dialect: the records of runtime/include/tresse/plan.h as
// ops.
#ifndef TRESSE_DIALECTS_PLAN_PLAN_H
#define TRESSE_DIALECTS_PLAN_PLAN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tresse/plan.h"

#include <optional>

namespace tresse::plan {

/// One slot of a step's operand list.
struct StepOperand {
  enum Kind { Tensor, Absent, TensorMap, Bits };
  Kind kind = Tensor;
  /// enum tresse_access; 0 for an absent tensor.
  uint32_t access = 0;
  /// The tensor or the tensor map; null for the other kinds.
  mlir::Value value;
  /// The literal of kind Bits.
  uint64_t bits = 0;

  bool reads() const { return access & TRESSE_READ; }
  bool writes() const { return access & TRESSE_WRITE; }
};

/// The code of plan.h for an element type; none when plan.h has no such type.
std::optional<uint32_t> encodeType(mlir::Type type);
/// The element type for a code of plan.h; null when there is no such code.
mlir::Type decodeType(uint32_t code, mlir::MLIRContext *context);
/// Bytes of one element of a type that `encodeType` knows.
int64_t bytesOfElement(mlir::Type type);
/// Strides in elements of a row-major tensor without gaps.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> sizes);

} // namespace tresse::plan

#include "dialects/plan/PlanBaseDialect.h.inc"

#include "dialects/plan/PlanBaseEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/PlanBaseAttributes.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/plan/PlanBaseTypes.h.inc"

#include "dialects/plan/Interfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/plan/Model.h.inc"

#define GET_OP_CLASSES
#include "dialects/plan/Storage.h.inc"

#define GET_OP_CLASSES
#include "dialects/plan/Steps.h.inc"

#define GET_OP_CLASSES
#include "dialects/plan/Device.h.inc"

#endif
