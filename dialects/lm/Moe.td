// Moe.td - routing, permutation and expert feed-forward.
#ifndef TRESSE_LM_MOE
#define TRESSE_LM_MOE
include "dialects/lm/LMBase.td"

def LM_RouteOp : LM_RowOp<"route", "T E, E, T -> T K, T K, T E", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Chooses experts and their weights for every token";
  let description = [{
    For every token t, with the scores s = scoring(logits[t]) and the choice
    values c = s + bias:

        a group is E / groups consecutive experts; its value is the largest of
        its c (`max`) or the sum of its two largest (`top2`);
        the best `top_groups` groups stay, the c of the others become -inf;
        indices[t] = the `top_k` experts with the largest c, in that order
        weights[t, k] = weight_scale * s[k] / (sum over chosen j of s[j] + 1e-20)
                        (without the division unless `normalize`)

    Among equals the lower expert, or group, comes first. Where
    positions[t] < 0, indices are -1 and weights 0. The weights come from the
    scores without bias. All in the wide type.
    Sources: DeepSeek-V2, arXiv 2405.04434, section 2.2 (softmax); DeepSeek-V3,
    arXiv 2412.19437, section 2.1.2 (sigmoid and bias).

    Constraints:
    - (C1) `logits` has shape `[T, E]`.
    - (C2) `bias` has shape `[E]`.
    - (C3) `positions` has shape `[T]`.
    - (C4) `top_k` is at least 1.
    - (C5) `indices` has shape `[T, K]`, K = top_k.
    - (C6) `weights` has shape `[T, K]`.
    - (C7) `scores` has shape `[T, E]`.
    - (C8) `E` is a multiple of `groups`.
    - (C9) `top_groups` is at least 1.
    - (C10) `top_groups` is at most `groups`.
    - (C11) `top_k` is at most the `top_groups * E / groups` experts that stay.
    - (C12) `weight_scale` is greater than 0.

    Example:
    ```mlir
    %indices, %weights, %scores = lm.route %logits bias(%bias)
        positions(%positions)
        {group_score = #lm.group_score<top2>, groups = 4 : i64,
         normalize = true, scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64,
         top_k = 3 : i64, weight_scale = 2.5 : f64}
        : (tensor<10x8xf32>, tensor<8xf32>, tensor<10xi32>)
        -> (tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
    ```
  }];
  let arguments = (ins LM_Wide:$logits, Optional<LM_Wide>:$bias,
      Optional<LM_Index>:$positions, LM_ScoringAttr:$scoring, I64Attr:$top_k,
      I64Attr:$groups, I64Attr:$top_groups, LM_GroupScoreAttr:$group_score,
      BoolAttr:$normalize, F64Attr:$weight_scale);
  let results = (outs LM_Index:$indices, LM_Wide:$weights, LM_Wide:$scores);
  let assemblyFormat = [{
    $logits (`bias` `(` $bias^ `)`)? (`positions` `(` $positions^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}
def LM_RouteGradOp : LM_RowOp<"route_grad",
    "T E, T K, T K, T E -> T E over E"> {
  let summary = "Gradient of the logits of lm.route";
  let description = [{
    The choice and the bias carry no gradient. With S = sum over the chosen
    scores + 1e-20 of a token, for its chosen experts k:

        ds[k] = dscores[k] + weight_scale * (dw[k] - sum over j of dw[j] s[j] / S) / S
                (dscores[k] + weight_scale * dw[k] unless `normalize`)

    and ds = dscores for the others; then through the scoring function:

        sigmoid: dlogits = ds * s * (1 - s)
        softmax: dlogits = s * (ds - sum over e of ds[e] s[e])

    Constraints:
    - (C1) `scores` has shape `[T, E]`.
    - (C2) `top_k` is at least 1.
    - (C3) `indices` has shape `[T, K]`, K = top_k.
    - (C4) `dweights` has shape `[T, K]`.
    - (C5) `dscores` has shape `[T, E]`.
    - (C6) `dlogits` has shape `[T, E]`.
    - (C7) `weight_scale` is greater than 0.

    Example:
    ```mlir
    %dlogits = lm.route_grad %scores, %indices, %dweights, %dscores
        {normalize = true, scoring = #lm.scoring<sigmoid>, top_k = 3 : i64,
         weight_scale = 2.5 : f64}
        : (tensor<10x8xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<10x8xf32>)
        -> tensor<10x8xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$scores, LM_Index:$indices, LM_Wide:$dweights,
      Optional<LM_Wide>:$dscores, LM_ScoringAttr:$scoring, I64Attr:$top_k,
      BoolAttr:$normalize, F64Attr:$weight_scale);
  let results = (outs LM_Wide:$dlogits);
}
def LM_GroupRowsOp : LM_Primitive<"group_rows", "T K -> T K, R, E"> {
  let summary = "Sorts token slots by expert, stably";
  let description = [{
    Numbers the slots (slot = t * K + k) so that the rows of an expert are
    neighbours, by a stable counting sort; slots of index -1 get no row:

        indices      [[2, 0], [-1, -1], [0, 2]]          (T = 3, K = 2)
        row_of_slot  [[2, 0], [-1, -1], [1, 3]]
        slot_of_row  [1, 4, 0, 5, -1, -1]
        ends         [2, 2, 4, 4]                        (E = 4, running totals)

    Constraints:
    - (C1) `indices` has shape `[T, K]`.
    - (C2) `row_of_slot` has shape `[T, K]`.
    - (C3) `slot_of_row` has shape `[R]`.
    - (C4) `R` is `T * K`.
    - (C5) `ends` has shape `[E]`.

    Example:
    ```mlir
    %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
        : (tensor<10x3xi32>) -> (tensor<10x3xi32>, tensor<30xi32>, tensor<8xi32>)
    ```
  }];
  let arguments = (ins LM_Index:$indices);
  let results = (outs LM_Index:$row_of_slot, LM_Index:$slot_of_row,
      LM_Index:$ends);
}
def LM_PermuteOp : LM_Primitive<"permute", "T d, R, T K, E, T K -> R d", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Copies token rows into expert order";
  let description = [{
    Copies token rows into the order of `lm.group_rows`, for r < ends[E-1]:

        result[r] = input[slot_of_row[r] / K] * weights[slot_of_row[r]]

    (without the product where `weights` is absent). Rows from `ends[E-1]` on are
    not written. `row_of_slot` is the inverse, for the gradient.

    Constraints:
    - (C1) `input` has shape `[T, d]`.
    - (C2) `row_of_slot` has shape `[T, K]`.
    - (C3) `slot_of_row` has shape `[R]`.
    - (C4) `R` is `T * K`.
    - (C5) `ends` has shape `[E]`.
    - (C6) `weights` has shape `[T, K]`.
    - (C7) `result` has shape `[R, d]`.

    Example:
    ```mlir
    %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
        : (tensor<10x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>,
           tensor<10x3xf32>) -> tensor<30x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Index:$slot_of_row, LM_Index:$row_of_slot,
      LM_Index:$ends, Optional<LM_Wide>:$weights);
  let results = (outs LM_Float:$result);
}
def LM_UnpermuteOp : LM_Primitive<"unpermute", "R d, T K, T K, R, E -> T d", [
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Sums the experts' rows of every token";
  let description = [{
    Adds up the rows of every token, over its slots with a row:

        result[t] = sum over k of weights[t, k] * input[row_of_slot[t, k]]

    (without the product where `weights` is absent); slots with row -1 add
    nothing, and no other row is read. The sum is wide, in ascending order of k.
    `slot_of_row` and `ends` are there for the gradient only, and needed then.

    Constraints:
    - (C1) `input` has shape `[R, d]`.
    - (C2) `row_of_slot` has shape `[T, K]`.
    - (C3) `R` is `T * K`.
    - (C4) `weights` has shape `[T, K]`.
    - (C5) `slot_of_row` has shape `[R]`.
    - (C6) `ends` has shape `[E]`.
    - (C7) `result` has shape `[T, d]`.

    Example:
    ```mlir
    %y = lm.unpermute %rows, %row_of_slot weights(%weights)
        order(%slot_of_row, %ends)
        : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>,
           tensor<8xi32>) -> tensor<10x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Index:$row_of_slot,
      Optional<LM_Wide>:$weights, Optional<LM_Index>:$slot_of_row,
      Optional<LM_Index>:$ends);
  let results = (outs LM_Float:$result);
  let assemblyFormat = [{
    $input `,` $row_of_slot (`weights` `(` $weights^ `)`)?
    (`order` `(` $slot_of_row^ `,` $ends `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}
def LM_UnpermuteGradWeightsOp : LM_Primitive<"unpermute_grad_weights",
    "T d, R d, T K -> T K"> {
  let summary = "Gradient of the weights of lm.unpermute";
  let description = [{
    For every slot with a row:

        result[t, k] = gradient[t] . rows[row_of_slot[t, k]]

    and 0 for the others. The sum is wide.

    Constraints:
    - (C1) `gradient` has shape `[T, d]`.
    - (C2) `rows` has shape `[R, d]`.
    - (C3) `row_of_slot` has shape `[T, K]`.
    - (C4) `R` is `T * K`.
    - (C5) `result` has shape `[T, K]`.

    Example:
    ```mlir
    %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
        : (tensor<10x64xf32>, tensor<30x64xf32>, tensor<10x3xi32>)
        -> tensor<10x3xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gradient, LM_Float:$rows, LM_Index:$row_of_slot);
  let results = (outs LM_Wide:$result);
}
def LM_SwigluOp : LM_RowOp<"swiglu", "R.. W, E -> R.. I", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "silu of the first half times the second half";
  let description = [{
    For every row, the gate g being the first half of the channels, u the second:

        result[i] = g[i] / (1 + exp(-g[i])) * u[i]

    Computed in the wide type, rounded once. With `ends` the rows from
    `ends[E-1]` on are neither read nor written.
    Source: Shazeer, arXiv 2002.05202.

    Constraints:
    - (C1) `gate_up` has shape `[R.., W]`.
    - (C2) `W` is even.
    - (C3) `result` has shape `[R.., I]`, I = W / 2.
    - (C4) `ends` has shape `[E]`.

    Example:
    ```mlir
    %h = lm.swiglu %gate_up, %ends
        : (tensor<30x48xf32>, tensor<8xi32>) -> tensor<30x24xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gate_up, Optional<LM_Index>:$ends);
  let results = (outs LM_Float:$result);
}
def LM_SwigluGradOp : LM_RowOp<"swiglu_grad",
    "R.. W, R.. I, E -> R.. W over W"> {
  let summary = "Gradient of the input of lm.swiglu";
  let description = [{
    With s = 1 / (1 + exp(-g)), g and u as in `lm.swiglu`:

        result[i]     = gradient[i] * u[i] * s * (1 + g[i] * (1 - s))
        result[I + i] = gradient[i] * g[i] * s

    Constraints:
    - (C1) `gate_up` has shape `[R.., W]`.
    - (C2) `W` is even.
    - (C3) `gradient` has shape `[R.., I]`, I = W / 2.
    - (C4) `ends` has shape `[E]`.
    - (C5) `result` has shape `[R.., W]`.

    Example:
    ```mlir
    %d = lm.swiglu_grad %gate_up, %dh, %ends
        : (tensor<30x48xf32>, tensor<30x24xf32>, tensor<8xi32>)
        -> tensor<30x48xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gate_up, LM_Float:$gradient,
      Optional<LM_Index>:$ends);
  let results = (outs LM_Float:$result);
}
def LM_ExpertLoadOp : LM_SumOp<"expert_load", "T K, E -> E"> {
  let summary = "Counts the tokens of every expert";
  let description = [{
    Counts the slots of every expert; index -1 counts for none:

        result[e] = accumulator[e] + number of (t, k) with indices[t, k] = e

    `result` is tied to `accumulator`; without it counting starts at 0.

    Constraints:
    - (C1) `indices` has shape `[T, K]`.
    - (C2) `result` has shape `[E]`.
    - (C3) `accumulator` has the type of `result`.

    Example:
    ```mlir
    %load = lm.expert_load %indices, %old
        : (tensor<10x3xi32>, tensor<8xi32>) -> tensor<8xi32>
    ```
  }];
  let arguments = (ins LM_Index:$indices, Optional<LM_Index>:$accumulator);
  let results = (outs LM_Index:$result);
}
def LM_BalanceFractionOp : LM_Primitive<"balance_fraction",
    "T E, T K -> Q E over E"> {
  let summary = "Load fractions f of a balance loss, per sequence";
  let description = [{
    The T tokens are Q sequences of T / Q tokens. Of every sequence q:

        result[q, e] = E / (K * T / Q) * number of its tokens that chose expert e

    `unbiased`: a token chooses its K largest scores, without bias or groups
    (DeepSeek-V3, arXiv 2412.19437, section 2.1.2); `chosen`: its `indices`
    (DeepSeek-V2, arXiv 2405.04434, section 2.2.3). Among equals the lower
    expert. The fractions carry no gradient.

    Experts lie on `devices` devices, E / devices neighbours on each. `level`
    says what the fractions are of; those of an expert e on a device are

        expert         result[q, e], as above
        device         mean of result[q, i] over the experts i of the device
        communication  devices / (device_limit * T / Q) * number of the tokens
                       of q that chose an expert of the device

    so that one `lm.balance_loss` serves the three losses of DeepSeek-V2, where
    the share P of a device is the sum over its experts (section 2.2.3).

    Constraints:
    - (C1) `scores` has shape `[T, E]`.
    - (C2) `indices` has shape `[T, K]`.
    - (C3) `result` has shape `[Q, E]`.
    - (C4) `T` is a multiple of `Q`.
    - (C5) `K` is at most `E`.
    - (C6) `devices` is at least 1.
    - (C7) `E` is a multiple of `devices`.
    - (C8) `device_limit` is at least 1.
    - (C9) `device_limit` is at most `devices`.

    Example:
    ```mlir
    %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
        : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$scores, LM_Index:$indices, LM_BalanceFormAttr:$form,
      DefaultValuedAttr<LM_BalanceLevelAttr, "BalanceLevel::expert">:$level,
      DefaultValuedAttr<I64Attr, "1">:$devices,
      DefaultValuedAttr<I64Attr, "1">:$device_limit);
  let results = (outs LM_Wide:$result);
}
def LM_BalanceLossOp : LM_Primitive<"balance_loss", "T E, Q E -> 1", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Balance loss before its weight";
  let description = [{
    With s' = scores, divided by their sum per token if `normalize`:

        result = mean over sequences q of
                     sum over e of fraction[q, e] * mean over its tokens of s'[t, e]

    The loss before its weight (alpha).
    Sources: DeepSeek-V2, arXiv 2405.04434, section 2.2.3; DeepSeek-V3,
    arXiv 2412.19437, section 2.1.2.

    Constraints:
    - (C1) `scores` has shape `[T, E]`.
    - (C2) `fraction` has shape `[Q, E]`.
    - (C3) `T` is a multiple of `Q`.
    - (C4) `result` has shape `[1]`.

    Example:
    ```mlir
    %loss = lm.balance_loss %scores, %f {normalize = true}
        : (tensor<10x8xf32>, tensor<2x8xf32>) -> tensor<1xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$scores, LM_Wide:$fraction, BoolAttr:$normalize);
  let results = (outs LM_Wide:$result);
}
def LM_BalanceLossGradOp : LM_Primitive<"balance_loss_grad",
    "T E, Q E, 1 -> T E over E"> {
  let summary = "Gradient of the scores of lm.balance_loss";
  let description = [{
    With the sum z of the scores of a token (1 unless `normalize`), g = gradient
    and f the fractions of its sequence:

        result[t, e] = g / T * (f[e] - sum over i of f[i] s[t, i] / z) / z
                       (g / T * f[e] unless `normalize`)

    Constraints:
    - (C1) `scores` has shape `[T, E]`.
    - (C2) `fraction` has shape `[Q, E]`.
    - (C3) `T` is a multiple of `Q`.
    - (C4) `gradient` has shape `[1]`.
    - (C5) `result` has shape `[T, E]`.

    Example:
    ```mlir
    %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
        : (tensor<10x8xf32>, tensor<2x8xf32>, tensor<1xf32>) -> tensor<10x8xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$scores, LM_Wide:$fraction, LM_Wide:$gradient,
      BoolAttr:$normalize);
  let results = (outs LM_Wide:$result);
}
def LM_UpdateRouteBiasOp : LM_Primitive<"update_route_bias",
    "E, E, 16 -> E over E", [
    AllTypesMatch<["bias", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Moves the routing bias against the load (auxiliary-loss-free)";
  let description = [{
    With gamma = hyper[8], after every optimizer step, outside its gradients:

        result[e] = bias[e] + gamma * sign(mean(load) - load[e])

    The sign is exact: load is compared as integers. `result` is tied to `bias`.
    Source: DeepSeek-V3, arXiv 2412.19437, section 2.1.2.

    Constraints:
    - (C1) `bias` has shape `[E]`.
    - (C2) `load` has shape `[E]`.
    - (C3) `hyper` has shape `[16]`.

    Example:
    ```mlir
    %new = lm.update_route_bias %bias, %load, %hyper
        : (tensor<8xf32>, tensor<8xi32>, tensor<16xf32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$bias, LM_Index:$load, LM_Wide:$hyper);
  let results = (outs LM_Wide:$result);
}
#endif
