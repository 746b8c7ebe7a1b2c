// HyperConnection.td - manifold-constrained hyper-connections (mHC).
#ifndef TRESSE_LM_HYPERCONNECTION
#define TRESSE_LM_HYPERCONNECTION
include "dialects/lm/LMBase.td"

class LM_MhcRowOp<string mnemonic, list<Trait> traits = []> : LM_Primitive<mnemonic,
    !listconcat([DeclareOpInterfaceMethods<LM_RowwiseOpInterface>], traits)> {
  let hasVerifier = 1;
}

def LM_MhcExpandOp : LM_MhcRowOp<"mhc_expand", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Repeats each row into every residual stream";
  let arguments = (ins LM_Float:$input);
  let results = (outs LM_Float:$result);
}
def LM_MhcExpandGradOp : LM_MhcRowOp<"mhc_expand_grad"> {
  let summary = "Sums the streams";
  let arguments = (ins LM_Float:$gradient);
  let results = (outs LM_Float:$result);
}
def LM_MhcPreOp : LM_MhcRowOp<"mhc_pre", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Maps of one sublayer and its input h = H_pre x";
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, LM_MhcFormAttr:$form, I64Attr:$iterations,
      F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$h, LM_Wide:$post, LM_Wide:$comb);
}
def LM_MhcPreGradOp : LM_MhcRowOp<"mhc_pre_grad"> {
  let summary = "Gradients of lm.mhc_pre";
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, LM_Float:$dh, LM_Wide:$dpost, LM_Wide:$dcomb,
      LM_MhcFormAttr:$form, I64Attr:$iterations, F64Attr:$epsilon,
      F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$dx, LM_Wide:$dmix, LM_Wide:$dz,
      LM_Wide:$dscale);
}
def LM_MhcPostOp : LM_MhcRowOp<"mhc_post", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "H_res x + H_postᵀ y";
  let arguments = (ins LM_Float:$input, LM_Float:$y, LM_Wide:$post,
      LM_Wide:$comb);
  let results = (outs LM_Float:$result);
}
def LM_MhcPostGradOp : LM_MhcRowOp<"mhc_post_grad"> {
  let summary = "Gradients of lm.mhc_post";
  let arguments = (ins LM_Float:$input, LM_Float:$y, LM_Wide:$post,
      LM_Wide:$comb, LM_Float:$gradient);
  let results = (outs LM_Float:$dx, LM_Float:$dy, LM_Wide:$dpost,
      LM_Wide:$dcomb);
}
def LM_MhcHeadOp : LM_MhcRowOp<"mhc_head", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Weighted sum of the streams before the final norm";
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, F64Attr:$epsilon, F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$result);
}
def LM_MhcHeadGradOp : LM_MhcRowOp<"mhc_head_grad"> {
  let summary = "Gradients of lm.mhc_head";
  let arguments = (ins LM_Float:$input, LM_Wide:$mix, LM_Wide:$base,
      LM_Wide:$scale, LM_Float:$gradient, F64Attr:$epsilon,
      F64Attr:$norm_epsilon);
  let results = (outs LM_Float:$dx, LM_Wide:$dmix, LM_Wide:$dz,
      LM_Wide:$dscale);
}
def LM_SinkhornOp : LM_MhcRowOp<"sinkhorn", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Projects a matrix toward doubly stochastic ones";
  let arguments = (ins LM_Wide:$input, LM_MhcFormAttr:$form,
      I64Attr:$iterations, F64Attr:$epsilon);
  let results = (outs LM_Wide:$result);
}
def LM_SinkhornGradOp : LM_MhcRowOp<"sinkhorn_grad"> {
  let summary = "Gradient of lm.sinkhorn, iterations unrolled backwards";
  let arguments = (ins LM_Wide:$input, LM_Wide:$gradient, LM_MhcFormAttr:$form,
      I64Attr:$iterations, F64Attr:$epsilon);
  let results = (outs LM_Wide:$result);
}
#endif
