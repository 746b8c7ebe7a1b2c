// LMBase.td - the lm dialect, its attributes, enums and type constraints.
#ifndef TRESSE_LM_BASE
#define TRESSE_LM_BASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "dialects/lm/Interfaces.td"

def LM_Dialect : Dialect {
  let name = "lm";
  let cppNamespace = "::tresse::lm";
  let summary = "Language models of the DeepSeek line, on tensors";
  let description = [{
    Holds what upstream dialects lack: weights and state (`lm.global`),
    composite ops for authors (`lm.mla`, `lm.moe`, `lm.mlp`, `lm.mhc`), which
    the expand stage removes, and primitive ops with value semantics. Elementwise
    math is upstream `arith`/`math` on tensors; shape work is `tensor`.

    In a model's text `bf16` stands for the storage type and `f32` for the wide
    type of sums, norms, router and state; `--dtype` retypes both. A leading
    `?x?` is batch by sequence, a single leading `?` is their product.

    In constraints `[R.., C]` is a tensor with any leading dimensions R.. (the
    rows) and a last one of C channels; a letter has one size in the whole op, a
    dynamic size agrees with every size. "Wide" is f32, or f64 where the
    storage type is f64. Results are rounded once from the wide type. An op's
    gradient ops stand beside it; a tied result lives in its operand's buffer.
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    void addProgramOps();
    void addCompositeOps();
    void addEmbeddingOps();
    void addLinearOps();
    void addNormOps();
    void addRopeOps();
    void addAttentionOps();
    void addMoeOps();
    void addHyperConnectionOps();
    void addLossOps();
    void addOptimizerOps();
    void addSamplingOps();
  }];
}

class LM_Op<string mnemonic, list<Trait> traits = []>
    : Op<LM_Dialect, mnemonic, traits>;

/// A primitive: no side effects, printed as operands, attributes, type.
/// `indexing` says which loops index its tensors (IndexedOpInterface).
class LM_Primitive<string mnemonic, string indexing, list<Trait> traits = []>
    : LM_Op<mnemonic, !listconcat([Pure, LM_IndexedOpInterface], traits)> {
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  /// The indexing as an expression, for an op that has several.
  code indexingText = "\"" # indexing # "\"";
  /// More of the C++ class.
  code declarations = "";
  let extraClassDeclaration =
      "::llvm::StringRef getIndexingText() { return " # indexingText # "; }\n"
      # declarations;
}

/// A primitive that fuses with others over the same rows.
class LM_RowOp<string mnemonic, string indexing, list<Trait> traits = []>
    : LM_Primitive<mnemonic, indexing,
                   !listconcat([LM_RowwiseOpInterface], traits)>;

/// A primitive whose one result is added to its optional operand `accumulator`,
/// in place.
defvar LM_AccumulatorTraits = [LM_TiedOperandInterface, LM_AccumulateOpInterface];
class LM_SumOp<string mnemonic, string indexing>
    : LM_Primitive<mnemonic, indexing, LM_AccumulatorTraits>;

// Any float storage; wide floats (sums, norms, state); indices.
def LM_Float : RankedTensorOf<[F64, F32, BF16]>;
def LM_Wide : RankedTensorOf<[F64, F32]>;
def LM_Index : RankedTensorOf<[I32]>;
def LM_Any : RankedTensorOf<[AnyType]>;

def LM_Role : I32EnumAttr<"Role", "what a global is for", [
    I32EnumAttrCase<"weight", 0>, I32EnumAttrCase<"state", 1>,
    I32EnumAttrCase<"moment", 2>, I32EnumAttrCase<"gradient", 3>,
    I32EnumAttrCase<"cache", 4>, I32EnumAttrCase<"derived", 5>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}
def LM_RoleAttr : EnumAttr<LM_Dialect, LM_Role, "role">;

def LM_InitializerKind : I32EnumAttr<"InitializerKind", "how a global starts", [
    I32EnumAttrCase<"zeros", 0>, I32EnumAttrCase<"ones", 1>,
    I32EnumAttrCase<"constant", 2>, I32EnumAttrCase<"normal", 3>,
    I32EnumAttrCase<"uniform", 4>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}

