// lm.concat: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @concat_c1(
    %latent: tensor<2x5x16xf32>, %k_rope: tensor<2x4x8xf32>) {
  // expected-error @+1 {{'lm.concat' op expects 'part 1' of shape [R.. = 2x5, c1], but got [2, 4, 8]}}
  %joint = lm.concat %latent, %k_rope
      : (tensor<2x5x16xf32>, tensor<2x4x8xf32>) -> tensor<2x5x24xf32>
  return
}

// -----

func.func @concat_c2(
    %latent: tensor<2x5x16xf32>, %k_rope: tensor<2x5x8xf32>) {
  // expected-error @+1 {{'lm.concat' op expects 'result' of shape [R.. = 2x5, C], but got [2, 4, 24]}}
  %joint = lm.concat %latent, %k_rope
      : (tensor<2x5x16xf32>, tensor<2x5x8xf32>) -> tensor<2x4x24xf32>
  return
}

// -----

func.func @concat_c3(
    %latent: tensor<2x5x16xf32>, %k_rope: tensor<2x5x8xf32>) {
  // expected-error @+1 {{'lm.concat' op expects the widths of the parts together to be 25, the width of 'result', but got 24}}
  %joint = lm.concat %latent, %k_rope
      : (tensor<2x5x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x25xf32>
  return
}
