// lm.split: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.split %{{.*}} : (tensor<2x5x24xf32>) -> (tensor<2x5x16xf32>, tensor<2x5x8xf32>)
func.func @example(%joint: tensor<2x5x24xf32>) {
  %latent, %k_rope = lm.split %joint
      : (tensor<2x5x24xf32>) -> (tensor<2x5x16xf32>, tensor<2x5x8xf32>)
  return
}