def LM_Scoring : I32EnumAttr<"Scoring", "router score function", [
    I32EnumAttrCase<"softmax", 0>, I32EnumAttrCase<"sigmoid", 1>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}
def LM_ScoringAttr : EnumAttr<LM_Dialect, LM_Scoring, "scoring"> {
  let assemblyFormat = "`<` $value `>`";
}

def LM_GroupScore : I32EnumAttr<"GroupScore", "score of an expert group", [
    I32EnumAttrCase<"max", 0>, I32EnumAttrCase<"top2", 1>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}
def LM_GroupScoreAttr : EnumAttr<LM_Dialect, LM_GroupScore, "group_score"> {
  let assemblyFormat = "`<` $value `>`";
}

def LM_MhcForm : I32EnumAttr<"MhcForm", "form of the hyper-connections", [
    I32EnumAttrCase<"paper", 0>, I32EnumAttrCase<"v4", 1>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}
def LM_MhcFormAttr : EnumAttr<LM_Dialect, LM_MhcForm, "mhc_form"> {
  let assemblyFormat = "`<` $value `>`";
}

def LM_BalanceForm : I32EnumAttr<"BalanceForm", "load fractions counted", [
    I32EnumAttrCase<"unbiased", 0>, I32EnumAttrCase<"chosen", 1>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}
def LM_BalanceFormAttr : EnumAttr<LM_Dialect, LM_BalanceForm, "balance_form"> {
  let assemblyFormat = "`<` $value `>`";
}

def LM_BalanceLevel : I32EnumAttr<"BalanceLevel", "what is kept in balance", [
    I32EnumAttrCase<"expert", 0>, I32EnumAttrCase<"device", 1>,
    I32EnumAttrCase<"communication", 2>]> {
  let cppNamespace = "::tresse::lm";
  let genSpecializedAttr = 0;
}
def LM_BalanceLevelAttr : EnumAttr<LM_Dialect, LM_BalanceLevel, "balance_level"> {
  let assemblyFormat = "`<` $value `>`";
}

class LM_Attr<string name, string attrMnemonic> : AttrDef<LM_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def LM_InitializerAttr : LM_Attr<"Initializer", "init"> {
  let summary = "How a global without a checkpoint is filled";
  let description = [{
    `#lm.init<normal, 0.0, 0.006>`: kind and its two parameters (mean and
    deviation; lower and upper bound; the constant and an unused 0).
  }];
  let parameters = (ins EnumParameter<LM_InitializerKind>:$kind,
                        "::mlir::FloatAttr":$first,
                        "::mlir::FloatAttr":$second);
  let assemblyFormat = "`<` $kind `,` $first `,` $second `>`";
}

def LM_PieceAttr : LM_Attr<"Piece", "piece"> {
  let summary = "A checkpoint tensor that fills a box of a global";
  let description = [{
    `{e}` in `name` runs over [first, last) in steps of `step`; the i-th tensor's
    box begins at `target_start` with `i * target_shape[0]` added to dimension 0.
    Without `{e}`: first 0, last 1, step 1. `source_shape` is the tensor's whole
    shape; the box of the global has as many elements, in row-major order.
  }];
  let parameters = (ins "::mlir::StringAttr":$name, "int64_t":$first,
      "int64_t":$last, "int64_t":$step,
      ArrayRefParameter<"int64_t">:$source_shape,
      ArrayRefParameter<"int64_t">:$target_start,
      ArrayRefParameter<"int64_t">:$target_shape);
  let assemblyFormat = [{
    `<` $name `,` $first `to` $last `step` $step `,` `[` $source_shape `]` `->`
        `[` $target_start `]` `[` $target_shape `]` `>`
  }];
}

def LM_YarnAttr : LM_Attr<"Yarn", "yarn"> {
  let summary = "Rotary frequencies with YaRN scaling, as in `lm.rotary`";
  let description = [{
    `factor = 1` means no scaling. `amplitude` multiplies cosines and sines.
  }];
  let parameters = (ins "::mlir::FloatAttr":$theta,
      "::mlir::FloatAttr":$factor, "int64_t":$original_positions,
      "::mlir::FloatAttr":$beta_fast, "::mlir::FloatAttr":$beta_slow,
      "::mlir::FloatAttr":$amplitude);
  let assemblyFormat = "`<` struct(params) `>`";
}

#endif
