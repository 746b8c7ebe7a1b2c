// lm.iota: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @iota_c1() {
  // expected-error @+1 {{'lm.iota' op expects 'result' of shape [R.., S], but got []}}
  %positions = lm.iota : () -> tensor<i32>
  return
}
