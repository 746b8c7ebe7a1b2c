// Passes.td - passes that belong to no stage: they show what others would see.
#ifndef TRESSE_PASSES_COMMON_PASSES
#define TRESSE_PASSES_COMMON_PASSES
include "mlir/Pass/PassBase.td"

def AnnotateIndexingPass : Pass<"tresse-annotate-indexing"> {
  let summary = "Writes the loops of every primitive as attributes";
  let description = [{
    What `IndexedOpInterface` says of an op, as `linalg.generic` writes it:
    `indexing_maps`, one per operand and result, from the loops to the
    dimensions, and `iterator_types`, one per loop; of an op that fuses along
    rows also `row_rank`, how many dimensions its rows are. For reading, and for
    tests; nothing reads the attributes back.

    Example: test/passes/common/annotate-indexing.mlir
  }];
  let dependentDialects = ["::tresse::lm::LMDialect"];
}

#endif
