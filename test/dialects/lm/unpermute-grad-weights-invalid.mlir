// lm.unpermute_grad_weights: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @unpermute_grad_weights_c1(
    %dy: tensor<2x5x64xf32>, %rows: tensor<30x64xf32>,
    %row_of_slot: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.unpermute_grad_weights' op expects 'gradient' of shape [T, d], but got [2, 5, 64]}}
  %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
      : (tensor<2x5x64xf32>, tensor<30x64xf32>, tensor<10x3xi32>)
      -> tensor<10x3xf32>
  return
}

// -----

func.func @unpermute_grad_weights_c2(
    %dy: tensor<10x64xf32>, %rows: tensor<30x63xf32>,
    %row_of_slot: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.unpermute_grad_weights' op expects 'rows' of shape [R, d = 64], but got [30, 63]}}
  %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
      : (tensor<10x64xf32>, tensor<30x63xf32>, tensor<10x3xi32>)
      -> tensor<10x3xf32>
  return
}

// -----

func.func @unpermute_grad_weights_c3(
    %dy: tensor<10x64xf32>, %rows: tensor<30x64xf32>,
    %row_of_slot: tensor<9x3xi32>) {
  // expected-error @+1 {{'lm.unpermute_grad_weights' op expects 'row_of_slot' of shape [T = 10, K], but got [9, 3]}}
  %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
      : (tensor<10x64xf32>, tensor<30x64xf32>, tensor<9x3xi32>)
      -> tensor<10x3xf32>
  return
}

// -----

func.func @unpermute_grad_weights_c4(
    %dy: tensor<10x64xf32>, %rows: tensor<29x64xf32>,
    %row_of_slot: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.unpermute_grad_weights' op expects 'R' to be 30, one row per slot, but got 29}}
  %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
      : (tensor<10x64xf32>, tensor<29x64xf32>, tensor<10x3xi32>)
      -> tensor<10x3xf32>
  return
}

// -----

func.func @unpermute_grad_weights_c5(
    %dy: tensor<10x64xf32>, %rows: tensor<30x64xf32>,
    %row_of_slot: tensor<10x3xi32>) {
  // expected-error @+1 {{'lm.unpermute_grad_weights' op expects 'result' of shape [T = 10, K = 3], but got [10, 2]}}
  %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
      : (tensor<10x64xf32>, tensor<30x64xf32>, tensor<10x3xi32>)
      -> tensor<10x2xf32>
  return
}
