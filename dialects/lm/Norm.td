// Norm.td - root-mean-square normalisation.
#ifndef TRESSE_LM_NORM
#define TRESSE_LM_NORM
include "dialects/lm/LMBase.td"

class LM_RowOp<string mnemonic, list<Trait> traits = []> : LM_Primitive<mnemonic,
    !listconcat([DeclareOpInterfaceMethods<LM_RowwiseOpInterface>], traits)> {
  let hasVerifier = 1;
}

def LM_RmsNormOp : LM_RowOp<"rms_norm", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Divides each row by its root mean square, then scales it";
  let arguments = (ins LM_Float:$input, LM_Float:$weight, F64Attr:$epsilon);
  let results = (outs LM_Float:$result);
}
def LM_RmsNormGradInputOp : LM_RowOp<"rms_norm_grad_input"> {
  let summary = "Gradient of the input of lm.rms_norm";
  let arguments = (ins LM_Float:$input, LM_Float:$weight, LM_Float:$gradient,
      F64Attr:$epsilon);
  let results = (outs LM_Float:$result);
}
def LM_RmsNormGradWeightOp : LM_Primitive<"rms_norm_grad_weight"> {
  let summary = "Gradient of the weight of lm.rms_norm, summed by chunks of rows";
  let arguments = (ins LM_Float:$input, LM_Float:$gradient, F64Attr:$epsilon);
  let results = (outs LM_Wide:$result);
  let hasVerifier = 1;
}
#endif
