// Attention.td - latent attention, naive and absorbed, and the latent cache.
#ifndef TRESSE_LM_ATTENTION
#define TRESSE_LM_ATTENTION
include "dialects/lm/LMBase.td"

def LM_AttentionOp : LM_Primitive<"attention",
    "B S H q, B L H kv, B L r, B S -> B S H v, B S H", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Causal attention on expanded keys and values";
  let description = [{
    Per sequence b, head h and query i, over the keys j <= positions[b, i]:

        score(j) = scale * (q[:dn] . kv[j, :dn] + q[dn:] . k_rope[j])
        out      = sum over j of softmax(score)(j) * kv[j, dn:]
        lse      = log(sum over j of exp(score(j)))

    `q` holds dn channels without position and dr rotated ones; `kv` holds per
    head the key without position, then the value; `k_rope` is shared by the
    heads:

        q [B, S, H, dn + dr]     kv [B, L, H, dn + dv]     k_rope [B, L, dr]

    A negative position sees no key: out = 0, lse = -inf. Keys that no query
    sees are not read. Scores, softmax and sums are wide.
    Source: DeepSeek-V2, arXiv 2405.04434, section 2.1.

    Constraints:
    - (C1) `q` has shape `[B, S, H, dq]`.
    - (C2) `k_rope` has shape `[B, L, dr]`.
    - (C3) `dr` is at most `dq`.
    - (C4) `kv` has shape `[B, L, H, dkv]`.
    - (C5) `positions` has shape `[B, S]`.
    - (C6) `out` has shape `[B, S, H, dv]`, dv = dkv - (dq - dr).
    - (C7) `lse` has shape `[B, S, H]`.
    - (C8) `scale` is greater than 0.

    Example:
    ```mlir
    %out, %lse = lm.attention %q, %kv, %k_rope, %positions {scale = 0.25}
        : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
           tensor<2x5xi32>) -> (tensor<2x5x4x12xf32>, tensor<2x5x4xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$q, LM_Float:$kv, LM_Float:$k_rope,
      LM_Index:$positions, F64Attr:$scale);
  let results = (outs LM_Float:$out, LM_Wide:$lse);
}
def LM_AttentionGradQueryOp : LM_Primitive<"attention_grad_query",
    "B S H q, B L H kv, B L r, B S, B S H v, B S H, B S H v" # 
    " -> B S H q, B S H"> {
  let summary = "Gradient of the queries of lm.attention";
  let description = [{
    With score, out and lse of `lm.attention`, p(j) = exp(score(j) - lse):

        delta = sum over channels of gradient * out
        ds(j) = scale * p(j) * (gradient . v(j) - delta)
        dq    = sum over j of ds(j) * [kv[j, :dn] | k_rope[j]]

    Row-wise in the queries. `delta` goes on to `lm.attention_grad_key`.

    Constraints:
    - (C1) `q` has shape `[B, S, H, dq]`.
    - (C2) `k_rope` has shape `[B, L, dr]`.
    - (C3) `dr` is at most `dq`.
    - (C4) `kv` has shape `[B, L, H, dkv]`.
    - (C5) `positions` has shape `[B, S]`.
    - (C6) `out` has shape `[B, S, H, dv]`, dv = dkv - (dq - dr).
    - (C7) `lse` has shape `[B, S, H]`.
    - (C8) `gradient` has the shape of `out`.
    - (C9) `dq` has the shape of `q`.
    - (C10) `delta` has the shape of `lse`.
    - (C11) `scale` is greater than 0.

    Example:
    ```mlir
    %dq, %delta = lm.attention_grad_query %q, %kv, %k_rope, %positions, %out,
        %lse, %dout {scale = 0.25}
        : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
           tensor<2x5xi32>, tensor<2x5x4x12xf32>, tensor<2x5x4xf32>,
           tensor<2x5x4x12xf32>) -> (tensor<2x5x4x16xf32>, tensor<2x5x4xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$q, LM_Float:$kv, LM_Float:$k_rope,
      LM_Index:$positions, LM_Float:$out, LM_Wide:$lse, LM_Float:$gradient,
      F64Attr:$scale);
  let results = (outs LM_Float:$dq, LM_Wide:$delta);
}
def LM_AttentionGradKeyOp : LM_Primitive<"attention_grad_key",
    "B S H q, B L H kv, B L r, B S, B S H, B S H, B S H v" # 
    " -> B L H kv, B L r"> {
  let summary = "Gradients of keys and values of lm.attention";
  let description = [{
    With p and ds as in `lm.attention_grad_query`, sums over the queries i that
    see key j:

        dkv[j] = [sum of ds(j) * q[:dn] | sum of p(j) * gradient]
        dk_rope[j] = sum over heads and queries of ds(j) * q[dn:]

    Row-wise in the keys.

    Constraints:
    - (C1) `q` has shape `[B, S, H, dq]`.
    - (C2) `k_rope` has shape `[B, L, dr]`.
    - (C3) `dr` is at most `dq`.
    - (C4) `kv` has shape `[B, L, H, dkv]`.
    - (C5) `positions` has shape `[B, S]`.
    - (C6) `gradient` has shape `[B, S, H, dv]`, dv = dkv - (dq - dr).
    - (C7) `lse` has shape `[B, S, H]`.
    - (C8) `delta` has the shape of `lse`.
    - (C9) `dkv` has the shape of `kv`.
    - (C10) `dk_rope` has the shape of `k_rope`.
    - (C11) `scale` is greater than 0.

    Example:
    ```mlir
    %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
        %delta, %dout {scale = 0.25}
        : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
           tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
           tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
    ```
  }];
  let arguments = (ins LM_Float:$q, LM_Float:$kv, LM_Float:$k_rope,
      LM_Index:$positions, LM_Wide:$lse, LM_Wide:$delta, LM_Float:$gradient,
      F64Attr:$scale);
  let results = (outs LM_Float:$dkv, LM_Float:$dk_rope);
}
def LM_LatentAttentionOp : LM_Primitive<"latent_attention",
    "B S H c, B S H r, B L c, B L r, B S -> B S H c over c"> {
  let summary = "Absorbed attention: keys and values are the latents";
  let description = [{
    Per sequence b, head h and query i, over the positions j <= positions[b, i]:

        score(j) = scale * (q_latent . latent[j] + q_rope . k_rope[j])
        out      = sum over j of softmax(score)(j) * latent[j]

    One key and one value, the latent, for all heads; equal to `lm.attention`
    once the expansions of keys and values have moved to the query and the
    output (`lm.head_linear`). A negative position sees nothing: out = 0. Rows of
    the cache that no query sees are not read.
    Source: DeepSeek-V2, arXiv 2405.04434, section 2.1.2.

    Constraints:
    - (C1) `q_latent` has shape `[B, S, H, r]`.
    - (C2) `q_rope` has shape `[B, S, H, dr]`.
    - (C3) `latent` has shape `[B, L, r]`.
    - (C4) `k_rope` has shape `[B, L, dr]`.
    - (C5) `positions` has shape `[B, S]`.
    - (C6) `out` has shape `[B, S, H, r]`.
    - (C7) `scale` is greater than 0.

    Example:
    ```mlir
    %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
        {scale = 0.25}
        : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
           tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
    ```
  }];
  let arguments = (ins LM_Float:$q_latent, LM_Float:$q_rope, LM_Float:$latent,
      LM_Float:$k_rope, LM_Index:$positions, F64Attr:$scale);
  let results = (outs LM_Float:$out);
}
def LM_CacheWriteOp : LM_Primitive<"cache_write",
    "B L C, B S C, B S -> B L C", [
    AllTypesMatch<["cache", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Writes rows into a cache at their positions";
  let description = [{
    Writes the rows of a chunk to their positions, in place:

        result[b, positions[b, i]] = rows[b, i],  where positions[b, i] >= 0

    The other rows keep their values. `result` is tied to `cache`. No two rows
    of a sequence may have the same position.

    Constraints:
    - (C1) `cache` has shape `[B, L, C]`.
    - (C2) `rows` has shape `[B, S, C]`.
    - (C3) `positions` has shape `[B, S]`.

    Example:
    ```mlir
    %new = lm.cache_write %cache, %rows, %positions
        : (tensor<2x64x16xf32>, tensor<2x5x16xf32>, tensor<2x5xi32>)
        -> tensor<2x64x16xf32>
    ```
  }];
  let arguments = (ins LM_Float:$cache, LM_Float:$rows, LM_Index:$positions);
  let results = (outs LM_Float:$result);
}
def LM_LastRowOp : LM_Primitive<"last_row", "B S C, B S -> B C"> {
  let summary = "The last valid row of every slot";
  let description = [{
    Of every sequence b the row of the largest s with positions[b, s] >= 0; row 0
    where no token is:

        result[b] = input[b, s]

    Constraints:
    - (C1) `input` has shape `[B, S, C]`.
    - (C2) `positions` has shape `[B, S]`.
    - (C3) `result` has shape `[B, C]`.

    Example:
    ```mlir
    %last = lm.last_row %x, %positions
        : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> tensor<2x64xf32>
    ```
  }];
  let arguments = (ins LM_Any:$input, LM_Index:$positions);
  let results = (outs LM_Any:$result);
}
#endif
