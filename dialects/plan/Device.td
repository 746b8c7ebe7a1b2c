// Device.td - code: kernels, modules of device code, tensor maps.
#ifndef TRESSE_PLAN_DEVICE
#define TRESSE_PLAN_DEVICE

include "dialects/plan/PlanBase.td"

def Plan_KernelOp : Plan_Op<"kernel", [HasParent<"ModelOp">, Symbol, IsolatedFromAbove]> {
  let summary = "A function that launches run";
  let description = [{
    `code` is the position in the model's table of functions (cpu kernels or
    reference functions). Before codegen a kernel carries its `body`: arguments
    are the tensors it reads, `plan.yield` gives the tensors it writes; with
    `layouts` it states the strided memory of each operand of its launches,
    in their order, arguments first. A body is not part of the plan's bytes.

    Constraints:
    - (C1) with a body, `layouts` has one memref type per argument and result.

    Example:
    ```mlir
    plan.kernel @tresse_ref_rms_norm code 0
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Optional<Plan_Module>:$module,
    I32Attr:$code,
    DefaultValuedAttr<I32Attr, "0">:$registers,
    DefaultValuedAttr<I64Attr, "0">:$scratch_bytes,
    DefaultValuedAttr<I32Attr, "0">:$static_shared_bytes,
    DefaultValuedAttr<I32Attr, "0">:$flags,
    OptionalAttr<TypeArrayAttr>:$layouts);
  let regions = (region AnyRegion:$body);
  let assemblyFormat = [{
    $sym_name `code` $code (`in` $module^)? attr-dict-with-keyword ($body^)?
  }];
  let hasVerifier = 1;
}

def Plan_YieldOp : Plan_Op<"yield", [HasParent<"KernelOp">, Terminator]> {
  let summary = "The tensors that a kernel's body computes";
  let description = [{
    Example:
    ```mlir
    plan.yield %y : tensor<4x64xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Plan_DeviceModuleOp : Plan_Op<"module", [
    HasParent<"ModelOp">, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "A range of the model's device code";
  let description = [{
    Example:
    ```mlir
    %code = plan.module architecture 90 format 1 offset 0 size 4096
    ```
  }];
  let arguments = (ins I32Attr:$architecture, I32Attr:$format, I64Attr:$offset,
    I64Attr:$size);
  let results = (outs Plan_Module:$result);
  let assemblyFormat = [{
    `architecture` $architecture `format` $format `offset` $offset `size` $size
    attr-dict
  }];
}

def Plan_TensorMapOp : Plan_Op<"tensor_map", [HasParent<"ModelOp">,
    DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "How bulk copies cut a tensor into boxes";
  let description = [{
    Example:
    ```mlir
    %map = plan.tensor_map %x box [64, 64] element_strides [1, 1] {swizzle = 3 : i32}
    ```
  }];
  let arguments = (ins Plan_Tensor:$tensor, DenseI64ArrayAttr:$box,
    DenseI64ArrayAttr:$element_strides,
    DefaultValuedAttr<I32Attr, "0">:$swizzle,
    DefaultValuedAttr<I32Attr, "0">:$interleave,
    DefaultValuedAttr<I32Attr, "0">:$promotion,
    DefaultValuedAttr<I32Attr, "0">:$fill);
  let results = (outs Plan_TensorMap:$result);
  let assemblyFormat = [{
    $tensor `box` $box `element_strides` $element_strides attr-dict
  }];
}

#endif
