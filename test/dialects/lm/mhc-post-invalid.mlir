// lm.mhc_post: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_post_c1(
    %x: tensor<64xf32>, %y: tensor<2x5x64xf32>, %post: tensor<2x5x4xf32>,
    %comb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_post' op expects 'input' of shape [R.., n, C], but got [64]}}
  %new = lm.mhc_post %x, %y, %post, %comb
      : (tensor<64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>) -> tensor<2x5x4x64xf32>
  return
}

// -----

func.func @mhc_post_c2(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x63xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_post' op expects 'y' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %new = lm.mhc_post %x, %y, %post, %comb
      : (tensor<2x5x4x64xf32>, tensor<2x5x63xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>) -> tensor<2x5x4x64xf32>
  return
}

// -----

func.func @mhc_post_c3(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x3xf32>, %comb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_post' op expects 'post' of shape [R.. = 2x5, n = 4], but got [2, 5, 3]}}
  %new = lm.mhc_post %x, %y, %post, %comb
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x3xf32>,
         tensor<2x5x4x4xf32>) -> tensor<2x5x4x64xf32>
  return
}

// -----

func.func @mhc_post_c4(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x3x4xf32>) {
  // expected-error @+1 {{'lm.mhc_post' op expects 'comb' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 5, 3, 4]}}
  %new = lm.mhc_post %x, %y, %post, %comb
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x3x4xf32>) -> tensor<2x5x4x64xf32>
  return
}

// -----

func.func @mhc_post_c5(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_post' op expects 'result' of shape [R.. = 2x5, n = 4, C = 64], but got [2, 5, 3, 64]}}
  %new = lm.mhc_post %x, %y, %post, %comb
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>) -> tensor<2x5x3x64xf32>
  return
}
