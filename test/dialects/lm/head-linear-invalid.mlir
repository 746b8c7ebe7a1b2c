// lm.head_linear: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @head_linear_c1(%x: tensor<8xf32>, %w: tensor<4x16x8xf32>) {
  // expected-error @+1 {{'lm.head_linear' op expects 'input' of shape [R.., H, in], but got [8]}}
  %y = lm.head_linear %x, %w
      : (tensor<8xf32>, tensor<4x16x8xf32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @head_linear_c2(
    %x: tensor<2x5x4x8xf32>, %w: tensor<4x8x16xf32>) {
  // expected-error @+1 {{'lm.head_linear' op expects 'weight' of shape [H = 4, out, in = 8], but got [4, 8, 16]}}
  %y = lm.head_linear %x, %w
      : (tensor<2x5x4x8xf32>, tensor<4x8x16xf32>) -> tensor<2x5x4x16xf32>
  return
}

// -----

func.func @head_linear_c3(
    %x: tensor<2x5x4x8xf32>, %w: tensor<4x16x8xf32>) {
  // expected-error @+1 {{'lm.head_linear' op expects 'result' of shape [R.. = 2x5, H = 4, out = 16], but got [2, 5, 3, 16]}}
  %y = lm.head_linear %x, %w
      : (tensor<2x5x4x8xf32>, tensor<4x16x8xf32>) -> tensor<2x5x3x16xf32>
  return
}
