// Program.td - globals, entry plumbing and structural ops.
#ifndef TRESSE_LM_PROGRAM
#define TRESSE_LM_PROGRAM
include "dialects/lm/LMBase.td"

def LM_GlobalOp : LM_Op<"global", [Symbol, HasParent<"::mlir::ModuleOp">,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Declares a tensor that outlives a call";
  let description = [{
    A weight, optimizer state, routing bias, gradient, cache or derived copy:
    its name, role, type, how it starts without a checkpoint, and which
    checkpoint tensors (`pieces`) fill which boxes of it. Only entry functions
    load and store globals, each at most once: load first, store last.

        role      of        where its values come from
        weight    -         pieces, else initializer
        state     -         pieces, else initializer; trained outside gradients
        moment    weight    zeros
        gradient  weight    zeros; of a state: the load of its experts
        cache     -         zeros
        derived   weight    entry `prepare`

    A piece whose name holds `{e}` stands for the tensors of e = first,
    first + step, .. below last; the box of the i-th begins i * target_shape[0]
    further along dimension 0:

        #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>

        dimension 0:   e = 0        e = 1        e = 2
                     [ ....  ]    [ ....  ]    [ ....  ]     rows 0, 1 of each
                     [ box 0 ]    [ box 1 ]    [ box 2 ]     rows 2, 3 of each

    Constraints:
    - (C1) The type is a ranked tensor of static shape.
    - (C2) `of` is given for a moment, gradient or derived copy, and for no
      other role.
    - (C3) `of` names an `lm.global`.
    - (C4) Every entry of `pieces` is an `#lm.piece`.
    - (C5) A piece's `first` is 0 or more and less than `last`, its `step` at
      least 1.
    - (C6) A piece whose name lacks `{e}` runs from 0 to 1 in steps of 1.
    - (C7) A piece's `target_start` and `target_shape` have as many sizes as
      the type has dimensions.
    - (C8) Every box of a piece lies inside the type.
    - (C9) A box holds as many elements as `source_shape`.

    Example:
    ```mlir
    lm.global weight @experts : tensor<3x4x4xf32>
        {initializer = #lm.init<normal, 0.0, 6.0e-3>, pieces = [
         #lm.piece<"experts.{e}.gate.weight", 0 to 3 step 1, [2, 4] -> [0, 0, 0] [1, 2, 4]>,
         #lm.piece<"experts.{e}.up.weight", 0 to 3 step 1, [2, 4] -> [0, 2, 0] [1, 2, 4]>]}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
      OptionalAttr<StrAttr>:$sym_visibility, TypeAttr:$type, LM_RoleAttr:$role,
      OptionalAttr<LM_InitializerAttr>:$initializer,
      OptionalAttr<ArrayAttr>:$pieces, OptionalAttr<FlatSymbolRefAttr>:$of);
  let assemblyFormat = "$role $sym_name `:` $type attr-dict";
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
  }];
  let hasVerifier = 1;
}

def LM_LoadOp : LM_Op<"load", [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                               DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Reads a global; in entry functions only, once, before any store";
  let description = [{
    The value of a global when the entry starts. In entry functions only, once
    per global, before any store.

    Constraints:
    - (C1) `global` names an `lm.global`.
    - (C2) `result` has the type of the global.

    Example:
    ```mlir
    %w = lm.load @w : tensor<48x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$global);
  let results = (outs LM_Any:$result);
  let assemblyFormat = "$global attr-dict `:` type($result)";
}

def LM_StoreOp : LM_Op<"store", [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                                 DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Writes a global; in entry functions only, once, at the end";
  let description = [{
    The value of a global when the entry ends. In entry functions only, once per
    global, at the end.

    Constraints:
    - (C1) `global` names an `lm.global`.
    - (C2) `value` has the type of the global.

    Example:
    ```mlir
    lm.store %new, @w : tensor<48x64xf32>
    ```
  }];
  let arguments = (ins LM_Any:$value, FlatSymbolRefAttr:$global);
  let assemblyFormat = "$value `,` $global attr-dict `:` type($value)";
}

def LM_YieldOp : LM_Op<"yield", [Pure, Terminator,
                                 ParentOneOf<["FusionOp", "MhcOp"]>]> {
  let summary = "Ends the region of a fusion or of a hyper-connection";
  let description = [{
    Ends the body of an `lm.fusion`, whose results are the values, or of an
    `lm.mhc`: the first value is the sublayer's output, the others are the op's
    extra results.

    Example:
    ```mlir
    lm.yield %s : tensor<10x64xf32>
    ```
  }];
  let arguments = (ins Variadic<LM_Any>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def LM_FusionOp : LM_Op<"fusion", [Pure, IsolatedFromAbove,
    SingleBlock,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Row-wise ops that become one kernel";
  let description = [{
    Ops that become one kernel: the body sees the inputs as its arguments and
    nothing else, so that equal bodies share a kernel. Made by the fusion stage.
    A result is tied where the yielded value is, to an input that the tied
    operand is the argument of.

    Constraints:
    - (C1) The body has one argument of the type of every input.
    - (C2) The body yields one value of the type of every result.

    Example:
    ```mlir
    %y = lm.fusion(%a, %b) : (tensor<10x64xf32>, tensor<10x64xf32>)
        -> tensor<10x64xf32> {
    ^bb0(%x: tensor<10x64xf32>, %r: tensor<10x64xf32>):
      %s = arith.addf %x, %r : tensor<10x64xf32>
      lm.yield %s : tensor<10x64xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<LM_Any>:$inputs);
  let results = (outs Variadic<LM_Any>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
}

def LM_SplitOp : LM_Primitive<"split", "R.. C -> R.. c#", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Cuts the last dimension into parts; the parts are views";
  let description = [{
    Parts i = 0, 1, .. of the last dimension, side by side: part i holds the
    channels from the sum of the earlier widths on. The parts are views: nothing
    is copied.

    Constraints:
    - (C1) `input` has shape `[R.., C]`.
    - (C2) Every part has shape `[R.., c]`.
    - (C3) The widths of the parts sum to `C`.

    Example:
    ```mlir
    %latent, %k_rope = lm.split %joint
        : (tensor<2x5x24xf32>) -> (tensor<2x5x16xf32>, tensor<2x5x8xf32>)
    ```
  }];
  let arguments = (ins LM_Any:$input);
  let results = (outs Variadic<LM_Any>:$parts);
}

def LM_ConcatOp : LM_RowOp<"concat", "R.. c# -> R.. C", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Joins tensors along the last dimension";
  let description = [{
    The parts side by side along the last dimension: the gradient of `lm.split`.

    Constraints:
    - (C1) Every part has shape `[R.., c]`.
    - (C2) `result` has shape `[R.., C]`.
    - (C3) The widths of the parts sum to `C`.

    Example:
    ```mlir
    %joint = lm.concat %latent, %k_rope
        : (tensor<2x5x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x24xf32>
    ```
  }];
  let arguments = (ins Variadic<LM_Any>:$parts);
  let results = (outs LM_Any:$result);
}

def LM_FillOp : LM_Primitive<"fill", "-> R.."> {
  let summary = "A tensor of one value";
  let description = [{
    Every element of the result is `value`, rounded once to its type.

    Example:
    ```mlir
    %zeros = lm.fill {value = 0.0} : () -> tensor<64xf32>
    ```
  }];
  let arguments = (ins F64Attr:$value);
  let results = (outs LM_Any:$result);
  let hasVerifier = 0;
}

def LM_ClearOp : LM_Primitive<"clear", "R.. -> R..", [
    AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Sets a tensor to zero in place";
  let description = [{
    The result, tied to `input`, is zero everywhere; the old values are not read.

    Example:
    ```mlir
    %zeros = lm.clear %old : (tensor<48x64xf32>) -> tensor<48x64xf32>
    ```
  }];
  let arguments = (ins LM_Any:$input);
  let results = (outs LM_Any:$result);
  let hasVerifier = 0;
}

def LM_IotaOp : LM_Primitive<"iota", "-> R.. S"> {
  let summary = "Positions of a whole sequence: result[..., s] = s";
  let description = [{
    result[.., s] = s: the positions of whole sequences.

    Constraints:
    - (C1) `result` has shape `[R.., S]`.

    Example:
    ```mlir
    %positions = lm.iota : () -> tensor<2x5xi32>
    ```
  }];
  let results = (outs LM_Index:$result);
}

def LM_BarrierOp : LM_Primitive<"barrier", "R.., A.. -> R..", [
    AllTypesMatch<["input", "result"]>]> {
  let summary = "The input, not before `after` exists; a view";
  let description = [{
    The value of `input`, not available before `after` is. Keeps recomputed ops
    in the backward pass: without it, common subexpression elimination would
    take the forward pass's values instead. A view: nothing is copied.

    Example:
    ```mlir
    %late = lm.barrier %x, %dy
        : (tensor<2x5x64xf32>, tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Any:$input, LM_Any:$after);
  let results = (outs LM_Any:$result);
  let hasVerifier = 0;
}

def LM_StopGradientOp : LM_Primitive<"stop_gradient", "R.. -> R..", [
    AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "The input; its gradient is zero; a view";
  let description = [{
    The value of `input`, which receives no gradient through it. A view.

    Example:
    ```mlir
    %y = lm.stop_gradient %x : (tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Any:$input);
  let results = (outs LM_Any:$result);
  let hasVerifier = 0;
}
#endif
