// lm.mhc: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mhc %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, form = #lm.mhc_form<v4>, iterations = 20 : i64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>) -> tensor<2x5x4x64xf32> {
func.func @example(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  %new = lm.mhc %x, %fn, %base, %scale
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> tensor<2x5x4x64xf32> {
  ^bb0(%h: tensor<2x5x64xf32>):
    %f = arith.negf %h : tensor<2x5x64xf32>
    lm.yield %f : tensor<2x5x64xf32>
  }
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}}, %{{.*}} = lm.mhc %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 0.000000e+00 : f64, form = #lm.mhc_form<paper>, iterations = 20 : i64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>) -> (tensor<2x5x4x64xf32>, tensor<3xf32>) {
func.func @variant(
    %x: tensor<2x5x4x64xf32>, %fn: tensor<24x256xf32>, %base: tensor<24xf32>,
    %scale: tensor<3xf32>) {
  %new, %extra = lm.mhc %x, %fn, %base, %scale
      {epsilon = 0.0, form = #lm.mhc_form<paper>, iterations = 20 : i64,
       norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<24x256xf32>, tensor<24xf32>, tensor<3xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<3xf32>) {
  ^bb0(%h: tensor<2x5x64xf32>):
    lm.yield %h, %scale : tensor<2x5x64xf32>, tensor<3xf32>
  }
  return
}
