// Composite.td - ops for authors; the expand stage removes them.
#ifndef TRESSE_LM_COMPOSITE
#define TRESSE_LM_COMPOSITE
include "dialects/lm/LMBase.td"

def LM_MlaOp : LM_Op<"mla", [Pure, AttrSizedOperandSegments]> {
  let summary = "Multi-head Latent Attention (DeepSeek-V2, section 2.1)";
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
  let arguments = (ins LM_Float:$input, LM_Float:$gate_up, LM_Float:$down);
  let results = (outs LM_Float:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def LM_MoeOp : LM_Op<"moe", [Pure, AttrSizedOperandSegments]> {
  let summary = "Mixture of experts with shared and routed experts, dropless";
  let arguments = (ins LM_Float:$input, LM_Index:$positions, LM_Wide:$gate,
      Optional<LM_Wide>:$bias, LM_Float:$gate_up, LM_Float:$down,
      Optional<LM_Float>:$shared_gate_up, Optional<LM_Float>:$shared_down,
      LM_ScoringAttr:$scoring, I64Attr:$top_k, I64Attr:$groups,
      I64Attr:$top_groups, LM_GroupScoreAttr:$group_score, BoolAttr:$normalize,
      F64Attr:$weight_scale, LM_BalanceFormAttr:$balance_form,
      BoolAttr:$balance_normalize);
  let results = (outs LM_Float:$result, LM_Wide:$balance, LM_Index:$load,
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
  let arguments = (ins LM_Float:$input, LM_Wide:$fn, LM_Wide:$base,
      LM_Wide:$scale, F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}
#endif
