// lm.mhc_post_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_post_grad_c1(
    %x: tensor<64xf32>, %y: tensor<2x5x64xf32>, %post: tensor<2x5x4xf32>,
    %comb: tensor<2x5x4x4xf32>, %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'input' of shape [R.., n, C], but got [64]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c2(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x63xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'y' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x63xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c3(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x3xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'post' of shape [R.. = 2x5, n = 4], but got [2, 5, 3]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x3xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c4(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x3x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'comb' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 5, 3, 4]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x3x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c5(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x3x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'gradient' of shape [R.. = 2x5, n = 4, C = 64], but got [2, 5, 3, 64]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x3x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c6(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'dx' of shape [R.. = 2x5, n = 4, C = 64], but got [2, 5, 3, 64]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x3x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c7(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'dy' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x63xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c8(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'dpost' of shape [R.. = 2x5, n = 4], but got [2, 5, 3]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x3xf32>,
          tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_post_grad_c9(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  // expected-error @+1 {{'lm.mhc_post_grad' op expects 'dcomb' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 5, 4, 3]}}
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x3xf32>)
  return
}
