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
  let extraTraitClassDeclaration = [{
    /// The tie of the sum, for TiedOperandInterface.
    ::mlir::OpOperand *getTiedOperand(unsigned) {
      ::mlir::MutableOperandRange range = $_op.getAccumulatorMutable();
      return range.empty() ? nullptr : &*range.begin();
    }
  }];
}

def LM_IndexedOpInterface : OpInterface<"IndexedOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op that runs over loops, each of which indexes dimensions of its tensors:
    what tiling, sharding and the choice of library routines ask for. An op's
    definition states it in one line; `Indexing::of` reads it.

        lm.linear     R.. in, out in -> R.. out
        lm.rms_norm   R.. C, C -> R.. C over C

    A tensor is a list of loops, one per dimension, operands before the arrow,
    results behind it; an absent optional operand is left out. `R..` is as many
    loops as the tensor has dimensions to spare, the same in all tensors. In a
    variadic one, `c#` is a loop of each tensor's own. A number is a loop of that
    many steps.

    A loop is parallel when it indexes every result and is not listed behind
    `over`: what a step computes then depends on the operands' slices at that
    step alone, and steps may run in any order. Every other loop is a reduction:
    each element of the results may depend on all of its steps. This also holds
    for what is not a sum: a softmax, a lookup at a place that data say, a
    dimension of which parts are read.
  }];
  let methods = [
    InterfaceMethod<"Returns the loops of the tensors, as above.",
      "::llvm::StringRef", "getIndexingText">,
    InterfaceMethod<[{Returns where the values of the `index`-th declared operand
      are: the first one's number, and how many.}],
      "::std::pair<unsigned, unsigned>", "getDeclaredOperand",
      (ins "unsigned":$index), "",
      "return $_op.getODSOperandIndexAndLength(index);">,
    InterfaceMethod<"Returns the same of the `index`-th declared result.",
      "::std::pair<unsigned, unsigned>", "getDeclaredResult",
      (ins "unsigned":$index), "",
      "return $_op.getODSResultIndexAndLength(index);">
  ];
  let verifyWithRegions = 1;
  let verify = "return ::tresse::lm::verifyIndexing($_op);";
}

def LM_ContractionOpInterface : OpInterface<"ContractionOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op with one result that is the sum, over its reduction loops, of products
    of its first two operands; added to its accumulator where it is an
    AccumulateOpInterface. IndexedOpInterface says which loops these are. A loop
    of both operands and the result is a batch; one of an operand and the result
    counts rows or columns.
  }];
  let methods = [InterfaceMethod<[{
      Returns null, or the operand with the running totals of rows per group.
      The loop that indexes it then also indexes one of the matrices: the second
      operand (each group of rows meets its own matrix) or the result (each group
      is summed by itself).
    }], "::mlir::Value", "getGroupEnds", (ins), "", "return {};">];
}

def LM_RowwiseOpInterface : OpInterface<"RowwiseOpInterface"> {
  let cppNamespace = "::tresse::lm";
  let description = [{
    An op whose result rows depend only on the same rows of its row operands
    (and on whole broadcast operands such as a norm's weight). Such ops fuse
    into one kernel. Which dimensions are rows follows from IndexedOpInterface.
  }];
  let methods = [
    InterfaceMethod<[{Returns how many leading dimensions index rows; the same
      for all row operands and results.}], "int64_t", "getRowRank",
      (ins), "", "return ::tresse::lm::Indexing::of($_op).rowRank();">,
    InterfaceMethod<[{Returns whether operand `index` is indexed by the row (else
      it is broadcast to every row).}], "bool", "isRowOperand",
      (ins "unsigned":$index), "",
      "return ::tresse::lm::Indexing::of($_op).isRowOperand(index);">
  ];
}

#endif
