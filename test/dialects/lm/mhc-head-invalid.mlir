// lm.mhc_head: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_head_c1(
    %x: tensor<64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'input' of shape [R.., n, C], but got [64]}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @mhc_head_c2(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x3xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'mix' of shape [R.. = 2x5, n = 4], but got [2, 5, 3]}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x3xf32>, tensor<4xf32>, tensor<1xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @mhc_head_c3(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<3xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'base' of shape [n = 4], but got [3]}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<3xf32>, tensor<1xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @mhc_head_c4(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'scale' of shape [1], but got [3]}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<3xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @mhc_head_c5(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'result' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>)
      -> tensor<2x5x63xf32>
  return
}

// -----

func.func @mhc_head_c6(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'epsilon' to be 0 or greater, but got -1}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = -1.0, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>)
      -> tensor<2x5x64xf32>
  return
}

// -----

func.func @mhc_head_c7(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_head' op expects 'norm_epsilon' to be greater than 0, but got 0}}
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 0.0}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>)
      -> tensor<2x5x64xf32>
  return
}
