// lm.grouped_linear_grad_input: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @grouped_linear_grad_input_c1(
    %dy: tensor<4x5x48xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_input' op expects 'gradient' of shape [R, out], but got [4, 5, 48]}}
  %dx = lm.grouped_linear_grad_input %dy, %w, %ends
      : (tensor<4x5x48xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
      -> tensor<20x64xf32>
  return
}

// -----

func.func @grouped_linear_grad_input_c2(
    %dy: tensor<20x48xf32>, %w: tensor<8x47x64xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_input' op expects 'weight' of shape [E, out = 48, in], but got [8, 47, 64]}}
  %dx = lm.grouped_linear_grad_input %dy, %w, %ends
      : (tensor<20x48xf32>, tensor<8x47x64xf32>, tensor<8xi32>)
      -> tensor<20x64xf32>
  return
}

// -----

func.func @grouped_linear_grad_input_c3(
    %dy: tensor<20x48xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<9xi32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_input' op expects 'ends' of shape [E = 8], but got [9]}}
  %dx = lm.grouped_linear_grad_input %dy, %w, %ends
      : (tensor<20x48xf32>, tensor<8x48x64xf32>, tensor<9xi32>)
      -> tensor<20x64xf32>
  return
}

// -----

func.func @grouped_linear_grad_input_c4(
    %dy: tensor<20x48xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_input' op expects 'result' of shape [R = 20, in = 64], but got [20, 63]}}
  %dx = lm.grouped_linear_grad_input %dy, %w, %ends
      : (tensor<20x48xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
      -> tensor<20x63xf32>
  return
}
