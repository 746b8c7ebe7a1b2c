// lm.grouped_linear_grad_weight: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @grouped_linear_grad_weight_c1(
    %dy: tensor<4x5x48xf32>, %x: tensor<20x64xf32>, %ends: tensor<8xi32>,
    %old: tensor<8x48x64xf32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_weight' op expects 'gradient' of shape [R, out], but got [4, 5, 48]}}
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
      : (tensor<4x5x48xf32>, tensor<20x64xf32>, tensor<8xi32>,
         tensor<8x48x64xf32>) -> tensor<8x48x64xf32>
  return
}

// -----

func.func @grouped_linear_grad_weight_c2(
    %dy: tensor<20x48xf32>, %x: tensor<19x64xf32>, %ends: tensor<8xi32>,
    %old: tensor<8x48x64xf32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_weight' op expects 'input' of shape [R = 20, in], but got [19, 64]}}
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
      : (tensor<20x48xf32>, tensor<19x64xf32>, tensor<8xi32>,
         tensor<8x48x64xf32>) -> tensor<8x48x64xf32>
  return
}

// -----

func.func @grouped_linear_grad_weight_c3(
    %dy: tensor<20x48xf32>, %x: tensor<20x64xf32>, %ends: tensor<1x8xi32>,
    %old: tensor<8x48x64xf32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_weight' op expects 'ends' of shape [E], but got [1, 8]}}
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
      : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<1x8xi32>,
         tensor<8x48x64xf32>) -> tensor<8x48x64xf32>
  return
}

// -----

func.func @grouped_linear_grad_weight_c4(
    %dy: tensor<20x48xf32>, %x: tensor<20x64xf32>, %ends: tensor<8xi32>,
    %old: tensor<8x48x64xf32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_weight' op expects 'result' of shape [E = 8, out = 48, in = 64], but got [8, 64, 48]}}
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
      : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>,
         tensor<8x48x64xf32>) -> tensor<8x64x48xf32>
  return
}

// -----

func.func @grouped_linear_grad_weight_c5(
    %dy: tensor<20x48xf32>, %x: tensor<20x64xf32>, %ends: tensor<8xi32>,
    %old: tensor<7x48x64xf32>) {
  // expected-error @+1 {{'lm.grouped_linear_grad_weight' op expects 'accumulator' of type 'tensor<8x48x64xf32>', the type of 'result', but got 'tensor<7x48x64xf32>'}}
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
      : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>,
         tensor<7x48x64xf32>) -> tensor<8x48x64xf32>
  return
}
