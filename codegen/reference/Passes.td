// Passes.td - the reference target: kernels become calls of plain C loops.
#ifndef TRESSE_CODEGEN_REFERENCE_PASSES
#define TRESSE_CODEGEN_REFERENCE_PASSES
include "mlir/Pass/PassBase.td"

def ReferenceCallsPass : Pass<"tresse-reference-calls", "::mlir::ModuleOp"> {
  let summary = "Replaces the kernels of a plan by reference functions";
  let description = [{
    A kernel whose body is one op becomes the kernel `tresse_ref_<op>`, one for
    all shapes and attributes; elementwise arith and math become
    `tresse_ref_elementwise` with the op's name as parameter `op`. The op's
    attributes become the parameters of the launch, enum cases as numbers; an
    absent optional operand becomes `none`.

    Leaves: kernels without bodies.
    Example: test/codegen/reference/reference-calls.mlir
  }];
  let dependentDialects = ["::tresse::plan::PlanDialect"];
}

#endif
