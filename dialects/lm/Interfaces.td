// Interfaces.td - what passes may ask of an op without knowing its name.
#ifndef TRESSE_LM_INTERFACES
#define TRESSE_LM_INTERFACES

include "mlir/IR/OpBase.td"

def LM_DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op with a reverse-mode derivative. Ops without this interface whose
    result needs a gradient are an error at that op.
  }];
  let methods = [InterfaceMethod<[{
      Builds the gradient ops of this op at `builder`'s insertion point.
      `resultGradients[i]` is null where result i carries no gradient;
      `needed[j]` says which operands want one. Sets `operandGradients[j]` for
      every needed operand that receives one and leaves it null where the
      gradient is zero.
    }], "::mlir::LogicalResult", "buildGradient", (ins
      "::mlir::OpBuilder &":$builder,
      "::llvm::ArrayRef<::mlir::Value>":$resultGradients,
      "::llvm::ArrayRef<bool>":$needed,
      "::llvm::MutableArrayRef<::mlir::Value>":$operandGradients)>];
}

def LM_TiedOperandInterface : OpInterface<"TiedOperandInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op that updates an operand in place: a tied result lives in the buffer of
    its operand. The planner honours the tie or fails.
  }];
  let methods = [InterfaceMethod<
      "Returns the operand whose buffer result `result` reuses, or null.",
      "::mlir::OpOperand *", "getTiedOperand", (ins "unsigned":$result)>];
}

def LM_AccumulateOpInterface : OpInterface<"AccumulateOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op with one result that is a sum, and an optional `accumulator` operand
    to which the sum is added in place.
  }];
  let methods = [
    InterfaceMethod<"Returns the accumulator, or null.", "::mlir::Value",
      "getAccumulatorValue", (ins), "", "return $_op.getAccumulator();">,
    InterfaceMethod<"Sets the accumulator.", "void", "setAccumulatorValue",
      (ins "::mlir::Value":$value), "",
      "$_op.getAccumulatorMutable().assign(value);">
  ];
}

def LM_RowwiseOpInterface : OpInterface<"RowwiseOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op whose result rows depend only on the same rows of its row operands
    (and on whole broadcast operands such as a norm's weight). Such ops fuse
    into one kernel, and shard along their rows.
  }];
  let methods = [
    InterfaceMethod<[{Returns how many leading dimensions index rows; the same
      for all row operands and results.}], "int64_t", "getRowRank">,
    InterfaceMethod<[{Returns whether operand `index` is indexed by the row (else
      it is broadcast to every row).}], "bool", "isRowOperand",
      (ins "unsigned":$index)>
  ];
}

#endif
