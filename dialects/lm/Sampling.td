// Sampling.td - choosing the next token.
#ifndef TRESSE_LM_SAMPLING
#define TRESSE_LM_SAMPLING
include "dialects/lm/LMBase.td"

def LM_SampleOp : LM_Primitive<"sample"> {
  let summary = "Samples one token per slot; greedy at temperature 0";
  let arguments = (ins LM_Wide:$logits, LM_Wide:$sampling);
  let results = (outs LM_Index:$result);
  let hasVerifier = 1;
}
#endif
