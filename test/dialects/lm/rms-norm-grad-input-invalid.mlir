// lm.rms_norm_grad_input: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @rms_norm_grad_input_c1(
    %x: tensor<f32>, %weight: tensor<64xf32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_input' op expects 'input' of shape [R.., C], but got []}}
  %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = 1.0e-6}
      : (tensor<f32>, tensor<64xf32>, tensor<2x5x64xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @rms_norm_grad_input_c2(
    %x: tensor<2x5x64xf32>, %weight: tensor<32xf32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_input' op expects 'weight' of shape [C = 64], but got [32]}}
  %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<32xf32>, tensor<2x5x64xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @rms_norm_grad_input_c3(
    %x: tensor<2x5x64xf32>, %weight: tensor<64xf32>, %dy: tensor<2x4x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_input' op expects 'gradient' of shape [R.. = 2x5, C = 64], but got [2, 4, 64]}}
  %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<64xf32>, tensor<2x4x64xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @rms_norm_grad_input_c4(
    %x: tensor<2x5x64xf32>, %weight: tensor<64xf32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_input' op expects 'result' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<64xf32>, tensor<2x5x64xf32>)
      -> tensor<2x5x63xf32>
  return
}

// -----

func.func @rms_norm_grad_input_c5(
    %x: tensor<2x5x64xf32>, %weight: tensor<64xf32>, %dy: tensor<2x5x64xf32>) {
  // expected-error @+1 {{'lm.rms_norm_grad_input' op expects 'epsilon' to be greater than 0, but got -1}}
  %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = -1.0}
      : (tensor<2x5x64xf32>, tensor<64xf32>, tensor<2x5x64xf32>)
      -> tensor<2x5x64xf32>
  return
}
