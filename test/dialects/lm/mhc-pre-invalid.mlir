// lm.mhc_pre: one failing case per constraint.
// RUN: tresse-opt %s --split-input-file --verify-diagnostics

func.func @mhc_pre_c1(
    %x: tensor<64xf32>, %mix: tensor<2x5x24xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'input' of shape [R.., n, C], but got [64]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c2(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x20xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'mix' of shape [R.. = 2x5, k = 24], but got [2, 5, 20]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x20xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c3(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<20xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'base' of shape [k = 24], but got [20]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<20xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c4(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<1xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'scale' of shape [3], but got [1]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<1xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c5(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'h' of shape [R.. = 2x5, C = 64], but got [2, 5, 63]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x63xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c6(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'post' of shape [R.. = 2x5, n = 4], but got [2, 5, 3]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x3xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c7(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'comb' of shape [R.. = 2x5, n = 4, n = 4], but got [2, 5, 16]}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x16xf32>)
  return
}

// -----

func.func @mhc_pre_c8(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'iterations' to be at least 1, but got 0}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 0 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c9(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'epsilon' to be 0 or greater, but got -1}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = -1.0, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// -----

func.func @mhc_pre_c10(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  // expected-error @+1 {{'lm.mhc_pre' op expects 'norm_epsilon' to be greater than 0, but got 0}}
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 0.0}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}
