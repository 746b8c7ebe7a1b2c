// lm.balance_loss: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @balance_loss_c1(
    %scores: tensor<2x5x8xf32>, %f: tensor<2x8xf32>) {
  // expected-error @+1 {{'lm.balance_loss' op expects 'scores' of shape [T, E], but got [2, 5, 8]}}
  %loss = lm.balance_loss %scores, %f {normalize = true}
      : (tensor<2x5x8xf32>, tensor<2x8xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @balance_loss_c2(
    %scores: tensor<10x8xf32>, %f: tensor<2x7xf32>) {
  // expected-error @+1 {{'lm.balance_loss' op expects 'fraction' of shape [Q, E = 8], but got [2, 7]}}
  %loss = lm.balance_loss %scores, %f {normalize = true}
      : (tensor<10x8xf32>, tensor<2x7xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @balance_loss_c3(
    %scores: tensor<10x8xf32>, %f: tensor<3x8xf32>) {
  // expected-error @+1 {{'lm.balance_loss' op expects 'T' to be a multiple of 3, sequences of one length, but got 10}}
  %loss = lm.balance_loss %scores, %f {normalize = true}
      : (tensor<10x8xf32>, tensor<3x8xf32>) -> tensor<1xf32>
  return
}

// -----

func.func @balance_loss_c4(
    %scores: tensor<10x8xf32>, %f: tensor<2x8xf32>) {
  // expected-error @+1 {{'lm.balance_loss' op expects 'result' of shape [1], but got [2]}}
  %loss = lm.balance_loss %scores, %f {normalize = true}
      : (tensor<10x8xf32>, tensor<2x8xf32>) -> tensor<2xf32>
  return
}
