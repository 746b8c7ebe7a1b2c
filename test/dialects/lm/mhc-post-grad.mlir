// lm.mhc_post_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} = lm.mhc_post_grad %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>) -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>)
func.func @example(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>,
    %g: tensor<2x5x4x64xf32>) {
  %dx, %dy, %dpost, %dcomb = lm.mhc_post_grad %x, %y, %post, %comb, %g
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>, tensor<2x5x4x64xf32>)
      -> (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
          tensor<2x5x4x4xf32>)
  return
}
