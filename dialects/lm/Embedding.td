// Embedding.td - token embedding and its gradient.
#ifndef TRESSE_LM_EMBEDDING
#define TRESSE_LM_EMBEDDING
include "dialects/lm/LMBase.td"

def LM_EmbedOp : LM_Primitive<"embed", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Looks up one row of a table per token";
  let arguments = (ins LM_Index:$tokens, LM_Float:$table);
  let results = (outs LM_Float:$result);
  let hasVerifier = 1;
}

def LM_EmbedGradOp : LM_Primitive<"embed_grad", [
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>, LM_AccumulateOpInterface]> {
  let summary = "Gradient of the table of lm.embed";
  let arguments = (ins LM_Index:$tokens, LM_Float:$gradient,
      Optional<LM_Wide>:$accumulator);
  let results = (outs LM_Wide:$result);
  let hasVerifier = 1;
}
#endif
