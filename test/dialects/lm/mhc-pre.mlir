// lm.mhc_pre: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}} = lm.mhc_pre %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, form = #lm.mhc_form<v4>, iterations = 20 : i64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>) -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
func.func @example(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x24xf32>,
    %base: tensor<24xf32>, %scale: tensor<3xf32>) {
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x24xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}}, %{{.*}}, %{{.*}} = lm.mhc_pre %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 0.000000e+00 : f64, form = #lm.mhc_form<paper>, iterations = 20 : i64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<?x?x2x64xbf16>, tensor<?x?x8xf32>, tensor<8xf32>, tensor<3xf32>) -> (tensor<?x?x64xbf16>, tensor<?x?x2xf32>, tensor<?x?x2x2xf32>)
func.func @variant(
    %x: tensor<?x?x2x64xbf16>, %mix: tensor<?x?x8xf32>, %base: tensor<8xf32>,
    %scale: tensor<3xf32>) {
  %h, %post, %comb = lm.mhc_pre %x, %mix, %base, %scale
      {epsilon = 0.0, form = #lm.mhc_form<paper>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<?x?x2x64xbf16>, tensor<?x?x8xf32>, tensor<8xf32>, tensor<3xf32>)
      -> (tensor<?x?x64xbf16>, tensor<?x?x2xf32>, tensor<?x?x2x2xf32>)
  return
}
