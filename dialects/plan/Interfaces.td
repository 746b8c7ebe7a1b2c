// Interfaces.td - what every step of a plan answers.
#ifndef TRESSE_PLAN_INTERFACES
#define TRESSE_PLAN_INTERFACES

include "mlir/IR/OpBase.td"

def Plan_StepInterface : OpInterface<"StepInterface"> {
  let cppNamespace = "::tresse::plan";
  let description = [{
    One step of an entry: what it reads and writes, on which stream it runs and
    what it costs.
  }];
  let methods = [
    InterfaceMethod<"The step's name, for people.",
      "::llvm::StringRef", "getStepName">,
    InterfaceMethod<"The stream that runs the step.",
      "uint32_t", "getStream">,
    InterfaceMethod<"Floating point operations.",
      "uint64_t", "getFlops">,
    InterfaceMethod<"Bytes read.", "uint64_t", "getBytesRead">,
    InterfaceMethod<"Bytes written.", "uint64_t", "getBytesWritten">,
    InterfaceMethod<[{
      The operand list of the step in the order of the plan: tensors with how
      they are accessed, absent tensors, tensor maps, literal bits.
    }], "::llvm::SmallVector<::tresse::plan::StepOperand>", "getStepOperands">
  ];
}

#endif
