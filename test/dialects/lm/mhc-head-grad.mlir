// lm.mhc_head_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = lm.mhc_head_grad %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64, norm_epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>, tensor<2x5x64xf32>) -> (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>, tensor<2x5x1xf32>)
func.func @example(
    %x: tensor<2x5x4x64xf32>, %mix: tensor<2x5x4xf32>, %base: tensor<4xf32>,
    %scale: tensor<1xf32>, %dy: tensor<2x5x64xf32>) {
  %dx, %dmix, %dz, %dscale = lm.mhc_head_grad %x, %mix, %base, %scale, %dy
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<4xf32>, tensor<1xf32>,
         tensor<2x5x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
          tensor<2x5x1xf32>)
  return
}
