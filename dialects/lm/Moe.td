// Moe.td - routing, permutation and expert feed-forward.
#ifndef TRESSE_LM_MOE
#define TRESSE_LM_MOE
include "dialects/lm/LMBase.td"

class LM_MoeRowOp<string mnemonic, list<Trait> traits = []> : LM_Primitive<mnemonic,
    !listconcat([DeclareOpInterfaceMethods<LM_RowwiseOpInterface>], traits)> {
  let hasVerifier = 1;
}
class LM_MoePrimitive<string mnemonic, list<Trait> traits = []>
    : LM_Primitive<mnemonic, traits> {
  let hasVerifier = 1;
}

def LM_RouteOp : LM_MoeRowOp<"route", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Chooses experts and their weights for every token";
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
def LM_RouteGradOp : LM_MoeRowOp<"route_grad"> {
  let summary = "Gradient of the logits of lm.route";
  let arguments = (ins LM_Wide:$scores, LM_Index:$indices, LM_Wide:$dweights,
      Optional<LM_Wide>:$dscores, LM_ScoringAttr:$scoring, I64Attr:$top_k,
      BoolAttr:$normalize, F64Attr:$weight_scale);
  let results = (outs LM_Wide:$dlogits);
}
def LM_GroupRowsOp : LM_MoePrimitive<"group_rows"> {
  let summary = "Sorts token slots by expert, stably";
  let arguments = (ins LM_Index:$indices);
  let results = (outs LM_Index:$row_of_slot, LM_Index:$slot_of_row,
      LM_Index:$ends);
}
def LM_PermuteOp : LM_MoePrimitive<"permute", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Copies token rows into expert order";
  let arguments = (ins LM_Float:$input, LM_Index:$slot_of_row, LM_Index:$row_of_slot,
      LM_Index:$ends, Optional<LM_Wide>:$weights);
  let results = (outs LM_Float:$result);
}
def LM_UnpermuteOp : LM_MoePrimitive<"unpermute", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Sums the experts' rows of every token";
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
def LM_UnpermuteGradWeightsOp : LM_MoePrimitive<"unpermute_grad_weights"> {
  let summary = "Gradient of the weights of lm.unpermute";
  let arguments = (ins LM_Float:$gradient, LM_Float:$rows, LM_Index:$row_of_slot);
  let results = (outs LM_Wide:$result);
}
def LM_SwigluOp : LM_MoeRowOp<"swiglu", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "silu of the first half times the second half";
  let arguments = (ins LM_Float:$gate_up, Optional<LM_Index>:$ends);
  let results = (outs LM_Float:$result);
}
def LM_SwigluGradOp : LM_MoeRowOp<"swiglu_grad"> {
  let summary = "Gradient of the input of lm.swiglu";
  let arguments = (ins LM_Float:$gate_up, LM_Float:$gradient,
      Optional<LM_Index>:$ends);
  let results = (outs LM_Float:$result);
}
def LM_ExpertLoadOp : LM_MoePrimitive<"expert_load", [
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>, LM_AccumulateOpInterface]> {
  let summary = "Counts the tokens of every expert";
  let arguments = (ins LM_Index:$indices, Optional<LM_Index>:$accumulator);
  let results = (outs LM_Index:$result);
}
def LM_BalanceFractionOp : LM_MoePrimitive<"balance_fraction"> {
  let summary = "Load fractions f of the balance loss, per sequence";
  let arguments = (ins LM_Wide:$scores, LM_Index:$indices, LM_BalanceFormAttr:$form);
  let results = (outs LM_Wide:$result);
}
def LM_BalanceLossOp : LM_MoePrimitive<"balance_loss", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Sequence-wise balance loss before its weight";
  let arguments = (ins LM_Wide:$scores, LM_Wide:$fraction, BoolAttr:$normalize);
  let results = (outs LM_Wide:$result);
}
def LM_BalanceLossGradOp : LM_MoePrimitive<"balance_loss_grad"> {
  let summary = "Gradient of the scores of lm.balance_loss";
  let arguments = (ins LM_Wide:$scores, LM_Wide:$fraction, LM_Wide:$gradient,
      BoolAttr:$normalize);
  let results = (outs LM_Wide:$result);
}
def LM_UpdateRouteBiasOp : LM_MoePrimitive<"update_route_bias", [
    AllTypesMatch<["bias", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Moves the routing bias against the load (auxiliary-loss-free)";
  let arguments = (ins LM_Wide:$bias, LM_Index:$load, LM_Wide:$hyper);
  let results = (outs LM_Wide:$result);
}
#endif
