// Linear.td - contractions: x·Wᵀ in the checkpoint's layout, and their gradients.
#ifndef TRESSE_LM_LINEAR
#define TRESSE_LM_LINEAR
include "dialects/lm/LMBase.td"

class LM_Contraction<string mnemonic, list<Trait> traits = []>
    : LM_Primitive<mnemonic, traits> {
  let results = (outs LM_Float:$result);
  let hasVerifier = 1;
}
class LM_WeightGradient<string mnemonic> : LM_Contraction<mnemonic, [
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>, LM_AccumulateOpInterface]>;

def LM_LinearOp : LM_Contraction<"linear", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Multiplies every row by a weight stored [out, in]";
  let arguments = (ins LM_Float:$input, LM_Float:$weight);
}
def LM_LinearGradInputOp : LM_Contraction<"linear_grad_input"> {
  let summary = "Gradient of the input of lm.linear";
  let arguments = (ins LM_Float:$gradient, LM_Float:$weight);
}
def LM_LinearGradWeightOp : LM_WeightGradient<"linear_grad_weight"> {
  let summary = "Gradient of the weight of lm.linear";
  let arguments = (ins LM_Float:$gradient, LM_Float:$input,
      Optional<LM_Wide>:$accumulator);
}
def LM_GroupedLinearOp : LM_Contraction<"grouped_linear", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Multiplies each group of rows by its own weight";
  let arguments = (ins LM_Float:$input, LM_Float:$weight, LM_Index:$ends);
}
def LM_GroupedLinearGradInputOp : LM_Contraction<"grouped_linear_grad_input"> {
  let summary = "Gradient of the input of lm.grouped_linear";
  let arguments = (ins LM_Float:$gradient, LM_Float:$weight, LM_Index:$ends);
}
def LM_GroupedLinearGradWeightOp : LM_WeightGradient<"grouped_linear_grad_weight"> {
  let summary = "Gradient of the weights of lm.grouped_linear";
  let arguments = (ins LM_Float:$gradient, LM_Float:$input, LM_Index:$ends,
      Optional<LM_Wide>:$accumulator);
}
def LM_HeadLinearOp : LM_Contraction<"head_linear"> {
  let summary = "Multiplies each head's rows by the head's own weight";
  let arguments = (ins LM_Float:$input, LM_Float:$weight,
      DefaultValuedAttr<BoolAttr, "false">:$transposed);
}
def LM_RowSumOp : LM_WeightGradient<"row_sum"> {
  let summary = "Sums over all rows, in a fixed order";
  let arguments = (ins LM_Float:$input, Optional<LM_Wide>:$accumulator);
}
#endif
