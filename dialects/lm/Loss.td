// Loss.td - token losses and their mean.
#ifndef TRESSE_LM_LOSS
#define TRESSE_LM_LOSS
include "dialects/lm/LMBase.td"

class LM_LossRowOp<string mnemonic, list<Trait> traits = []> : LM_Primitive<mnemonic,
    !listconcat([DeclareOpInterfaceMethods<LM_RowwiseOpInterface>], traits)> {
  let hasVerifier = 1;
}
class LM_LossPrimitive<string mnemonic, list<Trait> traits = []>
    : LM_Primitive<mnemonic, traits> {
  let hasVerifier = 1;
}

def LM_CrossEntropyOp : LM_LossRowOp<"cross_entropy", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Loss of every token in nats; 0 where the target is negative";
  let arguments = (ins LM_Float:$logits, LM_Index:$targets);
  let results = (outs LM_Wide:$losses, LM_Wide:$lse);
}
def LM_CrossEntropyGradOp : LM_LossRowOp<"cross_entropy_grad"> {
  let summary = "Gradient of the logits of lm.cross_entropy";
  let arguments = (ins LM_Float:$logits, LM_Index:$targets, LM_Wide:$lse,
      LM_Wide:$gradient);
  let results = (outs LM_Float:$result);
}
def LM_TokenLogProbOp : LM_LossRowOp<"token_log_prob", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Log-probability of the given token in every row";
  let arguments = (ins LM_Float:$logits, LM_Index:$targets);
  let results = (outs LM_Wide:$logp, LM_Wide:$lse);
}
def LM_MeanValidOp : LM_LossPrimitive<"mean_valid", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Mean over the tokens whose target is not negative";
  let arguments = (ins LM_Wide:$losses, LM_Index:$targets);
  let results = (outs LM_Wide:$result);
}
def LM_MeanValidGradOp : LM_LossPrimitive<"mean_valid_grad"> {
  let summary = "Gradient of the losses of lm.mean_valid";
  let arguments = (ins LM_Wide:$gradient, LM_Index:$targets);
  let results = (outs LM_Wide:$result);
}
#endif
