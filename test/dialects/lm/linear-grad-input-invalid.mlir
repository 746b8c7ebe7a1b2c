// lm.linear_grad_input: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @linear_grad_input_c1(%dy: tensor<f32>, %w: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear_grad_input' op expects 'gradient' of shape [R.., out], but got []}}
  %dx = lm.linear_grad_input %dy, %w
      : (tensor<f32>, tensor<48x64xf32>) -> tensor<2x5x64xf32>
  return
}

// -----

func.func @linear_grad_input_c2(
    %dy: tensor<2x5x48xf32>, %w: tensor<47x64xf32>) {
  // expected-error @+1 {{'lm.linear_grad_input' op expects 'weight' of shape [out = 48, in], but got [47, 64]}}
  %dx = lm.linear_grad_input %dy, %w
      : (tensor<2x5x48xf32>, tensor<47x64xf32>) -> tensor<2x5x64xf32>
  return
}

// -----

func.func @linear_grad_input_c3(
    %dy: tensor<2x5x48xf32>, %w: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear_grad_input' op expects 'result' of shape [R.. = 2x5, in = 64], but got [2, 4, 64]}}
  %dx = lm.linear_grad_input %dy, %w
      : (tensor<2x5x48xf32>, tensor<48x64xf32>) -> tensor<2x4x64xf32>
  return
}
