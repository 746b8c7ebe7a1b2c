// lm.sinkhorn_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @sinkhorn_grad_c1(
    %c: tensor<2x5x4x3xf32>, %dy: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.sinkhorn_grad' op expects 'input' of shape [R.., n, n], but got [2, 5, 4, 3]}}
  %dc = lm.sinkhorn_grad %c, %dy
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64}
      : (tensor<2x5x4x3xf32>, tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  return
}

// -----

func.func @sinkhorn_grad_c2(
    %c: tensor<2x5x4x4xf32>, %dy: tensor<2x5x3x3xf32>) {
  // expected-error @+1 {{'lm.sinkhorn_grad' op expects 'gradient' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 5, 3, 3]}}
  %dc = lm.sinkhorn_grad %c, %dy
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64}
      : (tensor<2x5x4x4xf32>, tensor<2x5x3x3xf32>) -> tensor<2x5x4x4xf32>
  return
}

// -----

func.func @sinkhorn_grad_c3(
    %c: tensor<2x5x4x4xf32>, %dy: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.sinkhorn_grad' op expects 'result' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 4, 4, 4]}}
  %dc = lm.sinkhorn_grad %c, %dy
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64}
      : (tensor<2x5x4x4xf32>, tensor<2x5x4x4xf32>) -> tensor<2x4x4x4xf32>
  return
}

// -----

func.func @sinkhorn_grad_c4(
    %c: tensor<2x5x4x4xf32>, %dy: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.sinkhorn_grad' op expects 'iterations' to be at least 1, but got 0}}
  %dc = lm.sinkhorn_grad %c, %dy
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 0 : i64}
      : (tensor<2x5x4x4xf32>, tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  return
}

// -----

func.func @sinkhorn_grad_c5(
    %c: tensor<2x5x4x4xf32>, %dy: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.sinkhorn_grad' op expects 'epsilon' to be 0 or greater, but got -1}}
  %dc = lm.sinkhorn_grad %c, %dy
      {epsilon = -1.0, form = #lm.mhc_form<v4>, iterations = 20 : i64}
      : (tensor<2x5x4x4xf32>, tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  return
}
