// lm.mhc_post: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mhc_post %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>, tensor<2x5x4x4xf32>) -> tensor<2x5x4x64xf32>
func.func @example(
    %x: tensor<2x5x4x64xf32>, %y: tensor<2x5x64xf32>,
    %post: tensor<2x5x4xf32>, %comb: tensor<2x5x4x4xf32>) {
  %new = lm.mhc_post %x, %y, %post, %comb
      : (tensor<2x5x4x64xf32>, tensor<2x5x64xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x4xf32>) -> tensor<2x5x4x64xf32>
  return
}
