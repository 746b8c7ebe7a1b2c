// Passes.td - passes of the cuda target.
#ifndef TRESSE_CODEGEN_CUDA_PASSES
#define TRESSE_CODEGEN_CUDA_PASSES

include "mlir/Pass/PassBase.td"

def EmitCudaKernelsPass : Pass<"tresse-emit-cuda-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns functions on tensors into kernels of the cuda target";
  let description = [{
    As tresse-emit-cpu-kernels, for a GPU: every function becomes a kernel that
    each thread runs. `grid`, `block`, `shared_bytes` and `scratch_bytes` say how
    it is launched. For looking at kernels and testing them.

    Example: `test/codegen/cuda/rms-norm.mlir`
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_90a\"", "sm_80 or sm_90a">,
    Option<"stage", "stage", "std::string", "\"threads\"",
           "How far: tiles (vectors of a warp's lanes), order (with barriers), "
           "threads, llvm">
  ];
}

def CudaKernelsPass : Pass<"tresse-cuda-kernels", "::mlir::ModuleOp"> {
  let summary = "Compiles the kernels of a plan to device functions";
  let description = [{
    Every `plan.kernel` with a body becomes a function of the same name in the
    module `@device` beside the plan; its launches get their grid and block. Copies
    and fills that the driver cannot do (gaps, other types) become launches, too.
    Device code is assembled when the model is emitted.

    Leaves: kernels without bodies, in one `plan.module`.
    Example: `test/codegen/cuda/plan-kernels.mlir`
  }];
  let options = [
    Option<"chip", "chip", "std::string", "\"sm_90a\"", "sm_80 or sm_90a">,
    Option<"lower", "lower", "bool", "true",
           "Go on to the LLVM dialect; otherwise leave loops of a thread">
  ];
  let dependentDialects = ["::tresse::plan::PlanDialect"];
}

#endif
