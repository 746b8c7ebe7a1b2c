// lm.global_norm: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @global_norm_c1(%sums: tensor<4x4xf32>) {
  // expected-error @+1 {{'lm.global_norm' op expects 'partial' of shape [K], but got [4, 4]}}
  %norm = lm.global_norm %sums : (tensor<4x4xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @global_norm_c2(%sums: tensor<16xf32>) {
  // expected-error @+1 {{'lm.global_norm' op expects 'result' of shape [1], but got []}}
  %norm = lm.global_norm %sums : (tensor<16xf32>) -> tensor<f32>
  return
}
