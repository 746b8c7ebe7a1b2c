// Optimizer.td - AdamW with clipping by the global norm.
#ifndef TRESSE_LM_OPTIMIZER
#define TRESSE_LM_OPTIMIZER
include "dialects/lm/LMBase.td"

def LM_AdamwOp : LM_Primitive<"adamw",
    "R.., R.., R.., R.., 1, 16 -> R.., R.., R..", [
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "One AdamW step of one parameter";
  let description = [{
    `hyper` = [rate, beta1, beta2, epsilon, weight_decay, clip, 1 - beta1^t,
    1 - beta2^t, gamma of `lm.update_route_bias`, 0 ..]. Elementwise, with
    g = gradient * min(1, clip / (norm + 1e-6)), or gradient where clip <= 0:

        m = beta1 m + (1 - beta1) g;    v = beta2 v + (1 - beta2) g^2
        p = p (1 - rate weight_decay)
            - rate (m / (1 - beta1^t)) / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)

    Everything is wide. The results are tied to `parameter`, `m` and `v`.
    Source: Loshchilov and Hutter, arXiv 1711.05101, in PyTorch's arrangement.

    Constraints:
    - (C1) `gradient` has the shape of `parameter`.
    - (C2) `norm` has shape `[1]`.
    - (C3) `hyper` has shape `[16]`.
    - (C4) `m` has the type of `parameter`.
    - (C5) `v` has the type of `parameter`.
    - (C6) `new_parameter` has the type of `parameter`.
    - (C7) `new_m` has the type of `m`.
    - (C8) `new_v` has the type of `v`.

    Example:
    ```mlir
    %p1, %m1, %v1 = lm.adamw %p, %g, %m, %v, %norm, %hyper
        : (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>,
           tensor<48x64xf32>, tensor<1xf32>, tensor<16xf32>)
        -> (tensor<48x64xf32>, tensor<48x64xf32>, tensor<48x64xf32>)
    ```
  }];
  let arguments = (ins LM_Wide:$parameter, LM_Wide:$gradient, LM_Wide:$m,
      LM_Wide:$v, LM_Wide:$norm, LM_Wide:$hyper);
  let results = (outs LM_Wide:$new_parameter, LM_Wide:$new_m, LM_Wide:$new_v);
}
def LM_SquareSumOp : LM_Primitive<"square_sum", "R.., K -> K", [
    AllTypesMatch<["accumulator", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Adds a tensor's squares to partial sums, chunk by chunk";
  let description = [{
    Adds the squares of N elements to K partial sums, so that the order does not
    depend on threads; with n = ceil(N / K), elements in row-major order:

        result[k] = accumulator[k] + sum over i of [k n, (k + 1) n) of input[i]^2

    `result` is tied to `accumulator`.

    Constraints:
    - (C1) `accumulator` has shape `[K]`.

    Example:
    ```mlir
    %sums = lm.square_sum %g, %old
        : (tensor<48x64xf32>, tensor<16xf32>) -> tensor<16xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$input, LM_Wide:$accumulator);
  let results = (outs LM_Wide:$result);
}
def LM_GlobalNormOp : LM_Primitive<"global_norm", "K -> 1"> {
  let summary = "Square root of the sum of the partial sums";
  let description = [{
    result = sqrt(sum over k of partial[k]), in ascending order of k.

    Constraints:
    - (C1) `partial` has shape `[K]`.
    - (C2) `result` has shape `[1]`.

    Example:
    ```mlir
    %norm = lm.global_norm %sums : (tensor<16xf32>) -> tensor<1xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$partial);
  let results = (outs LM_Wide:$result);
}
#endif
