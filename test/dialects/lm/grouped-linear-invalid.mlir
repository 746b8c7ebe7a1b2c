// lm.grouped_linear: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @grouped_linear_c1(
    %x: tensor<4x5x64xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.grouped_linear' op expects 'input' of shape [R, in], but got [4, 5, 64]}}
  %y = lm.grouped_linear %x, %w, %ends
      : (tensor<4x5x64xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
      -> tensor<20x48xf32>
  return
}

// -----

func.func @grouped_linear_c2(
    %x: tensor<20x64xf32>, %w: tensor<8x48x63xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.grouped_linear' op expects 'weight' of shape [E, out, in = 64], but got [8, 48, 63]}}
  %y = lm.grouped_linear %x, %w, %ends
      : (tensor<20x64xf32>, tensor<8x48x63xf32>, tensor<8xi32>)
      -> tensor<20x48xf32>
  return
}

// -----

func.func @grouped_linear_c3(
    %x: tensor<20x64xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<7xi32>) {
  // expected-error @+1 {{'lm.grouped_linear' op expects 'ends' of shape [E = 8], but got [7]}}
  %y = lm.grouped_linear %x, %w, %ends
      : (tensor<20x64xf32>, tensor<8x48x64xf32>, tensor<7xi32>)
      -> tensor<20x48xf32>
  return
}

// -----

func.func @grouped_linear_c4(
    %x: tensor<20x64xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<8xi32>) {
  // expected-error @+1 {{'lm.grouped_linear' op expects 'result' of shape [R = 20, out = 48], but got [19, 48]}}
  %y = lm.grouped_linear %x, %w, %ends
      : (tensor<20x64xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
      -> tensor<19x48xf32>
  return
}
