// An error about a whole module does not repeat its text.
// RUN: not tresse-opt %s --tresse-build-plan=target=abacus 2>&1 | FileCheck %s
// RUN: not tresse-opt %s --tresse-instantiate-entries=dtype=f7 2>&1 | FileCheck %s --check-prefix=DTYPE

// CHECK: module-errors.mlir:0:0: error: expected target reference, cpu or cuda, but got 'abacus'
// CHECK-NOT: a_very_long_text
// DTYPE: error: expects dtype f32, bf16 or f64, but got 'f7'
// DTYPE-NOT: a_very_long_text
module attributes {lm.records = {config = "a_very_long_text"}} {
  func.func @forward(%tokens: tensor<?x?xi32>, %positions: tensor<?x?xi32>) attributes {lm.forward} {
    return
  }
}
