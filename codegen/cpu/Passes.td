// Passes.td - passes of the cpu target.
#ifndef TRESSE_CODEGEN_CPU_PASSES
#define TRESSE_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def EmitCpuKernelsPass : Pass<"tresse-emit-cpu-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns functions on tensors into kernels of the cpu target";
  let description = [{
    Every function whose body is one lm op, or several row-wise ones, becomes
    the kernel of that body: a function on memory that loops over a range of
    tiles. The tensors are row-major unless the function's `layouts` attribute
    says otherwise. For looking at kernels and testing them; a compiled model's
    kernels come from the plan.

    Example: `test/codegen/cpu/rms-norm.mlir`
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"x86-64-v4\"",
           "Processor: host, x86-64-v3 or x86-64-v4">,
    Option<"lower", "lower", "bool", "false",
           "Go on to the LLVM dialect">
  ];
}

def CpuKernelsPass : Pass<"tresse-cpu-kernels", "::mlir::ModuleOp"> {
  let summary = "Compiles the kernels of a plan to functions of the LLVM dialect";
  let description = [{
    Every `plan.kernel` with a body becomes a function of the same name beside
    the plan (signature: tresse_cpu_kernel of plan.h). The kernel keeps its
    scratch bytes, its launches get their tile counts, the model states the
    processor that it needs; bodies and layouts are gone.

    Leaves: kernels without bodies.
    Example: `test/codegen/cpu/plan-kernels.mlir`
  }];
  let options = [
    Option<"cpu", "cpu", "std::string", "\"host\"",
           "Processor: host, x86-64-v3 or x86-64-v4">,
    Option<"lower", "lower", "bool", "true",
           "Go on to the LLVM dialect; otherwise leave loops and vectors">
  ];
  let dependentDialects = ["::tresse::plan::PlanDialect"];
}

#endif
