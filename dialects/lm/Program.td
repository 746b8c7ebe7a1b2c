// Program.td - globals, entry plumbing and structural ops.
#ifndef TRESSE_LM_PROGRAM
#define TRESSE_LM_PROGRAM
include "dialects/lm/LMBase.td"

def LM_GlobalOp : LM_Op<"global", [Symbol, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Declares a tensor that outlives a call";
  let arguments = (ins SymbolNameAttr:$sym_name,
      OptionalAttr<StrAttr>:$sym_visibility, TypeAttr:$type, LM_RoleAttr:$role,
      OptionalAttr<LM_InitializerAttr>:$initializer,
      OptionalAttr<ArrayAttr>:$pieces, OptionalAttr<FlatSymbolRefAttr>:$of);
  let assemblyFormat = "$role $sym_name `:` $type attr-dict";
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
  }];
  let hasVerifier = 1;
}

def LM_LoadOp : LM_Op<"load", [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                               DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Reads a global; in entry functions only, once, before any store";
  let arguments = (ins FlatSymbolRefAttr:$global);
  let results = (outs LM_Any:$result);
  let assemblyFormat = "$global attr-dict `:` type($result)";
}

def LM_StoreOp : LM_Op<"store", [DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                                 DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Writes a global; in entry functions only, once, at the end";
  let arguments = (ins LM_Any:$value, FlatSymbolRefAttr:$global);
  let assemblyFormat = "$value `,` $global attr-dict `:` type($value)";
}

def LM_YieldOp : LM_Op<"yield", [Pure, Terminator,
                                 ParentOneOf<["FusionOp", "MhcOp"]>]> {
  let summary = "Ends the region of a fusion or of a hyper-connection";
  let arguments = (ins Variadic<LM_Any>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def LM_FusionOp : LM_Op<"fusion", [Pure, IsolatedFromAbove,
    SingleBlock,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Row-wise ops that become one kernel";
  let arguments = (ins Variadic<LM_Any>:$inputs);
  let results = (outs Variadic<LM_Any>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
}

def LM_SplitOp : LM_Primitive<"split", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "Cuts the last dimension into parts; the parts are views";
  let arguments = (ins LM_Any:$input);
  let results = (outs Variadic<LM_Any>:$parts);
  let hasVerifier = 1;
}

def LM_ConcatOp : LM_Primitive<"concat", [
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>,
    DeclareOpInterfaceMethods<LM_RowwiseOpInterface>]> {
  let summary = "Joins tensors along the last dimension";
  let arguments = (ins Variadic<LM_Any>:$parts);
  let results = (outs LM_Any:$result);
  let hasVerifier = 1;
}

def LM_FillOp : LM_Primitive<"fill"> {
  let summary = "A tensor of one value";
  let arguments = (ins F64Attr:$value);
  let results = (outs LM_Any:$result);
}

def LM_ClearOp : LM_Primitive<"clear", [AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<LM_TiedOperandInterface>]> {
  let summary = "Sets a tensor to zero in place";
  let arguments = (ins LM_Any:$input);
  let results = (outs LM_Any:$result);
}

def LM_IotaOp : LM_Primitive<"iota"> {
  let summary = "Positions of a whole sequence: result[..., s] = s";
  let results = (outs LM_Index:$result);
}

def LM_BarrierOp : LM_Primitive<"barrier", [AllTypesMatch<["input", "result"]>]> {
  let summary = "The input, not before `after` exists; a view";
  let arguments = (ins LM_Any:$input, LM_Any:$after);
  let results = (outs LM_Any:$result);
}

def LM_StopGradientOp : LM_Primitive<"stop_gradient", [
    AllTypesMatch<["input", "result"]>,
    DeclareOpInterfaceMethods<LM_DifferentiableOpInterface>]> {
  let summary = "The input; its gradient is zero; a view";
  let arguments = (ins LM_Any:$input);
  let results = (outs LM_Any:$result);
}
#endif
