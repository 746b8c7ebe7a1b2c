// lm.mhc_pre_grad: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_pre_grad_c1(
    %x: tensor<64xf32>, %mix: tensor<2x5x24xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'input' of shape [R.., n, C], but got [64]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c2(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x20xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'mix' of shape [R.. = 2x5, k = 24], but got [2, 5, 20]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x20xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c3(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<20xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'base' of shape [k = 24], but got [20]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<20xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c4(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<1xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'scale' of shape [3], but got [1]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<1xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c5(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x63xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dh' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x63xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c6(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x3xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dpost' of shape [R.. = 2x5, n = 4], but got [2, 5, 3]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x3xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c7(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x16xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dcomb' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 5, 16]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x16xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c8(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dx' of shape [R.. = 2x5, n = 4, C = 64], but got [2, 5, 64]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c9(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dmix' of shape [R.. = 2x5, k = 24], but got [2, 5, 20]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x20xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c10(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dz' of shape [R.. = 2x5, k = 24], but got [2, 5, 20]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x20xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c11(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'dscale' of shape [R.. = 2x5, 3], but got [2, 5, 1]}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x1xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c12(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'iterations' to be at least 1, but got 0}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 0 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c13(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'epsilon' to be 0 or greater, but got -1}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = -1.0, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}

// -----

func.func @mhc_pre_grad_c14(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>, %dh: tensor<2x5x64xf32>,
    %dpost: tensor<2x5x4xf32>, %dcomb: tensor<2x5x4x4xf32>) {
  // expected-error @+1 {{'lm.mhc_pre_grad' op expects 'norm_epsilon' to be greater than 0, but got 0}}
  %dx, %dmix, %dz, %dscale = lm.mhc_pre_grad %x, %mix, %base, %scale, %dh,
      %dpost, %dcomb
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 0.0}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>,
         tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<2x5x24xf32>,
          tensor<2x5x3xf32>)
  return
}
