// lm.sinkhorn: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.sinkhorn %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, form = #lm.mhc_form<v4>, iterations = 20 : i64} : (tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
func.func @example(%c: tensor<2x5x4x4xf32>) {
  %y = lm.sinkhorn %c
      {epsilon = 1.0e-6, form = #lm.mhc_form<v4>, iterations = 20 : i64}
      : (tensor<2x5x4x4xf32>) -> tensor<2x5x4x4xf32>
  return
}
