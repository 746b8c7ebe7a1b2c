// PlanBase.td - the plan dialect, its enums, attributes and types.
#ifndef TRESSE_PLAN_BASE
#define TRESSE_PLAN_BASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::tresse::plan";
  let summary = "The plan of a compiled model, record by record";
  let description = [{
    One op per record of `runtime/include/tresse/plan.h`, with symbols and
    values in place of indices. `codegen/emit` writes the ops as bytes and reads
    bytes back; what it reads and writes again are the same bytes.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

class Plan_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::tresse::plan";
}

def Plan_Target : Plan_Enum<"Target", "what executes the plan", [
  I32EnumAttrCase<"Reference", 0, "reference">,
  I32EnumAttrCase<"Cpu", 1, "cpu">,
  I32EnumAttrCase<"Cuda", 2, "cuda">]>;

def Plan_Space : Plan_Enum<"Space", "where a buffer lies", [
  I32EnumAttrCase<"Arena", 0, "arena">,
  I32EnumAttrCase<"Persistent", 1, "persistent">,
  I32EnumAttrCase<"Argument", 2, "argument">,
  I32EnumAttrCase<"Pinned", 3, "pinned">,
  I32EnumAttrCase<"Constant", 4, "constant">]>;

def Plan_Role : Plan_Enum<"Role", "what a global is for", [
  I32EnumAttrCase<"Weight", 0, "weight">,
  I32EnumAttrCase<"State", 1, "state">,
  I32EnumAttrCase<"Moment", 2, "moment">,
  I32EnumAttrCase<"Gradient", 3, "gradient">,
  I32EnumAttrCase<"Cache", 4, "cache">,
  I32EnumAttrCase<"Derived", 5, "derived">]>;

def Plan_Initializer : Plan_Enum<"Initializer", "how a global without a checkpoint is filled", [
  I32EnumAttrCase<"Zeros", 0, "zeros">,
  I32EnumAttrCase<"Ones", 1, "ones">,
  I32EnumAttrCase<"Constant", 2, "constant">,
  I32EnumAttrCase<"Normal", 3, "normal">,
  I32EnumAttrCase<"Uniform", 4, "uniform">]>;

def Plan_Provider : Plan_Enum<"Provider", "who computes a gemm", [
  I32EnumAttrCase<"Library", 0, "library">,
  I32EnumAttrCase<"Kernel", 1, "kernel">]>;

def Plan_Varying : Plan_Enum<"Varying", "which dimension the groups cut", [
  I32EnumAttrCase<"M", 0, "m">,
  I32EnumAttrCase<"K", 1, "k">]>;

class Plan_Type<string name, string typeMnemonic> : TypeDef<Plan_Dialect, name> {
  let mnemonic = typeMnemonic;
}

def Plan_Buffer : Plan_Type<"Buffer", "buffer"> {
  let summary = "A range of bytes in one of the plan's blocks of memory";
}
def Plan_Tensor : Plan_Type<"View", "tensor"> {
  let summary = "A strided view of a buffer";
}
def Plan_TensorMap : Plan_Type<"TensorMap", "tensor_map"> {
  let summary = "How a tensor is cut into boxes for bulk copies";
}
def Plan_Module : Plan_Type<"Module", "module"> {
  let summary = "A piece of device code";
}

def Plan_Piece : AttrDef<Plan_Dialect, "Piece"> {
  let mnemonic = "piece";
  let summary = "A checkpoint tensor, or a family of them, that fills a box of a global";
  let description = [{
    `pattern` names a checkpoint tensor; `{e}` in it runs over
    `first, first + step, ...` below `last`. The i-th tensor gives the box
    `source_start`, `source_shape` of itself to the box of the global that begins
    at `target_start` with `i * target_shape[0]` added to dimension 0 and has
    `target_shape`. `scale_pattern` names the scales of fp8 tensors.
  }];
  let parameters = (ins
    "::mlir::StringAttr":$pattern,
    OptionalParameter<"::mlir::Type">:$dtype,
    DefaultValuedParameter<"int64_t", "0">:$first,
    DefaultValuedParameter<"int64_t", "1">:$last,
    DefaultValuedParameter<"int64_t", "1">:$step,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$source_shape,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$source_start,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$target_start,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$target_shape,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$permutation,
    OptionalParameter<"::mlir::StringAttr">:$scale_pattern,
    DefaultValuedParameter<"uint32_t", "0">:$flags);
  let assemblyFormat = "`<` struct(params) `>`";
}

class Plan_Op<string mnemonic, list<Trait> traits = []>
    : Op<Plan_Dialect, mnemonic, traits>;

#endif
