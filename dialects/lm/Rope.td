// Rope.td - rotary position embedding.
#ifndef TRESSE_LM_ROPE
#define TRESSE_LM_ROPE
include "dialects/lm/LMBase.td"

def LM_RotaryOp : LM_Primitive<"rotary", "R.. -> R.. dim"> {
  let summary = "Cosines and sines of every position (YaRN)";
  let description = [{
    One row of angles per position p (a negative one counts as 0), the cosines
    before the sines, k = 0 .. dim/2 - 1:

        result[k]         = amplitude * cos(p * f(k))
        result[dim/2 + k] = amplitude * sin(p * f(k))

    With factor = 1, f(k) = theta^(-2k/dim). Otherwise, L = original_positions
    and D(b) = dim * ln(L / (2 pi b)) / (2 ln theta):

        low = max(floor(D(beta_fast)), 0);  high = min(ceil(D(beta_slow)), dim - 1)
        (high + 0.001 where it equals low)
        ramp = clamp((k - low) / (high - low), 0, 1)
        f(k) = theta^(-2k/dim) * (ramp / factor + 1 - ramp)

    Source: YaRN, Peng et al., arXiv 2309.00071, section 3.2.

    Constraints:
    - (C1) `result` has shape `[R.., dim]`, `positions` `[R..]`.
    - (C2) `dim` is even.
    - (C3) `theta` is greater than 0.
    - (C4) `factor` is greater than 0.
    - (C5) `original_positions` is at least 1.
    - (C6) `beta_fast` is greater than 0.
    - (C7) `beta_slow` is greater than 0.
    - (C8) `amplitude` is greater than 0.

    Example:
    ```mlir
    %table = lm.rotary %positions
        {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 32.0,
         beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
    ```
  }];
  let arguments = (ins LM_Index:$positions, F64Attr:$theta, F64Attr:$factor,
      I64Attr:$original_positions, F64Attr:$beta_fast, F64Attr:$beta_slow,
      F64Attr:$amplitude);
  let results = (outs LM_Wide:$result);
}
def LM_RopeOp : LM_RowOp<"rope", "R.. D, R.. dr -> R.. D over D", [
    AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  // The table may lack the heads.
  let indexingText = [{
    getInput().getType().getRank() > getTable().getType().getRank()
        ? "R.. H D, R.. dr -> R.. H D over D" : "R.. D, R.. dr -> R.. D over D"
  }];
  let summary = "Rotates channels by the angles of their row";
  let description = [{
    Rotates the channels [offset, offset + dr) of every row, copies the others.
    `table` holds dr/2 cosines, then dr/2 sines, per row (see `lm.rotary`); it
    may lack the last row dimension of `input`, the heads, which then share it.

        y_a = x_a cos(k) - x_b sin(k),   y_b = x_a sin(k) + x_b cos(k)

        interleaved: (a, b) = (2k, 2k + 1)      x: a0 b0 a1 b1 a2 b2 ..
        otherwise:   (a, b) = (k, k + dr/2)     x: a0 a1 a2 .. b0 b1 b2 ..

    `inverse` negates the sines: the gradient. DeepSeek's checkpoints are
    interleaved.
    Source: RoFormer, Su et al., arXiv 2104.09864, section 3.4.

    Constraints:
    - (C1) `table` has shape `[R.., dr]`.
    - (C2) `input` has shape `[R.., D]` or `[R.., H, D]`.
    - (C3) `dr` is even.
    - (C4) `offset` is at least 0.
    - (C5) `offset + dr` is at most `D`.

    Example:
    ```mlir
    %y = lm.rope %x, %table {interleaved = true, offset = 8 : i64}
        : (tensor<2x5x4x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x4x16xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$table, I64Attr:$offset,
      BoolAttr:$interleaved, DefaultValuedAttr<BoolAttr, "false">:$inverse);
  let results = (outs LM_Float:$result);
}
#endif
