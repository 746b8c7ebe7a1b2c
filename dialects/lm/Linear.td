// Linear.td - contractions: x·Wᵀ in the checkpoint's layout, and their gradients.
#ifndef TRESSE_LM_LINEAR
#define TRESSE_LM_LINEAR
include "dialects/lm/LMBase.td"

/// A sum of products of its first two operands.
class LM_Contraction<string mnemonic, string indexing, list<Trait> traits = []>
    : LM_Primitive<mnemonic, indexing,
                   !listconcat([LM_ContractionOpInterface], traits)> {
  let results = (outs LM_Float:$result);
}
/// A contraction whose rows belong to groups.
class LM_GroupedContraction<string mnemonic, string indexing,
                            list<Trait> traits = []>
    : LM_Contraction<mnemonic, indexing, traits> {
  let declarations = "::mlir::Value getGroupEnds() { return getEnds(); }";
}
def LM_LinearOp : LM_Contraction<"linear", "R.. in, out in -> R.. out", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Multiplies every row by a weight stored [out, in]";
  let description = [{
    For every row x of `input`, with `weight` as checkpoints store it:

        result[o] = sum over i of x[i] * weight[o, i]

    The sum is in the wide type and is rounded once.

    Constraints:
    - (C1) `input` has shape `[R.., in]`.
    - (C2) `weight` has shape `[out, in]`.
    - (C3) `result` has shape `[R.., out]`.

    Example:
    ```mlir
    %y = lm.linear %x, %w
        : (tensor<2x5x64xf32>, tensor<48x64xf32>) -> tensor<2x5x48xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$weight);
}
def LM_LinearGradInputOp : LM_Contraction<"linear_grad_input",
    "R.. out, out in -> R.. in"> {
  let summary = "Gradient of the input of lm.linear";
  let description = [{
    For every row g of `gradient`:

        result[i] = sum over o of g[o] * weight[o, i]

    Constraints:
    - (C1) `gradient` has shape `[R.., out]`.
    - (C2) `weight` has shape `[out, in]`.
    - (C3) `result` has shape `[R.., in]`.

    Example:
    ```mlir
    %dx = lm.linear_grad_input %dy, %w
        : (tensor<2x5x48xf32>, tensor<48x64xf32>) -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gradient, LM_Float:$weight);
}
def LM_LinearGradWeightOp : LM_Contraction<"linear_grad_weight",
    "R.. out, R.. in, out in -> out in", LM_AccumulatorTraits> {
  let summary = "Gradient of the weight of lm.linear";
  let description = [{
    Sums over all rows r:

        result[o, i] = accumulator[o, i] + sum over r of gradient[r, o] * input[r, i]

    `result` is wide whatever the storage type, and tied to `accumulator`;
    without it the sum starts at 0.

    Constraints:
    - (C1) `gradient` has shape `[R.., out]`.
    - (C2) `input` has shape `[R.., in]`.
    - (C3) `result` has shape `[out, in]`.
    - (C4) `accumulator` has the type of `result`.

    Example:
    ```mlir
    %dw = lm.linear_grad_weight %dy, %x, %old
        : (tensor<2x5x48xf32>, tensor<2x5x64xf32>, tensor<48x64xf32>)
        -> tensor<48x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gradient, LM_Float:$input,
      Optional<LM_Wide>:$accumulator);
}
def LM_GroupedLinearOp : LM_GroupedContraction<"grouped_linear",
    "R in, E out in, E -> R out", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Multiplies each group of rows by its own weight";
  let description = [{
    Group e owns the rows from `ends[e-1]` (0 for the first) up to `ends[e]`:

        result[r, o] = sum over i of input[r, i] * weight[e, o, i]

    Groups may be empty. Rows from `ends[E-1]` on are poison: never read, never
    written, possibly NaN.

    Constraints:
    - (C1) `input` has shape `[R, in]`.
    - (C2) `weight` has shape `[E, out, in]`.
    - (C3) `ends` has shape `[E]`.
    - (C4) `result` has shape `[R, out]`.

    Example:
    ```mlir
    %y = lm.grouped_linear %x, %w, %ends
        : (tensor<20x64xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
        -> tensor<20x48xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$weight, LM_Index:$ends);
}
def LM_GroupedLinearGradInputOp : LM_GroupedContraction<
    "grouped_linear_grad_input", "R out, E out in, E -> R in"> {
  let summary = "Gradient of the input of lm.grouped_linear";
  let description = [{
    For every row r of group e (see `lm.grouped_linear`):

        result[r, i] = sum over o of gradient[r, o] * weight[e, o, i]

    Rows from `ends[E-1]` on are neither read nor written.

    Constraints:
    - (C1) `gradient` has shape `[R, out]`.
    - (C2) `weight` has shape `[E, out, in]`.
    - (C3) `ends` has shape `[E]`.
    - (C4) `result` has shape `[R, in]`.

    Example:
    ```mlir
    %dx = lm.grouped_linear_grad_input %dy, %w, %ends
        : (tensor<20x48xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
        -> tensor<20x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gradient, LM_Float:$weight, LM_Index:$ends);
}
def LM_GroupedLinearGradWeightOp : LM_GroupedContraction<
    "grouped_linear_grad_weight", "R out, R in, E, E out in -> E out in",
    LM_AccumulatorTraits> {
  let summary = "Gradient of the weights of lm.grouped_linear";
  let description = [{
    Sums over the rows r of every group e (see `lm.grouped_linear`):

        result[e, o, i] = accumulator[e, o, i]
                          + sum over r of gradient[r, o] * input[r, i]

    An empty group adds nothing. `result` is tied to `accumulator`; without it
    the sums start at 0.

    Constraints:
    - (C1) `gradient` has shape `[R, out]`.
    - (C2) `input` has shape `[R, in]`.
    - (C3) `ends` has shape `[E]`.
    - (C4) `result` has shape `[E, out, in]`.
    - (C5) `accumulator` has the type of `result`.

    Example:
    ```mlir
    %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
        : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>,
           tensor<8x48x64xf32>) -> tensor<8x48x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gradient, LM_Float:$input, LM_Index:$ends,
      Optional<LM_Wide>:$accumulator);
}
def LM_HeadLinearOp : LM_Contraction<"head_linear",
    "R.. H in, H out in -> R.. H out"> {
  let summary = "Multiplies each head's rows by the head's own weight";
  let description = [{
    For every row and head h:

        result[h, o] = sum over i of input[h, i] * weight[h, o, i]

    With `transposed` the weight is stored `[H, in, out]` and read as
    `weight[h, i, o]`. Moves the expansion of keys and values to the other side
    of attention (DeepSeek-V2, arXiv 2405.04434, section 2.1.2).

    Constraints:
    - (C1) `input` has shape `[R.., H, in]`.
    - (C2) `weight` has shape `[H, out, in]`, or `[H, in, out]` if `transposed`.
    - (C3) `result` has shape `[R.., H, out]`.

    Example:
    ```mlir
    %y = lm.head_linear %x, %w
        : (tensor<2x5x4x8xf32>, tensor<4x16x8xf32>) -> tensor<2x5x4x16xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$weight,
      DefaultValuedAttr<BoolAttr, "false">:$transposed);
  let indexingText = [{
    getTransposed() ? "R.. H in, H in out -> R.. H out"
                    : "R.. H in, H out in -> R.. H out"
  }];
}
def LM_RowSumOp : LM_SumOp<"row_sum", "R.. C, C -> C"> {
  let summary = "Sums over all rows, in a fixed order";
  let description = [{
    Sums over all rows r, in ascending order:

        result[c] = accumulator[c] + sum over r of input[r, c]

    `result` is tied to `accumulator`; without it the sum starts at 0.

    Constraints:
    - (C1) `input` has shape `[R.., C]`.
    - (C2) `result` has shape `[C]`.
    - (C3) `accumulator` has the type of `result`.

    Example:
    ```mlir
    %s = lm.row_sum %x, %old
        : (tensor<2x5x24xf32>, tensor<24xf32>) -> tensor<24xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, Optional<LM_Wide>:$accumulator);
  let results = (outs LM_Float:$result);
}
#endif
