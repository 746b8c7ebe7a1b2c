// lm.balance_loss_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @balance_loss_grad_c1(
    %scores: tensor<2x5x8xf32>, %f: tensor<2x8xf32>, %dloss: tensor<1xf32>) {
  // expected-error @+1 {{'lm.balance_loss_grad' op expects 'scores' of shape [T, E], but got [2, 5, 8]}}
  %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
      : (tensor<2x5x8xf32>, tensor<2x8xf32>, tensor<1xf32>) -> tensor<10x8xf32>
  return
}

// -----

func.func @balance_loss_grad_c2(
    %scores: tensor<10x8xf32>, %f: tensor<2x7xf32>, %dloss: tensor<1xf32>) {
  // expected-error @+1 {{'lm.balance_loss_grad' op expects 'fraction' of shape [Q, E = 8], but got [2, 7]}}
  %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
      : (tensor<10x8xf32>, tensor<2x7xf32>, tensor<1xf32>) -> tensor<10x8xf32>
  return
}

// -----

func.func @balance_loss_grad_c3(
    %scores: tensor<10x8xf32>, %f: tensor<3x8xf32>, %dloss: tensor<1xf32>) {
  // expected-error @+1 {{'lm.balance_loss_grad' op expects 'T' to be a multiple of 3, sequences of one length, but got 10}}
  %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
      : (tensor<10x8xf32>, tensor<3x8xf32>, tensor<1xf32>) -> tensor<10x8xf32>
  return
}

// -----

func.func @balance_loss_grad_c4(
    %scores: tensor<10x8xf32>, %f: tensor<2x8xf32>, %dloss: tensor<2xf32>) {
  // expected-error @+1 {{'lm.balance_loss_grad' op expects 'gradient' of shape [1], but got [2]}}
  %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
      : (tensor<10x8xf32>, tensor<2x8xf32>, tensor<2xf32>) -> tensor<10x8xf32>
  return
}

// -----

func.func @balance_loss_grad_c5(
    %scores: tensor<10x8xf32>, %f: tensor<2x8xf32>, %dloss: tensor<1xf32>) {
  // expected-error @+1 {{'lm.balance_loss_grad' op expects 'result' of shape [T = 10, E = 8], but got [9, 8]}}
  %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
      : (tensor<10x8xf32>, tensor<2x8xf32>, tensor<1xf32>) -> tensor<9x8xf32>
  return
}
