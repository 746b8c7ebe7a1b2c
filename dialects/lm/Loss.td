// Loss.td - token losses and their mean.
#ifndef TRESSE_LM_LOSS
#define TRESSE_LM_LOSS
include "dialects/lm/LMBase.td"

def LM_CrossEntropyOp : LM_RowOp<"cross_entropy", "R.. V, R.. -> R.., R..", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Loss of every token in nats; 0 where the target is negative";
  let description = [{
    For every row, lse = log(sum over v of exp(logits[v])):

        losses = lse - logits[target],  or 0 where target < 0

    In nats, computed in the wide type.

    Constraints:
    - (C1) `logits` has shape `[R.., V]`, `targets` `[R..]`.
    - (C2) `losses` has shape `[R..]`.
    - (C3) `lse` has shape `[R..]`.

    Example:
    ```mlir
    %losses, %lse = lm.cross_entropy %logits, %targets
        : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$logits, LM_Index:$targets);
  let results = (outs LM_Wide:$losses, LM_Wide:$lse);
}
def LM_CrossEntropyGradOp : LM_RowOp<"cross_entropy_grad",
    "R.. V, R.., R.., R.. -> R.. V"> {
  let summary = "Gradient of the logits of lm.cross_entropy";
  let description = [{
    For every row with target >= 0:

        result[v] = gradient * (exp(logits[v] - lse) - (1 where v = target))

    and a row of zeros elsewhere.

    Constraints:
    - (C1) `logits` has shape `[R.., V]`, `targets` `[R..]`.
    - (C2) `lse` has shape `[R..]`.
    - (C3) `gradient` has shape `[R..]`.
    - (C4) `result` has shape `[R.., V]`.

    Example:
    ```mlir
    %dlogits = lm.cross_entropy_grad %logits, %targets, %lse, %dlosses
        : (tensor<2x5x64xf32>, tensor<2x5xi32>, tensor<2x5xf32>, tensor<2x5xf32>)
        -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$logits, LM_Index:$targets, LM_Wide:$lse,
      LM_Wide:$gradient);
  let results = (outs LM_Float:$result);
}
def LM_TokenLogProbOp : LM_RowOp<"token_log_prob", "R.. V, R.. -> R.., R..", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Log-probability of the given token in every row";
  let description = [{
    For every row, lse = log(sum over v of exp(logits[v])):

        logp = logits[target] - lse,  or 0 where target < 0

    Constraints:
    - (C1) `logits` has shape `[R.., V]`, `targets` `[R..]`.
    - (C2) `logp` has shape `[R..]`.
    - (C3) `lse` has shape `[R..]`.

    Example:
    ```mlir
    %logp, %lse = lm.token_log_prob %logits, %targets
        : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$logits, LM_Index:$targets);
  let results = (outs LM_Wide:$logp, LM_Wide:$lse);
}
def LM_MeanValidOp : LM_Primitive<"mean_valid", "R.., R.. -> 1", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Mean over the tokens whose target is not negative";
  let description = [{
    result = mean of losses[r] over the rows r with targets[r] >= 0; 0 over none.
    The sum runs in ascending order of r.

    Constraints:
    - (C1) `targets` has the shape of `losses`, `[R..]`.
    - (C2) `result` has shape `[1]`.

    Example:
    ```mlir
    %loss = lm.mean_valid %losses, %targets
        : (tensor<2x5xf32>, tensor<2x5xi32>) -> tensor<1xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$losses, LM_Index:$targets);
  let results = (outs LM_Wide:$result);
}
def LM_MeanValidGradOp : LM_Primitive<"mean_valid_grad",
    "1, R.. -> R.. over R.."> {
  let summary = "Gradient of the losses of lm.mean_valid";
  let description = [{
    result[r] = gradient / number of valid rows where targets[r] >= 0, else 0.

    Constraints:
    - (C1) `gradient` has shape `[1]`.
    - (C2) `result` has the shape of `targets`, `[R..]`.

    Example:
    ```mlir
    %dlosses = lm.mean_valid_grad %dloss, %targets
        : (tensor<1xf32>, tensor<2x5xi32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$gradient, LM_Index:$targets);
  let results = (outs LM_Wide:$result);
}
#endif
