// Model.td - the outer records: model, build records, axes, programs, entries.
#ifndef TRESSE_PLAN_MODEL
#define TRESSE_PLAN_MODEL

include "dialects/plan/PlanBase.td"

def Plan_ModelOp : Plan_Op<"model", [
    IsolatedFromAbove, SymbolTable, SingleBlock, NoTerminator,
    NoRegionArguments, RegionKindInterface, HasOnlyGraphRegion]> {
  let summary = "One compiled model: the header of a plan";
  let description = [{
    Holds every other record. `architecture` is a string of required CPU
    features, or for `cuda` the number of the architecture (`"90"`).
    `ranks` names the program of each rank.

    Constraints:
    - (C1) every element of `ranks` names a `plan.program`.
    - (C2) for `cuda`, `architecture` is a decimal number.

    Example:
    ```mlir
    plan.model reference "" ranks [@main] {
      plan.program @main streams 1 events 0 arena 0 persistent 0 pinned 0 alignment 64 {
      }
    }
    ```
  }];
  let arguments = (ins Plan_Target:$target, StrAttr:$architecture,
    ArrayAttr:$ranks, DefaultValuedAttr<I32Attr, "1">:$version,
    DefaultValuedAttr<I32Attr, "1">:$minimum_runtime);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat =
    "$target $architecture `ranks` $ranks attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Plan_BuildRecordOp : Plan_Op<"build_record"> {
  let summary = "A fact about the model or its build: name and value";
  let description = [{
    Example:
    ```mlir
    plan.build_record "model_type" = "deepseek_v3"
    ```
  }];
  let arguments = (ins StrAttr:$name, StrAttr:$value);
  let assemblyFormat = "$name `=` $value attr-dict";
}

def Plan_AxisOp : Plan_Op<"axis", [Symbol]> {
  let summary = "An axis of the mesh of ranks";
  let description = [{
    `stride` is the distance in ranks of neighbours on the axis.

    Example:
    ```mlir
    plan.axis @data size 4 stride 2
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$size, I32Attr:$stride);
  let assemblyFormat = "$sym_name `size` $size `stride` $stride attr-dict";
}

def Plan_CommunicatorOp : Plan_Op<"communicator", [Symbol]> {
  let summary = "The ranks that differ only on some axes";
  let description = [{
    Bit i of `axis_mask` stands for the i-th axis.

    Example:
    ```mlir
    plan.communicator @replicas axis_mask 1 size 4
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$axis_mask, I32Attr:$size,
    DefaultValuedAttr<I32Attr, "0">:$flags);
  let assemblyFormat =
    "$sym_name `axis_mask` $axis_mask `size` $size attr-dict";
}

def Plan_ProgramOp : Plan_Op<"program", [
    Symbol, HasParent<"ModelOp">, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "What one class of ranks runs";
  let description = [{
    The entries and the sizes in bytes of the blocks of memory they share.

    Constraints:
    - (C1) the body holds only `plan.entry` ops, of distinct names.
    - (C2) every step's stream is below `streams`.
    - (C3) every event is below `events`.

    Example:
    ```mlir
    plan.program @main streams 1 events 0 arena 64 persistent 0 pinned 0 alignment 64 {
      plan.entry "prepare" {
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$streams, I32Attr:$events,
    I64Attr:$arena, I64Attr:$persistent, I64Attr:$pinned, I64Attr:$alignment);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `streams` $streams `events` $events `arena` $arena
    `persistent` $persistent `pinned` $pinned `alignment` $alignment
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Plan_EntryOp : Plan_Op<"entry", [
    HasParent<"ProgramOp">, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "A function of the model: a list of steps";
  let description = [{
    The body holds inputs, then outputs, then steps in the order of execution.
    `flags` are those of plan.h: 1 may be captured, 2 run once after load.
    `status` is an i32 tensor of errors found while the steps run.

    Constraints:
    - (C1) the body holds only `plan.input`, `plan.output` and steps, in this order.

    Example:
    ```mlir
    plan.entry "logits" {
      plan.input "tokens" %tokens
      plan.output "logits" %logits
      plan.launch "embed" @embed(read %tokens, write %logits)
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Optional<Plan_Tensor>:$status,
    DefaultValuedAttr<I32Attr, "0">:$flags,
    DefaultValuedAttr<I32Attr, "1">:$repeat);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`status` $status^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

class Plan_ArgumentOp<string mnemonic> : Plan_Op<mnemonic, [HasParent<"EntryOp">]> {
  let arguments = (ins StrAttr:$name, Plan_Tensor:$tensor,
    DefaultValuedAttr<F64Attr, "0.0">:$minimum,
    DefaultValuedAttr<F64Attr, "0.0">:$maximum,
    DefaultValuedAttr<F64Attr, "0.0">:$fallback);
  let assemblyFormat = "$name $tensor attr-dict";
}

def Plan_InputOp : Plan_ArgumentOp<"input"> {
  let summary = "A tensor that the caller writes before the entry runs";
  let description = [{
    Values lie in `[minimum, maximum]` (both 0: anything); `fallback` fills an
    input that the caller leaves out.

    Example:
    ```mlir
    plan.input "tokens" %tokens {maximum = 255.0 : f64}
    ```
  }];
}

def Plan_OutputOp : Plan_ArgumentOp<"output"> {
  let summary = "A tensor that the caller may read after the entry ran";
  let description = [{
    Readable until the next call of an entry.

    Example:
    ```mlir
    plan.output "logits" %logits
    ```
  }];
}

#endif
