// Norm.td - root-mean-square normalisation.
#ifndef TRESSE_LM_NORM
#define TRESSE_LM_NORM
include "dialects/lm/LMBase.td"

def LM_RmsNormOp : LM_RowOp<"rms_norm", "R.. C, C -> R.. C over C", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Divides each row by its root mean square, then scales it";
  let description = [{
    For every row x of `input`, with C = dim(input, -1):

        result = x / sqrt(sum(x * x) / C + epsilon) * weight

    Computed in the wide type whatever the element type is, rounded once.
    Source: Zhang and Sennrich, arXiv 1910.07467.

    Constraints:
    - (C1) `input` has shape `[R.., C]`.
    - (C2) `weight` has shape `[C]`.
    - (C3) `result` has shape `[R.., C]`.
    - (C4) `epsilon` is greater than 0.

    Example:
    ```mlir
    %y = lm.rms_norm %x, %weight {epsilon = 1.0e-6}
        : (tensor<2x5x64xf32>, tensor<64xf32>) -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$weight, F64Attr:$epsilon);
  let results = (outs LM_Float:$result);
}
def LM_RmsNormGradInputOp : LM_RowOp<"rms_norm_grad_input",
    "R.. C, C, R.. C -> R.. C over C"> {
  let summary = "Gradient of the input of lm.rms_norm";
  let description = [{
    With q = 1 / sqrt(sum(x * x) / C + epsilon) and g = gradient * weight:

        result = q * g - x * q^3 * sum(g * x) / C

    Constraints:
    - (C1) `input` has shape `[R.., C]`.
    - (C2) `weight` has shape `[C]`.
    - (C3) `gradient` has shape `[R.., C]`.
    - (C4) `result` has shape `[R.., C]`.
    - (C5) `epsilon` is greater than 0.

    Example:
    ```mlir
    %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = 1.0e-6}
        : (tensor<2x5x64xf32>, tensor<64xf32>, tensor<2x5x64xf32>)
        -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$weight, LM_Float:$gradient,
      F64Attr:$epsilon);
  let results = (outs LM_Float:$result);
}
def LM_RmsNormGradWeightOp : LM_Primitive<"rms_norm_grad_weight",
    "R.. C, R.. C -> chunks C over C"> {
  let summary = "Gradient of the weight of lm.rms_norm, summed by chunks of rows";
  let description = [{
    Sums by chunks of rows, so that the order of the sums does not depend on
    threads; an `lm.row_sum` over the chunks follows. With q as in
    `lm.rms_norm_grad_input` and n = ceil(rows / chunks):

        result[k] = sum over rows r of [k n, (k + 1) n) of gradient[r] * x[r] * q[r]

    Constraints:
    - (C1) `input` has shape `[R.., C]`.
    - (C2) `gradient` has shape `[R.., C]`.
    - (C3) `result` has shape `[chunks, C]`.
    - (C4) `epsilon` is greater than 0.

    Example:
    ```mlir
    %dw = lm.rms_norm_grad_weight %x, %dy {epsilon = 1.0e-6}
        : (tensor<2x5x64xf32>, tensor<2x5x64xf32>) -> tensor<4x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$gradient, F64Attr:$epsilon);
  let results = (outs LM_Wide:$result);
}
#endif
