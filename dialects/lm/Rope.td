// Rope.td - rotary position embedding.
#ifndef TRESSE_LM_ROPE
#define TRESSE_LM_ROPE
include "dialects/lm/LMBase.td"

def LM_RotaryOp : LM_Primitive<"rotary"> {
  let summary = "Cosines and sines of every position (YaRN)";
  let arguments = (ins LM_Index:$positions, F64Attr:$theta, F64Attr:$factor,
      I64Attr:$original_positions, F64Attr:$beta_fast, F64Attr:$beta_slow,
      F64Attr:$amplitude);
  let results = (outs LM_Wide:$result);
  let hasVerifier = 1;
}
def LM_RopeOp : LM_Primitive<"rope", [AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>,
    DeclareOpInterfaceMethods<LM_RowwiseOpInterface>]> {
  let summary = "Rotates channels by the angles of their row";
  let arguments = (ins LM_Float:$input, LM_Wide:$table, I64Attr:$offset,
      BoolAttr:$interleaved, DefaultValuedAttr<BoolAttr, "false">:$inverse);
  let results = (outs LM_Float:$result);
  let hasVerifier = 1;
}
#endif
