// lm.mhc_expand_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_expand_grad_c1(%dy: tensor<64xf32>) {
  // expected-error @+1 {{'lm.mhc_expand_grad' op expects 'gradient' of shape [R.., n, C], but got [64]}}
  %dx = lm.mhc_expand_grad %dy : (tensor<64xf32>) -> tensor<2x5x64xf32>
  return
}

// -----

func.func @mhc_expand_grad_c2(%dy: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_expand_grad' op expects 'result' of shape [R.. = 2x5, C = 64], but got [2, 4, 64]}}
  %dx = lm.mhc_expand_grad %dy : (tensor<2x5x4x64xf32>) -> tensor<2x4x64xf32>
  return
}
