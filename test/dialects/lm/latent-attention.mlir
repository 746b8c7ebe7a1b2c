// lm.latent_attention: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.latent_attention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {scale = 2.500000e-01 : f64} : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>, tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
func.func @example(
    %q_latent: tensor<2x5x4x16xf32>, %q_rope: tensor<2x5x4x8xf32>,
    %latent: tensor<2x7x16xf32>, %k_rope: tensor<2x7x8xf32>,
    %positions: tensor<2x5xi32>) {
  %out = lm.latent_attention %q_latent, %q_rope, %latent, %k_rope, %positions
      {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x5x4x8xf32>, tensor<2x7x16xf32>,
         tensor<2x7x8xf32>, tensor<2x5xi32>) -> tensor<2x5x4x16xf32>
  return
}
