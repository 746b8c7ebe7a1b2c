// Attention.td - latent attention, naive and absorbed, and the latent cache.
#ifndef TRESSE_LM_ATTENTION
#define TRESSE_LM_ATTENTION
include "dialects/lm/LMBase.td"

class LM_AttentionOp_<string mnemonic, list<Trait> traits = []>
    : LM_Primitive<mnemonic, traits> {
  let hasVerifier = 1;
}

def LM_AttentionOp : LM_AttentionOp_<"attention", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Causal attention on expanded keys and values";
  let arguments = (ins LM_Float:$q, LM_Float:$kv, LM_Float:$k_rope,
      LM_Index:$positions, F64Attr:$scale);
  let results = (outs LM_Float:$out, LM_Wide:$lse);
}
def LM_AttentionGradQueryOp : LM_AttentionOp_<"attention_grad_query"> {
  let summary = "Gradient of the queries of lm.attention";
  let arguments = (ins LM_Float:$q, LM_Float:$kv, LM_Float:$k_rope,
      LM_Index:$positions, LM_Float:$out, LM_Wide:$lse, LM_Float:$gradient,
      F64Attr:$scale);
  let results = (outs LM_Float:$dq, LM_Wide:$delta);
}
def LM_AttentionGradKeyOp : LM_AttentionOp_<"attention_grad_key"> {
  let summary = "Gradients of keys and values of lm.attention";
  let arguments = (ins LM_Float:$q, LM_Float:$kv, LM_Float:$k_rope,
      LM_Index:$positions, LM_Wide:$lse, LM_Wide:$delta, LM_Float:$gradient,
      F64Attr:$scale);
  let results = (outs LM_Float:$dkv, LM_Float:$dk_rope);
}
def LM_LatentAttentionOp : LM_AttentionOp_<"latent_attention"> {
  let summary = "Absorbed attention: keys and values are the latents";
  let arguments = (ins LM_Float:$q_latent, LM_Float:$q_rope, LM_Float:$latent,
      LM_Float:$k_rope, LM_Index:$positions, F64Attr:$scale);
  let results = (outs LM_Float:$out);
}
def LM_CacheWriteOp : LM_AttentionOp_<"cache_write", [
    AllTypesMatch<["cache", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Writes rows into a cache at their positions";
  let arguments = (ins LM_Float:$cache, LM_Float:$rows, LM_Index:$positions);
  let results = (outs LM_Float:$result);
}
def LM_LastRowOp : LM_AttentionOp_<"last_row"> {
  let summary = "The last valid row of every slot";
  let arguments = (ins LM_Any:$input, LM_Index:$positions);
  let results = (outs LM_Any:$result);
}
#endif
