// Composite.td - ops for authors; the expand stage removes them.
#ifndef TRESSE_LM_COMPOSITE
#define TRESSE_LM_COMPOSITE
include "dialects/lm/LMBase.td"

def LM_MlaOp : LM_Op<"mla", [Pure, AttrSizedOperandSegments]> {
  let summary = "Multi-head Latent Attention (DeepSeek-V2, section 2.1)";
  let description = [{
    With h = `heads`, dn = `nope`, dr = `rope`, dv = `value` and norms of
    `epsilon`:

        q   = q_b rms_norm(q_a x; q_a_norm)  (q_b x without q_a)  [B, S, h, dn + dr]
        c, k_r = split(kv_a x; r, dr);  c = rms_norm(c; kv_a_norm)
        q, k_r: their last dr channels rotated (`rotary`, `interleaved`)
        kv  = kv_b c                                              [B, S, h, dn + dv]
        result = o attention(q, kv, k_r, positions; scale)

    The norm covers the latent c only. `scale` is the softmax scale with YaRN's
    factor squared. The expand stage replaces this op; the cache and attention
    stages may later absorb kv_b.
    Source: DeepSeek-V2, arXiv 2405.04434, section 2.1.

    Constraints:
    - (C1) `input` has shape `[B, S, d]`.
    - (C2) `positions` has shape `[B, S]`.
    - (C3) `heads` is at least 1.
    - (C4) `nope` is at least 1.
    - (C5) `rope` is at least 1.
    - (C6) `value` is at least 1.
    - (C7) `rope` is even.
    - (C8) `q_a` has shape `[rq, d]`.
    - (C9) `q_a_norm` has shape `[rq]`.
    - (C10) `q_b` has shape `[h (dn + dr), rq]`, or `[h (dn + dr), d]` without
      `q_a`.
    - (C11) `kv_a_norm` has shape `[r]`.
    - (C12) `kv_a` has shape `[r + dr, d]`.
    - (C13) `kv_b` has shape `[h (dn + dv), r]`.
    - (C14) `o` has shape `[d, h dv]`.
    - (C15) `result` has shape `[B, S, d]`.
    - (C16) `scale` is greater than 0.
    - (C17) `epsilon` is greater than 0.

    Example:
    ```mlir
    %y = lm.mla %x, %positions q_a(%q_a, %q_a_norm) q_b(%q_b)
        kv_a(%kv_a, %kv_a_norm) kv_b(%kv_b) o(%o)
        {epsilon = 1.0e-6, heads = 4 : i64, nope = 8 : i64, rope = 6 : i64,
         rotary = #lm.yarn<theta = 1.0e4, factor = 4.0, original_positions = 16,
           beta_fast = 32.0, beta_slow = 1.0, amplitude = 1.0>,
         scale = 0.25, value = 12 : i64}
        : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<24x32xf32>, tensor<24xf32>,
           tensor<56x24xf32>, tensor<22x32xf32>, tensor<16xf32>, tensor<80x16xf32>,
           tensor<32x48xf32>) -> tensor<2x5x32xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Index:$positions,
      Optional<LM_Float>:$q_a, Optional<LM_Wide>:$q_a_norm, LM_Float:$q_b,
      LM_Float:$kv_a, LM_Wide:$kv_a_norm, LM_Float:$kv_b, LM_Float:$o,
      I64Attr:$heads, I64Attr:$nope, I64Attr:$rope, I64Attr:$value,
      F64Attr:$scale, F64Attr:$epsilon, LM_YarnAttr:$rotary,
      DefaultValuedAttr<BoolAttr, "true">:$interleaved);
  let results = (outs LM_Float:$result);
  let assemblyFormat = [{
    $input `,` $positions (`q_a` `(` $q_a^ `,` $q_a_norm `)`)? `q_b` `(` $q_b `)`
    `kv_a` `(` $kv_a `,` $kv_a_norm `)` `kv_b` `(` $kv_b `)` `o` `(` $o `)`
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def LM_MlpOp : LM_Op<"mlp", [Pure]> {
  let summary = "Dense SwiGLU feed-forward";
  let description = [{
    result = down swiglu(gate_up input): a dense feed-forward of width I. `gate_up`
    holds the gate's rows, then those of the up projection.

    Constraints:
    - (C1) `input` has shape `[R.., d]`.
    - (C2) `gate_up` has shape `[W, d]`.
    - (C3) `W` is even.
    - (C4) `down` has shape `[d, I]`, I = W / 2.
    - (C5) `result` has shape `[R.., d]`.

    Example:
    ```mlir
    %y = lm.mlp %x, %gate_up, %down
        : (tensor<2x5x32xf32>, tensor<96x32xf32>, tensor<32x48xf32>)
        -> tensor<2x5x32xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Float:$gate_up, LM_Float:$down);
  let results = (outs LM_Float:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def LM_MoeOp : LM_Op<"moe", [Pure, AttrSizedOperandSegments]> {
  let summary = "Mixture of experts with shared and routed experts, dropless";
  let description = [{
    Per token x, with the choice of `lm.route` on logits = gate x:

        result = sum over chosen e of weights[e] * mlp_e(x) + shared mlp(x)

    Every chosen token is computed (dropless). `gate_up` and `down` stack the
    experts' weights; the shared experts are one wider mlp without a weight.
    `balance` is the balance loss before its factor (`lm.balance_loss`), or the
    three of experts, devices and communication (`lm.balance_fraction`), a group
    being a device and `top_groups` the limit; loads are counted per sequence,
    over all of them with `balance_batch`. `load` is the number of tokens per
    expert, `indices` the choice. T = B * S.
    Sources: DeepSeek-V2, arXiv 2405.04434, section 2.2; DeepSeek-V3,
    arXiv 2412.19437, section 2.1.2.

    Constraints:
    - (C1) `input` has shape `[B, S, d]`.
    - (C2) `positions` has shape `[B, S]`.
    - (C3) `gate` has shape `[E, d]`.
    - (C4) `bias` has shape `[E]`.
    - (C5) `gate_up` has shape `[E, W, d]`.
    - (C6) `W` is even.
    - (C7) `down` has shape `[E, d, I]`, I = W / 2.
    - (C8) `shared_gate_up` has shape `[V, d]`.
    - (C9) `V` is even.
    - (C10) `shared_down` has shape `[d, J]`, J = V / 2.
    - (C11) `top_k` is at least 1.
    - (C12) `E` is a multiple of `groups`.
    - (C13) `top_groups` is at least 1.
    - (C14) `top_groups` is at most `groups`.
    - (C15) `top_k` is at most the `top_groups * E / groups` experts that stay.
    - (C16) `weight_scale` is greater than 0.
    - (C17) `result` has shape `[B, S, d]`.
    - (C18) Every `balance` has shape `[1]`.
    - (C19) `load` has shape `[E]`.
    - (C20) `indices` has shape `[T, K]`, K = top_k.
    - (C21) `T` is `B * S`.
    - (C22) There are 1 or 3 `balance` results.

    Example:
    ```mlir
    %y, %balance, %load, %indices = lm.moe %x, %positions gate(%gate, %bias)
        experts(%gate_up, %down) shared(%shared_gate_up, %shared_down)
        {balance_form = #lm.balance_form<unbiased>, balance_normalize = true,
         group_score = #lm.group_score<top2>, groups = 4 : i64, normalize = true,
         scoring = #lm.scoring<sigmoid>, top_groups = 2 : i64, top_k = 3 : i64,
         weight_scale = 2.5}
        : (tensor<2x5x32xf32>, tensor<2x5xi32>, tensor<8x32xf32>, tensor<8xf32>,
           tensor<8x28x32xf32>, tensor<8x32x14xf32>, tensor<40x32xf32>,
           tensor<32x20xf32>)
        -> (tensor<2x5x32xf32>, tensor<1xf32>, tensor<8xi32>, tensor<10x3xi32>)
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Index:$positions, LM_Wide:$gate,
      Optional<LM_Wide>:$bias, LM_Float:$gate_up, LM_Float:$down,
      Optional<LM_Float>:$shared_gate_up, Optional<LM_Float>:$shared_down,
      LM_ScoringAttr:$scoring, I64Attr:$top_k, I64Attr:$groups,
      I64Attr:$top_groups, LM_GroupScoreAttr:$group_score, BoolAttr:$normalize,
      F64Attr:$weight_scale, LM_BalanceFormAttr:$balance_form,
      BoolAttr:$balance_normalize, UnitAttr:$balance_batch);
  let results = (outs LM_Float:$result, Variadic<LM_Wide>:$balance, LM_Index:$load,
      LM_Index:$indices);
  let assemblyFormat = [{
    $input `,` $positions `gate` `(` $gate (`,` $bias^)? `)`
    `experts` `(` $gate_up `,` $down `)`
    (`shared` `(` $shared_gate_up^ `,` $shared_down `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def LM_MhcOp : LM_Op<"mhc", [RecursiveMemoryEffects,
                             SingleBlock]> {
  let summary = "A sublayer wrapped in hyper-connections (mHC, section 4)";
  let description = [{
    Wraps a sublayer F, the body, in hyper-connections over n residual streams:

        pre, post, comb = the maps of `lm.mhc_pre` with mix = fn vec(x)
        result[k] = post[k] * F(sum over m of pre[m] x[m])
                    + sum over m of comb[m, k] x[m]

    The body's argument is F's input; it yields F's output, then values that
    become the `extra` results. The rows of `fn`, `base` are n for pre, n for
    post, n * n for comb, row-major.
    Sources: mHC, arXiv 2512.24880, section 4 (`paper`); DeepSeek-V4's inference
    code (`v4`).

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `fn` has shape `[k, nC]`, k = (2 + n) n.
    - (C3) `base` has shape `[k]`.
    - (C4) `scale` has shape `[3]`.
    - (C5) `result` has the type of `input`.
    - (C6) The body has one argument of shape `[R.., C]`.
    - (C7) The body yields first a value of the argument's type.
    - (C8) The body yields one more value of the type of every extra result.
    - (C9) `iterations` is at least 1.
    - (C10) `epsilon` is 0 or greater.
    - (C11) `norm_epsilon` is greater than 0.

    Example:
    ```mlir
    %new = lm.mhc %x, %fn, %base, %scale
        {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
         norm_epsilon = 1.0e-6}
        : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
        -> tensor<2x5x4x64xf32> {
    ^bb0(%h: tensor<2x5x64xf32>):
      %f = arith.negf %h : tensor<2x5x64xf32>
      lm.yield %f : tensor<2x5x64xf32>
    }
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$fn, LM_Wide:$base,
      LM_Wide:$scale, LM_MhcFormAttr:$form, I64Attr:$iterations,
      F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$result, Variadic<LM_Any>:$extra);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $input `,` $fn `,` $base `,` $scale attr-dict `:`
    functional-type(operands, results) $body
  }];
  let hasVerifier = 1;
}

def LM_HcHeadOp : LM_Op<"hc_head", [Pure]> {
  let summary = "Collapses the residual streams before the final norm";
  let description = [{
    Collapses the streams before the final norm: `lm.mhc_head` with
    mix = fn vec(x).

    Constraints:
    - (C1) `input` has shape `[R.., n, C]`.
    - (C2) `fn` has shape `[n, nC]`.
    - (C3) `base` has shape `[n]`.
    - (C4) `scale` has shape `[1]`.
    - (C5) `result` has shape `[R.., C]`.
    - (C6) `epsilon` is 0 or greater.
    - (C7) `norm_epsilon` is greater than 0.

    Example:
    ```mlir
    %y = lm.hc_head %x, %fn, %base, %scale
        {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
        : (tensor<2x5x4x64xf32>, tensor<4x256xf32>, tensor<4xf32>, tensor<1xf32>)
        -> tensor<2x5x64xf32>
    ```
  }];
  let arguments = (ins LM_Float:$input, LM_Wide:$fn, LM_Wide:$base,
      LM_Wide:$scale, F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}
#endif
