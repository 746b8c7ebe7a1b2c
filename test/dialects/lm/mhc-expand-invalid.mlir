// lm.mhc_expand: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_expand_c1(%x: tensor<f32>) {
  // expected-error @+1 {{'lm.mhc_expand' op expects 'input' of shape [R.., C], but got []}}
  %streams = lm.mhc_expand %x : (tensor<f32>) -> tensor<2x5x4x64xf32>
  return
}

// -----

func.func @mhc_expand_c2(%x: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.mhc_expand' op expects 'result' of shape [R.. = 2x5, n, C = 64], but got [2, 5, 64]}}
  %streams = lm.mhc_expand %x : (tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
  return
}
