// lm.split: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @split_c1(%joint: tensor<f32>) {
  // expected-error @+1 {{'lm.split' op expects 'input' of shape [R.., C], but got []}}
  %latent, %k_rope = lm.split %joint
      : (tensor<f32>) -> (tensor<2x5x16xf32>, tensor<2x5x8xf32>)
  return
}

// -----

func.func @split_c2(%joint: tensor<2x5x24xf32>) {
  // expected-error @+1 {{'lm.split' op expects 'part 1' of shape [R.. = 2x5, c1], but got [2, 4, 8]}}
  %latent, %k_rope = lm.split %joint
      : (tensor<2x5x24xf32>) -> (tensor<2x5x16xf32>, tensor<2x4x8xf32>)
  return
}

// -----

func.func @split_c3(%joint: tensor<2x5x24xf32>) {
  // expected-error @+1 {{'lm.split' op expects the widths of the parts together to be 24, the width of 'input', but got 23}}
  %latent, %k_rope = lm.split %joint
      : (tensor<2x5x24xf32>) -> (tensor<2x5x16xf32>, tensor<2x5x7xf32>)
  return
}
