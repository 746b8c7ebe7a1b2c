// Embedding.td - token embedding and its gradient.
#ifndef TRESSE_LM_EMBEDDING
#define TRESSE_LM_EMBEDDING
include "dialects/lm/LMBase.td"

def LM_EmbedOp : LM_Primitive<"embed", "R.., V d -> R.. d", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Looks up one row of a table per token";
  let description = [{
    For every token `t` at index `r`:

        result[r] = table[t],  or a row of zeros where t < 0

    Constraints:
    - (C1) `table` has shape `[V, d]`.
    - (C2) `result` has shape `[R.., d]`, `tokens` `[R..]`.

    Example:
    ```mlir
    %e = lm.embed %tokens, %table
        : (tensor<2x5xi32>, tensor<64x32xf32>) -> tensor<2x5x32xf32>
    ```
  }];
  let arguments = (ins LM_Index:$tokens, LM_Float:$table);
  let results = (outs LM_Float:$result);
}

def LM_EmbedGradOp : LM_SumOp<"embed_grad", "R.., R.. d, V d -> V d"> {
  let summary = "Gradient of the table of lm.embed";
  let description = [{
    Adds the gradient of every embedded token to its row of the table:

        result[v] = accumulator[v] + sum over r with tokens[r] = v of gradient[r]

    Negative tokens add nothing. The sum is in the wide type, in ascending order
    of r. `result` is tied to `accumulator`; without it the sum starts at 0.

    Constraints:
    - (C1) `gradient` has shape `[R.., d]`, `tokens` `[R..]`.
    - (C2) `result` has shape `[V, d]`.
    - (C3) `accumulator` has the type of `result`.

    Example:
    ```mlir
    %dt = lm.embed_grad %tokens, %dy, %old
        : (tensor<2x5xi32>, tensor<2x5x32xf32>, tensor<64x32xf32>)
        -> tensor<64x32xf32>
    ```
  }];
  let arguments = (ins LM_Index:$tokens, LM_Float:$gradient,
      Optional<LM_Wide>:$accumulator);
  let results = (outs LM_Wide:$result);
}
#endif
