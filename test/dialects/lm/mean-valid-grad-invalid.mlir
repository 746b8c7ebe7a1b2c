// lm.mean_valid_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mean_valid_grad_c1(
    %dloss: tensor<2xf32>, %targets: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.mean_valid_grad' op expects 'gradient' of shape [1], but got [2]}}
  %dlosses = lm.mean_valid_grad %dloss, %targets
      : (tensor<2xf32>, tensor<2x5xi32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @mean_valid_grad_c2(
    %dloss: tensor<1xf32>, %targets: tensor<2x5xi32>) {
  // expected-error @+1 {{'lm.mean_valid_grad' op expects 'result' of shape [R.. = 2x5], but got [2, 4]}}
  %dlosses = lm.mean_valid_grad %dloss, %targets
      : (tensor<1xf32>, tensor<2x5xi32>) -> tensor<2x4xf32>
  return
}
