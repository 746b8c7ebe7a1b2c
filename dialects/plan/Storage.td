// Storage.td - buffers, views of them, and the tensors that outlive a call.
#ifndef TRESSE_PLAN_STORAGE
#define TRESSE_PLAN_STORAGE

include "dialects/plan/PlanBase.td"

def Plan_BufferOp : Plan_Op<"buffer", [
    HasParent<"ModelOp">, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "A range of bytes, and the steps between which it is in use";
  let description = [{
    `live` is the first and the last step that need the bytes, numbered over all
    steps of the plan; without it they are needed always.

    Constraints:
    - (C1) `offset >= 0` and `size >= 0`.
    - (C2) `live[0] <= live[1]`.

    Example:
    ```mlir
    %hidden = plan.buffer "hidden" arena offset 128 size 4096 live [3, 9]
    ```
  }];
  let arguments = (ins StrAttr:$name, Plan_Space:$space, I64Attr:$offset,
    I64Attr:$size, OptionalAttr<DenseI64ArrayAttr>:$live);
  let results = (outs Plan_Buffer:$result);
  let assemblyFormat = [{
    $name $space `offset` $offset `size` $size (`live` $live^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_ViewOp : Plan_Op<"view", [
    HasParent<"ModelOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "A tensor: a strided view of a buffer";
  let description = [{
    `offset` is in bytes, `sizes` and `strides` in elements; strides that are
    not written are those of a row-major tensor. `rows` is an i32 tensor with
    the number of valid rows of dimension 0.

    Constraints:
    - (C1) as many `strides` as `sizes`, at most 8.
    - (C2) sizes and strides are at least 0.
    - (C3) `dtype` is a type of plan.h.

    Example:
    ```mlir
    %gate = plan.view %hidden[0] f32 [16, 32] strides [64, 1]
    ```
  }];
  let arguments = (ins Plan_Buffer:$buffer, I64Attr:$offset, TypeAttr:$dtype,
    DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides,
    Optional<Plan_Tensor>:$rows);
  let results = (outs Plan_Tensor:$result);
  let assemblyFormat = [{
    $buffer `[` $offset `]` $dtype custom<Strides>($sizes, $strides)
    (`rows` $rows^)? attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Number of elements, the product of the sizes.
    int64_t getElementCount();
    /// Bytes from the first to behind the last element.
    int64_t getExtent();
    /// True when the elements are row-major without gaps.
    bool isContiguous();
  }];
}

def Plan_GlobalOp : Plan_Op<"global", [HasParent<"ModelOp">, Symbol,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A tensor that outlives a call, and its places in a checkpoint";
  let description = [{
    `of` is the weight that a moment, gradient or derived copy belongs to.
    `initial` are the two parameters of the initializer. `shard` holds per
    dimension the mask of the axes that cut it.

    Constraints:
    - (C1) `of` names a `plan.global`.
    - (C2) `pieces` holds `#plan.piece` attributes.
    - (C3) at most 8 dimensions, each at least 0.

    Example:
    ```mlir
    plan.global weight @"model.norm.weight" f32 [64] in %norm initial ones {
      pieces = [#plan.piece<pattern = "model.norm.weight", source_shape = [64],
        source_start = [0], target_start = [0], target_shape = [64]>]}
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_Role:$role, TypeAttr:$dtype,
    DenseI64ArrayAttr:$shape, Plan_Buffer:$buffer,
    OptionalAttr<FlatSymbolRefAttr>:$of,
    DefaultValuedAttr<Plan_Initializer, "Initializer::Zeros">:$initializer,
    DefaultValuedAttr<F64Attr, "0.0">:$initial0,
    DefaultValuedAttr<F64Attr, "0.0">:$initial1,
    OptionalAttr<ArrayAttr>:$pieces, OptionalAttr<DenseI64ArrayAttr>:$shard,
    DefaultValuedAttr<I32Attr, "0">:$flags);
  let assemblyFormat = [{
    $role $sym_name $dtype $shape `in` $buffer (`of` $of^)?
    `initial` $initializer attr-dict
  }];
  let hasVerifier = 1;
}

#endif
