// lm.embed_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @embed_grad_c1(
    %tokens: tensor<2x5xi32>, %dy: tensor<2x4x32xf32>,
    %old: tensor<64x32xf32>) {
  // expected-error @+1 {{'lm.embed_grad' op expects 'gradient' of shape [R.. = 2x5, d], but got [2, 4, 32]}}
  %dt = lm.embed_grad %tokens, %dy, %old
      : (tensor<2x5xi32>, tensor<2x4x32xf32>, tensor<64x32xf32>)
      -> tensor<64x32xf32>
  return
}

// -----

func.func @embed_grad_c2(
    %tokens: tensor<2x5xi32>, %dy: tensor<2x5x32xf32>,
    %old: tensor<64x32xf32>) {
  // expected-error @+1 {{'lm.embed_grad' op expects 'result' of shape [V, d = 32], but got [64, 30]}}
  %dt = lm.embed_grad %tokens, %dy, %old
      : (tensor<2x5xi32>, tensor<2x5x32xf32>, tensor<64x32xf32>)
      -> tensor<64x30xf32>
  return
}

// -----

func.func @embed_grad_c3(
    %tokens: tensor<2x5xi32>, %dy: tensor<2x5x32xf32>,
    %old: tensor<63x32xf32>) {
  // expected-error @+1 {{'lm.embed_grad' op expects 'accumulator' of type 'tensor<64x32xf32>', the type of 'result', but got 'tensor<63x32xf32>'}}
  %dt = lm.embed_grad %tokens, %dy, %old
      : (tensor<2x5xi32>, tensor<2x5x32xf32>, tensor<63x32xf32>)
      -> tensor<64x32xf32>
  return
}
