// lm.concat: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.concat %{{.*}}, %{{.*}} : (tensor<2x5x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x24xf32>
func.func @example(
    %latent: tensor<2x5x16xf32>, %k_rope: tensor<2x5x8xf32>) {
  %joint = lm.concat %latent, %k_rope
      : (tensor<2x5x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x24xf32>
  return
}
