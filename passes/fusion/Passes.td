// Passes.td - fewer, larger ops: accumulation in place, row-wise kernels.
#ifndef TRESSE_PASSES_FUSION_PASSES
#define TRESSE_PASSES_FUSION_PASSES
include "mlir/Pass/PassBase.td"

def FuseAccumulatePass : Pass<"tresse-fuse-accumulate", "::mlir::ModuleOp"> {
  let summary = "Adds to gradient globals in place";
  let description = [{
    Where the old value of a gradient global plus the result of ops that can
    accumulate (`AccumulateOpInterface`) is stored back, the ops add to the
    global themselves, one after the other in the order in which they stand.
    No gradient of a weight then needs a buffer of its own.

        store(add(load g, op(x)), g)  ->  store(op(x) accumulating on load g, g)

    Summands that cannot accumulate are added behind them. Nothing else may
    read the old value or a summand.
    Example: test/passes/fusion/fuse-accumulate.mlir
  }];
}

def HoistReshapesPass : Pass<"tresse-hoist-reshapes", "::mlir::ModuleOp"> {
  let summary = "Moves the splitting of rows above elementwise ops";
  let description = [{
    Mixture-of-experts layers count tokens with one dimension, everything else
    with two. Elementwise ops at the border compute on the rows of what
    follows, so that both lie in one row space.

        expand(add(a, b))  ->  add(expand(a), expand(b))
    Example: test/passes/fusion/hoist-reshapes.mlir
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect"];
}

def FuseRowsPass : Pass<"tresse-fuse-rows", "::mlir::ModuleOp"> {
  let summary = "Groups row-wise ops into lm.fusion regions";
  let description = [{
    An op whose rows depend on the same rows of its operands
    (`RowwiseOpInterface`, elementwise ops) joins the ops that make its row
    operands, across layers, when all of them have the same rows and no other
    op lies on a path between them. What is only read inside the region never
    reaches memory.

        %s = arith.addf %x, %y
        %n = lm.rms_norm %s, %w
          ->
        %s, %n = lm.fusion(%x, %y, %w) {
        ^bb0(%x, %y, %w):
          %s = arith.addf %x, %y
          %n = lm.rms_norm %s, %w
          lm.yield %s, %n
        }

    Operands come in the order of their first use, results in the order of
    their ops: equal layers give equal regions, hence one kernel.
    Example: test/passes/fusion/fuse-rows.mlir
  }];
  let options = [
    Option<"maxTensors", "max-tensors", "int64_t", "24",
      "operands and results of a region, at most">,
    Option<"maxRowBytes", "max-row-bytes", "int64_t", "1048576",
      "bytes that one row of all values inside a region takes, at most">
  ];
  let dependentDialects = ["::tresse::lm::LMDialect"];
}
#endif
