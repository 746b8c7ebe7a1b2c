// lm.rms_norm_grad_weight: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @rms_norm_grad_weight_c1(
    %x: tensor<f32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_weight' op expects 'input' of shape [R.., C], but got []}}
  %dw = lm.rms_norm_grad_weight %x, %dy {epsilon = 1.0e-6}
      : (tensor<f32>, tensor<2x5x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @rms_norm_grad_weight_c2(
    %x: tensor<2x5x64xf32>, %dy: tensor<2x4x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_weight' op expects 'gradient' of shape [R.. = 2x5, C = 64], but got [2, 4, 64]}}
  %dw = lm.rms_norm_grad_weight %x, %dy {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<2x4x64xf32>) -> tensor<4x64xf32>
  return
}

// -----

func.func @rms_norm_grad_weight_c3(
    %x: tensor<2x5x64xf32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_weight' op expects 'result' of shape [chunks, C = 64], but got [4, 32]}}
  %dw = lm.rms_norm_grad_weight %x, %dy {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<2x5x64xf32>) -> tensor<4x32xf32>
  return
}

// -----

func.func @rms_norm_grad_weight_c4(
    %x: tensor<2x5x64xf32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_weight' op expects 'epsilon' to be greater than 0, but got -2}}
  %dw = lm.rms_norm_grad_weight %x, %dy {epsilon = -2.0}
      : (tensor<2x5x64xf32>, tensor<2x5x64xf32>) -> tensor<4x64xf32>
  return
}
