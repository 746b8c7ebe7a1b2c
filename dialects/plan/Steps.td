// Steps.td - what an entry executes, one op per step.
#ifndef TRESSE_PLAN_STEPS
#define TRESSE_PLAN_STEPS

include "dialects/plan/PlanBase.td"
include "dialects/plan/Interfaces.td"

class Plan_StepOp<string mnemonic, dag operands, list<Trait> traits = []>
    : Plan_Op<mnemonic, !listconcat([HasParent<"EntryOp">,
        DeclareOpInterfaceMethods<Plan_StepInterface, ["getStepOperands"]>], traits)> {
  let arguments = !con(operands, (ins StrAttr:$step_name,
    DefaultValuedAttr<I32Attr, "0">:$stream,
    DefaultValuedAttr<I64Attr, "0">:$flops,
    DefaultValuedAttr<I64Attr, "0">:$bytes_read,
    DefaultValuedAttr<I64Attr, "0">:$bytes_written));
}

defvar Plan_Placement = " `` custom<Placement>($stream, $flops, $bytes_read, $bytes_written) attr-dict";

def Plan_LaunchOp : Plan_StepOp<"launch", (ins
    Variadic<AnyTypeOf<[Plan_Tensor, Plan_TensorMap]>>:$tensors,
    Optional<Plan_Tensor>:$tile_count_from,
    FlatSymbolRefAttr:$kernel, DenseI32ArrayAttr:$access,
    DenseI64ArrayAttr:$bits,
    DefaultValuedAttr<I64Attr, "1">:$tile_count,
    OptionalAttr<DictionaryAttr>:$parameters,
    DefaultValuedAttr<DenseI32ArrayAttr, "{1, 1, 1}">:$grid,
    DefaultValuedAttr<DenseI32ArrayAttr, "{1, 1, 1}">:$block,
    DefaultValuedAttr<DenseI32ArrayAttr, "{1, 1, 1}">:$cluster,
    DefaultValuedAttr<I32Attr, "0">:$shared_bytes), [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel";
  let description = [{
    Operands in the order of the kernel: `read`, `write`, `update` (both) or
    `accumulate` a tensor; `none` for an absent optional one; `bits` for a
    literal. On cpu tiles [0, `tile_count`) are shared out to the threads;
    `tile_count_from` is an i32 tensor with the number in force. `parameters`
    are those that a reference function reads.

    Constraints:
    - (C1) `kernel` names a `plan.kernel`.
    - (C2) `grid`, `block` and `cluster` have three elements.
    - (C3) `parameters` are integers, floats, lists of at most 64 integers, or strings.
    - (C4) `access` has a slot for every operand.

    Example:
    ```mlir
    plan.launch "norm" @tresse_ref_rms_norm(read %x, read %w, write %y)
      with {epsilon = 1.0e-6 : f64} cost [1024, 256, 256]
    ```
  }];
  let assemblyFormat = !strconcat([{
    $step_name $kernel `` custom<Slots>($tensors, type($tensors), $access, $bits)
    (`tiles` $tile_count^)? (`tiles_from` $tile_count_from^)?
    (`with` $parameters^)?
  }], Plan_Placement);
  let hasVerifier = 1;
}

def Plan_GemmOp : Plan_StepOp<"gemm", (ins
    Plan_Tensor:$a, Plan_Tensor:$b, Optional<Plan_Tensor>:$c,
    Plan_Tensor:$d, Optional<Plan_Tensor>:$bias,
    Optional<Plan_Tensor>:$auxiliary, Optional<Plan_Tensor>:$a_scale,
    Optional<Plan_Tensor>:$b_scale, Optional<Plan_Tensor>:$c_scale,
    Optional<Plan_Tensor>:$d_scale, Optional<Plan_Tensor>:$workspace,
    Optional<Plan_Tensor>:$rows_from,
    UnitAttr:$transpose_a, UnitAttr:$transpose_b, TypeAttr:$compute,
    Plan_Provider:$provider, OptionalAttr<FlatSymbolRefAttr>:$kernel,
    DefaultValuedAttr<F64Attr, "1.0">:$alpha,
    DefaultValuedAttr<F64Attr, "0.0">:$beta,
    DefaultValuedAttr<I32Attr, "0">:$epilogue,
    DefaultValuedAttr<I32Attr, "0">:$scale_mode,
    OptionalAttr<DenseI64ArrayAttr>:$algorithm), [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "d = alpha op(a) op(b) + beta c";
  let description = [{
    Tensors of rank 2, or with leading batch dimensions; the inner stride is 1.
    `a` is [M, K], or [K, M] when `transposed`; `b` is [K, N], or [N, K].
    Accumulation is written with `c` = `d` and `beta` = 1.

    Constraints:
    - (C1) `kernel` names a `plan.kernel` exactly when the provider is `kernel`.
    - (C2) `compute` is a type of plan.h.
    - (C3) `algorithm` has eight elements.

    Example:
    ```mlir
    plan.gemm "project" %x, %w transposed to %y in f32 by library
    ```
  }];
  let assemblyFormat = !strconcat([{
    $step_name $a (`transposed` $transpose_a^)? `,`
    $b (`transposed` $transpose_b^)? (`plus` $c^)? `to` $d
    (`bias` $bias^)? (`auxiliary` $auxiliary^)? (`a_scale` $a_scale^)?
    (`b_scale` $b_scale^)? (`c_scale` $c_scale^)? (`d_scale` $d_scale^)?
    (`workspace` $workspace^)? (`rows_from` $rows_from^)?
    `in` $compute `by` $provider ($kernel^)?
  }], Plan_Placement);
  let hasVerifier = 1;
}

