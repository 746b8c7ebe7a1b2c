// lm.mhc_head: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mhc_head %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>) -> tensor<2x5x64xf32>
func.func @example(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>) {
  %y = lm.mhc_head %x, %mix, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>)
      -> tensor<2x5x64xf32>
  return
}
