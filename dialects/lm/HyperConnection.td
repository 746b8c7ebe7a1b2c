// HyperConnection.td - manifold-constrained hyper-connections (mHC).
#ifndef TRESSE_LM_HYPERCONNECTION
#define TRESSE_LM_HYPERCONNECTION
include "dialects/lm/LMBase.td"

def LM_MhcExpandOp : LM_RowOp<"mhc_expand", "R.. C -> R.. n C", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Repeats each row into every residual stream";
  let description = [{
    Starts the n residual streams: result[m] = input for every stream m.

    Constraints:
    - (C1) `input` has shape `[R.., C]`.
    - (C2) `result` has shape `[R.., n, C]`.

    Example:
    ```mlir
    %streams = lm.mhc_expand %x : (tensor<2x5x64xf32>) -> tensor<2x5x4x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input);
  let results = (outs LM_Float:$result);
}
def LM_MhcExpandGradOp : LM_RowOp<"mhc_expand_grad", "R.. n C -> R.. C"> {
  let summary = "Sums the streams";
  let description = [{
    result = sum over the streams m of gradient[m], in the wide type.

    Constraints:
    - (C1) `gradient` has shape `[R.., n, C]`.
    - (C2) `result` has shape `[R.., C]`.

    Example:
    ```mlir
    %dx = lm.mhc_expand_grad %dy : (tensor<2x5x4x64xf32>) -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$gradient);
  let results = (outs LM_Float:$result);
}
def LM_MhcPreOp : LM_RowOp<"mhc_pre",
    "R.. n C, R.. k, k, 3 -> R.. C, R.. n, R.. m n", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Maps of one sublayer and its input h = H_pre x";
  let description = [{
    The three maps of one sublayer, and its input. `mix` holds the inner products
    of the flattened streams with the rows of fn (an `lm.linear` before this op),
    n for pre, n for post, n * n for comb, row-major. Per row:

        z = mix / sqrt(mean(x^2) + norm_epsilon) * scale + base
            (scale[0] for pre, scale[1] for post, scale[2] for comb)
        pre = sigmoid(z_pre) + epsilon           post = 2 sigmoid(z_post)
        comb = sinkhorn(z_comb)
        h = sum over m of pre[m] * x[m]

    `paper`: pre without epsilon, and comb = transpose(sinkhorn(z_comb)), so that
    `lm.mhc_post` is one op for both forms. All maps are wide.
    Sources: mHC, arXiv 2512.24880, section 4; DeepSeek-V4's inference code.

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `mix` has shape `[R.., k]`, k = (2 + n) n.
    - (C3) `base` has shape `[k]`.
    - (C4) `scale` has shape `[3]`.
    - (C5) `h` has shape `[R.., C]`.
    - (C6) `post` has shape `[R.., n]`.
    - (C7) `comb` has shape `[R.., n, n]`.
    - (C8) `iterations` is at least 1.
    - (C9) `epsilon` is 0 or greater.
    - (C10) `norm_epsilon` is greater than 0.

    Example:
    ```mlir
    %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
        {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
         norm_epsilon = 1.0e-6}
        : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
        -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, LM_MhcFormAttr:$form, I64Attr:$iterations,
      F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$h, LM_Wide:$post, LM_Wide:$comb);
}
def LM_MhcPreGradOp : LM_RowOp<"mhc_pre_grad",
    "R.. n C, R.. k, k, 3, R.. C, R.. n, R.. m n" # 
    " -> R.. n C, R.. k, R.. k, R.. 3"> {
  let summary = "Gradients of lm.mhc_pre";
  let description = [{
    With the maps of `lm.mhc_pre`, m = mix * r, r = 1 / sqrt(mean(x^2) +
    norm_epsilon), s = sum(x^2) and sig = sigmoid(z_pre), per row:

        dz_pre[m] = (dh . x[m]) * sig * (1 - sig)
        dz_post   = dpost * post * (1 - post / 2)
        dz_comb   = sinkhorn's gradient of dcomb (transposed if `paper`)
        dscale[g] = sum over group g of dz * m
        dmix      = dz * scale * r
        dx[m]     = pre[m] * dh
                    - sum(dz * scale * mix) * r / (s + norm_epsilon n C) * x[m]

    dx lacks the part that flows through mix's linear. dbase and dscale are row
    sums of `dz` and of `dscale`.

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `mix` has shape `[R.., k]`, k = (2 + n) n.
    - (C3) `base` has shape `[k]`.
    - (C4) `scale` has shape `[3]`.
    - (C5) `dh` has shape `[R.., C]`.
    - (C6) `dpost` has shape `[R.., n]`.
    - (C7) `dcomb` has shape `[R.., n, n]`.
    - (C8) `dx` has shape `[R.., n, C]`.
    - (C9) `dmix` has shape `[R.., k]`.
    - (C10) `dz` has shape `[R.., k]`.
    - (C11) `dscale` has shape `[R.., 3]`.
    - (C12) `iterations` is at least 1.
    - (C13) `epsilon` is 0 or greater.
    - (C14) `norm_epsilon` is greater than 0.

    Example:
    ```mlir
    %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
        %dpost, %dcomb
        {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
         norm_epsilon = 1.0e-6}
        : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
           tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
        -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
            tensor<2x5x3xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, LM_Float:$dh, LM_Wide:$dpost, LM_Wide:$dcomb,
      LM_MhcFormAttr:$form, I64Attr:$iterations, F64Attr:$epsilon,
      F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$dx, LM_Wide:$dmix, LM_Wide:$dz,
      LM_Wide:$dscale);
}
def LM_MhcPostOp : LM_RowOp<"mhc_post",
    "R.. m C, R.. C, R.. n, R.. m n -> R.. n C", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "H_res x + H_postᵀ y";
  let description = [{
    Mixes the streams and adds the sublayer's output y:

        result[k] = post[k] * y + sum over m of comb[m, k] * x[m]

    Summed in the wide type, in ascending order of m after the y term; rounded
    once.
    Source: mHC, arXiv 2512.24880, section 4.

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `y` has shape `[R.., C]`.
    - (C3) `post` has shape `[R.., n]`.
    - (C4) `comb` has shape `[R.., n, n]`.
    - (C5) `result` has shape `[R.., n, C]`.

    Example:
    ```mlir
    %new = lm.mhc_post %x, %y, %post, %comb
        : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
           tensor<2x5x4x4xf32>) -> tensor<2x5x4x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$y, LM_Wide:$post,
      LM_Wide:$comb);
  let results = (outs LM_Float:$result);
}
def LM_MhcPostGradOp : LM_RowOp<"mhc_post_grad",
    "R.. m C, R.. C, R.. n, R.. m n, R.. n C" # 
    " -> R.. m C, R.. C, R.. n, R.. m n"> {
  let summary = "Gradients of lm.mhc_post";
  let description = [{
    With g = gradient:

        dx[m]      = sum over k of comb[m, k] * g[k]
        dy         = sum over k of post[k] * g[k]
        dpost[k]   = y . g[k]
        dcomb[m, k] = x[m] . g[k]

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `y` has shape `[R.., C]`.
    - (C3) `post` has shape `[R.., n]`.
    - (C4) `comb` has shape `[R.., n, n]`.
    - (C5) `gradient` has shape `[R.., n, C]`.
    - (C6) `dx` has shape `[R.., n, C]`.
    - (C7) `dy` has shape `[R.., C]`.
    - (C8) `dpost` has shape `[R.., n]`.
    - (C9) `dcomb` has shape `[R.., n, n]`.

    Example:
    ```mlir
    %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
        : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
           tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
        -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
            tensor<2x5x4x4xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$y, LM_Wide:$post,
      LM_Wide:$comb, LM_Float:$gradient);
  let results = (outs LM_Float:$dx, LM_Float:$dy, LM_Wide:$dpost,
      LM_Wide:$dcomb);
}
def LM_MhcHeadOp : LM_RowOp<"mhc_head",
    "R.. n C, R.. n, n, 1 -> R.. C over C", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Weighted sum of the streams before the final norm";
  let description = [{
    Collapses the streams before the final norm:

        p = sigmoid(mix / sqrt(mean(x^2) + norm_epsilon) * scale + base) + epsilon
        result = sum over m of p[m] * x[m]

    Source: DeepSeek-V4's inference code.

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `mix` has shape `[R.., n]`.
    - (C3) `base` has shape `[n]`.
    - (C4) `scale` has shape `[1]`.
    - (C5) `result` has shape `[R.., C]`.
    - (C6) `epsilon` is 0 or greater.
    - (C7) `norm_epsilon` is greater than 0.

    Example:
    ```mlir
    %y = lm.mhc_head %x, %mix, %base, %scale
        {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
        : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>)
        -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$result);
}
def LM_MhcHeadGradOp : LM_RowOp<"mhc_head_grad",
    "R.. n C, R.. n, n, 1, R.. C -> R.. n C, R.. n, R.. n, R.. 1"> {
  let summary = "Gradients of lm.mhc_head";
  let description = [{
    With p, r and s as in `lm.mhc_head` and `lm.mhc_pre_grad`, sig = p - epsilon:

        dz[m]  = (gradient . x[m]) * sig[m] * (1 - sig[m])
        dscale = sum over m of dz[m] * mix[m] * r
        dmix   = dz * scale * r
        dx[m]  = p[m] * gradient
                 - sum(dz * scale * mix) * r / (s + norm_epsilon n C) * x[m]

    dx lacks the part that flows through mix's linear.

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `mix` has shape `[R.., n]`.
    - (C3) `base` has shape `[n]`.
    - (C4) `scale` has shape `[1]`.
    - (C5) `gradient` has shape `[R.., C]`.
    - (C6) `dx` has shape `[R.., n, C]`.
    - (C7) `dmix` has shape `[R.., n]`.
    - (C8) `dz` has shape `[R.., n]`.
    - (C9) `dscale` has shape `[R.., 1]`.
    - (C10) `epsilon` is 0 or greater.
    - (C11) `norm_epsilon` is greater than 0.

    Example:
    ```mlir
    %dx, %dmix, %dz, %dscale = lm.mhc_head_grad %x, %mix, %base, %scale, %dy
        {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
        : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>,
           tensor<2x5x64xf32>)
        -> (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
            tensor<2x5x1xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, LM_Float:$gradient, F64Attr:$epsilon,
      F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$dx, LM_Wide:$dmix, LM_Wide:$dz,
      LM_Wide:$dscale);
}
def LM_SinkhornOp : LM_RowOp<"sinkhorn", "R.. m n -> R.. m n over m n", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Projects a matrix toward doubly stochastic ones";
  let description = [{
    Makes a matrix of positive entries whose rows and columns sum nearly to 1.

        v4:    y = softmax of every row of c, + epsilon
               y = y / (column sums + epsilon)
               (iterations - 1) times: y = y / (row sums + epsilon), then
               y = y / (column sums + epsilon)
        paper: y = exp(c); iterations times: y = y / column sums, then
               y = y / row sums

    The last division is exact, the other direction only approximate.
    Sources: mHC, arXiv 2512.24880, section 4; DeepSeek-V4's inference code.

    Constraints:
    - (C1) `input` has shape `[R.., n, n]`.
    - (C2) `result` has shape `[R.., n, n]`.
    - (C3) `iterations` is at least 1.
    - (C4) `epsilon` is 0 or greater.

    Example:
    ```mlir
    %y = lm.sinkhorn %c
        {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64}
        : (tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$input, LM_MhcFormAttr:$form,
      I64Attr:$iterations, F64Attr:$epsilon);
  let results = (outs LM_Wide:$result);
}
def LM_SinkhornGradOp : LM_RowOp<"sinkhorn_grad",
    "R.. m n, R.. m n -> R.. m n over m n"> {
  let summary = "Gradient of lm.sinkhorn, iterations unrolled backwards";
  let description = [{
    Recomputes the states of `lm.sinkhorn` and goes back through every division;
    for y = x / (sum(x) + e) along one axis:

        dx = (dy - sum(dy * x) / (sum(x) + e)) / (sum(x) + e)

    and at last through the exponential, or the softmax in the form `v4`.

    Constraints:
    - (C1) `input` has shape `[R.., n, n]`.
    - (C2) `gradient` has shape `[R.., n, n]`.
    - (C3) `result` has shape `[R.., n, n]`.
    - (C4) `iterations` is at least 1.
    - (C5) `epsilon` is 0 or greater.

    Example:
    ```mlir
    %dc = lm.sinkhorn_grad %c, %dy
        {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64}
        : (tensor<2x5x4x4xf32>, tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
    ```
  }];
  let arguments = (ins LM_Wide:$input, LM_Wide:$gradient, LM_MhcFormAttr:$form,
      I64Attr:$iterations, F64Attr:$epsilon);
  let results = (outs LM_Wide:$result);
}
#endif