def Plan_GroupedGemmOp : Plan_StepOp<"grouped_gemm", (ins
    Plan_Tensor:$a, Plan_Tensor:$b, Optional<Plan_Tensor>:$c,
    Plan_Tensor:$d, Optional<Plan_Tensor>:$a_scale,
    Optional<Plan_Tensor>:$b_scale, Optional<Plan_Tensor>:$d_scale,
    Optional<Plan_Tensor>:$row_weight, Plan_Tensor:$ends,
    Plan_Varying:$varying, UnitAttr:$transpose_a, UnitAttr:$transpose_b,
    TypeAttr:$compute, OptionalAttr<FlatSymbolRefAttr>:$kernel,
    I32Attr:$group_count, I64Attr:$maximum_rows,
    DefaultValuedAttr<DenseI32ArrayAttr, "{0, 0, 0}">:$tile,
    DefaultValuedAttr<I32Attr, "1">:$row_alignment,
    DefaultValuedAttr<F64Attr, "1.0">:$alpha,
    DefaultValuedAttr<F64Attr, "0.0">:$beta,
    DefaultValuedAttr<I32Attr, "0">:$epilogue,
    DefaultValuedAttr<I32Attr, "0">:$scale_mode), [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "One gemm per group of rows";
  let description = [{
    `ends` holds the running totals of rows of the groups, i32[group_count].
    Varying `m`: a [R, K], b [groups, N, K] `transposed` or [groups, K, N], d
    [R, N]; the rows of a group meet its matrix of b. Varying `k`: a [R, M],
    b [R, N], d [groups, M, N]; the sum runs over the rows of the group. Rows
    at and beyond `ends[group_count - 1]` are neither read nor written.

    Constraints:
    - (C1) `kernel`, when present, names a `plan.kernel`.
    - (C2) `compute` is a type of plan.h.
    - (C3) `tile` has three elements.

    Example:
    ```mlir
    plan.grouped_gemm "experts" %x, %w transposed to %y ends %ends varying m
      groups 8 rows 512 in f32
    ```
  }];
  let assemblyFormat = !strconcat([{
    $step_name $a (`transposed` $transpose_a^)? `,`
    $b (`transposed` $transpose_b^)? (`plus` $c^)? `to` $d
    (`a_scale` $a_scale^)? (`b_scale` $b_scale^)? (`d_scale` $d_scale^)?
    (`row_weight` $row_weight^)? `ends` $ends `varying` $varying
    `groups` $group_count `rows` $maximum_rows `in` $compute (`by` $kernel^)?
  }], Plan_Placement);
  let hasVerifier = 1;
}

def Plan_CollectiveOp : Plan_StepOp<"collective", (ins
    I32Attr:$kind, FlatSymbolRefAttr:$communicator,
    Optional<Plan_Tensor>:$input, Optional<Plan_Tensor>:$output,
    Optional<Plan_Tensor>:$counts, DefaultValuedAttr<I32Attr, "0">:$reduction,
    DefaultValuedAttr<I32Attr, "0">:$peer, DefaultValuedAttr<I32Attr, "0">:$group,
    DefaultValuedAttr<I64Attr, "0">:$maximum_bytes), [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Communication among the ranks of a communicator";
  let description = [{
    `counts` is a tensor with the number of bytes per peer where they vary;
    `maximum_bytes` bounds them. Collectives of one non-zero `group` are issued
    together.

    Constraints:
    - (C1) `communicator` names a `plan.communicator`.

    Example:
    ```mlir
    plan.collective "sum" 1 @replicas from %g to %g {reduction = 1 : i32}
    ```
  }];
  let assemblyFormat = !strconcat([{
    $step_name $kind $communicator (`from` $input^)? (`to` $output^)?
    (`counts` $counts^)?
  }], Plan_Placement);
}

def Plan_CopyOp : Plan_StepOp<"copy", (ins
    Plan_Tensor:$from, Plan_Tensor:$to,
    DefaultValuedAttr<I32Attr, "0">:$direction)> {
  let summary = "Copies a tensor, converting its type and strides";
  let description = [{
    Example:
    ```mlir
    plan.copy "cast" %master to %weight
    ```
  }];
  let assemblyFormat = !strconcat("$step_name $from `to` $to", Plan_Placement);
}

def Plan_FillOp : Plan_StepOp<"fill", (ins
    Plan_Tensor:$to, I32Attr:$width, DefaultValuedAttr<I64Attr, "0">:$bits)> {
  let summary = "Sets every element of a tensor to the same bits";
  let description = [{
    `width` is the size of the element in bytes; `bits` holds its pattern in the
    low bytes.

    Constraints:
    - (C1) `width` is 1, 2, 4 or 8.

    Example:
    ```mlir
    plan.fill "zero" %gradient width 4 bits 0
    ```
  }];
  let assemblyFormat = !strconcat("$step_name $to `width` $width `bits` $bits", Plan_Placement);
  let hasVerifier = 1;
}

def Plan_RecordOp : Plan_StepOp<"record", (ins I32Attr:$event)> {
  let summary = "Marks an event when the stream reaches this step";
  let description = [{
    Example:
    ```mlir
    plan.record "done" event 0
    ```
  }];
  let assemblyFormat = !strconcat("$step_name `event` $event", Plan_Placement);
}

def Plan_WaitOp : Plan_StepOp<"wait", (ins I32Attr:$event)> {
  let summary = "Holds the stream until an event has been recorded";
  let description = [{
    Example:
    ```mlir
    plan.wait "until done" event 0 stream 1
    ```
  }];
  let assemblyFormat = !strconcat("$step_name `event` $event", Plan_Placement);
}

#endif
