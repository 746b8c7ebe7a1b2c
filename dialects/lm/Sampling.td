// Sampling.td - choosing the next token.
#ifndef TRESSE_LM_SAMPLING
#define TRESSE_LM_SAMPLING
include "dialects/lm/LMBase.td"

def LM_SampleOp : LM_Primitive<"sample", "slots V, slots 8 -> slots"> {
  let summary = "Samples one token per slot; greedy at temperature 0";
  let description = [{
    One token per slot. `sampling` = [temperature, top_k, top_p, min_p, u, 0, 0,
    0], u uniform in [0, 1). With temperature 0, the token of the largest logit.
    Otherwise, in this order:

        p = softmax(logits / temperature)
        top_k > 0: keep the top_k most probable tokens, renormalise
        top_p < 1: keep the shortest prefix, by descending probability, whose sum
                   reaches top_p, renormalise
        min_p > 0: keep the tokens with at least min_p times the largest p
        the first token, by descending probability, at which the running sum of
        the renormalised p exceeds u

    Among equals the lower token comes first, everywhere.

    Constraints:
    - (C1) `logits` has shape `[slots, V]`.
    - (C2) `sampling` has shape `[slots, 8]`.
    - (C3) `result` has shape `[slots]`.

    Example:
    ```mlir
    %next = lm.sample %logits, %sampling
        : (tensor<2x64xf32>, tensor<2x8xf32>) -> tensor<2xi32>
    ```
  }];
  let arguments = (ins LM_Wide:$logits, LM_Wide:$sampling);
  let results = (outs LM_Index:$result);
}
#endif
