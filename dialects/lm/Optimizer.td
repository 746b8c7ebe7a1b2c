// Optimizer.td - AdamW with clipping by the global norm.
#ifndef TRESSE_LM_OPTIMIZER
#define TRESSE_LM_OPTIMIZER
include "dialects/lm/LMBase.td"

class LM_OptimizerOp<string mnemonic, list<Trait> traits = []>
    : LM_Primitive<mnemonic, traits> {
  let hasVerifier = 1;
}

def LM_AdamwOp : LM_OptimizerOp<"adamw", [
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "One AdamW step of one parameter";
  let arguments = (ins LM_Wide:$parameter, LM_Wide:$gradient, LM_Wide:$m,
      LM_Wide:$v, LM_Wide:$norm, LM_Wide:$hyper);
  let results = (outs LM_Wide:$new_parameter, LM_Wide:$new_m, LM_Wide:$new_v);
}
def LM_SquareSumOp : LM_OptimizerOp<"square_sum", [
    AllTypesMatch<["accumulator", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Adds a tensor's squares to partial sums, chunk by chunk";
  let arguments = (ins LM_Wide:$input, LM_Wide:$accumulator);
  let results = (outs LM_Wide:$result);
}
def LM_GlobalNormOp : LM_OptimizerOp<"global_norm"> {
  let summary = "Square root of the sum of the partial sums";
  let arguments = (ins LM_Wide:$partial);
  let results = (outs LM_Wide:$result);
}
#endif
