// lm.cross_entropy_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @cross_entropy_grad_c1(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x4xi32>,
    %lse: tensor<2x5xf32>, %dlosses: tensor<2x5xf32>) {
  // expected-error @+1 {{'lm.cross_entropy_grad' op expects 'logits' of shape [R.. = 2x4, V], but got [2, 5, 64]}}
  %dlogits = lm.cross_entropy_grad %logits, %targets, %lse, %dlosses
      : (tensor<2x5x64xf32>, tensor<2x4xi32>, tensor<2x5xf32>, tensor<2x5xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @cross_entropy_grad_c2(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>,
    %lse: tensor<2x4xf32>, %dlosses: tensor<2x5xf32>) {
  // expected-error @+1 {{'lm.cross_entropy_grad' op expects 'lse' of shape [R.. = 2x5], but got [2, 4]}}
  %dlogits = lm.cross_entropy_grad %logits, %targets, %lse, %dlosses
      : (tensor<2x5x64xf32>, tensor<2x5xi32>, tensor<2x4xf32>, tensor<2x5xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @cross_entropy_grad_c3(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>,
    %lse: tensor<2x5xf32>, %dlosses: tensor<10xf32>) {
  // expected-error @+1 {{'lm.cross_entropy_grad' op expects 'gradient' of shape [R.. = 2x5], but got [10]}}
  %dlogits = lm.cross_entropy_grad %logits, %targets, %lse, %dlosses
      : (tensor<2x5x64xf32>, tensor<2x5xi32>, tensor<2x5xf32>, tensor<10xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @cross_entropy_grad_c4(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>,
    %lse: tensor<2x5xf32>, %dlosses: tensor<2x5xf32>) {
  // expected-error @+1 {{'lm.cross_entropy_grad' op expects 'result' of shape [R.. = 2x5, V = 64], but got [2, 5, 63]}}
  %dlogits = lm.cross_entropy_grad %logits, %targets, %lse, %dlosses
      : (tensor<2x5x64xf32>, tensor<2x5xi32>, tensor<2x5xf32>, tensor<2x5xf32>)
      -> tensor<2x5x63xf32>
  return
}
