// lm.linear_grad_weight: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @linear_grad_weight_c1(
    %dy: tensor<f32>, %x: tensor<2x5x64xf32>, %old: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear_grad_weight' op expects 'gradient' of shape [R.., out], but got []}}
  %dw = lm.linear_grad_weight %dy, %x, %old
      : (tensor<f32>, tensor<2x5x64xf32>, tensor<48x64xf32>)
      -> tensor<48x64xf32>
  return
}

// -----

func.func @linear_grad_weight_c2(
    %dy: tensor<2x5x48xf32>, %x: tensor<2x4x64xf32>, %old: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear_grad_weight' op expects 'input' of shape [R.. = 2x5, in], but got [2, 4, 64]}}
  %dw = lm.linear_grad_weight %dy, %x, %old
      : (tensor<2x5x48xf32>, tensor<2x4x64xf32>, tensor<48x64xf32>)
      -> tensor<48x64xf32>
  return
}

// -----

func.func @linear_grad_weight_c3(
    %dy: tensor<2x5x48xf32>, %x: tensor<2x5x64xf32>, %old: tensor<48x64xf32>) {
  // expected-error @+1 {{'lm.linear_grad_weight' op expects 'result' of shape [out = 48, in = 64], but got [64, 48]}}
  %dw = lm.linear_grad_weight %dy, %x, %old
      : (tensor<2x5x48xf32>, tensor<2x5x64xf32>, tensor<48x64xf32>)
      -> tensor<64x48xf32>
  return
}

// -----

func.func @linear_grad_weight_c4(
    %dy: tensor<2x5x48xf32>, %x: tensor<2x5x64xf32>, %old: tensor<48x64xf64>) {
  // expected-error @+1 {{'lm.linear_grad_weight' op expects 'accumulator' of type 'tensor<48x64xf32>', the type of 'result', but got 'tensor<48x64xf64>'}}
  %dw = lm.linear_grad_weight %dy, %x, %old
      : (tensor<2x5x48xf32>, tensor<2x5x64xf32>, tensor<48x64xf64>)
      -> tensor<48x64xf32>
  return
}
