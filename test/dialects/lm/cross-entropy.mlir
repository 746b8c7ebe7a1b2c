// lm.cross_entropy: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}} = lm.cross_entropy %{{.*}}, %{{.*}} : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
func.func @example(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>) {
  %losses, %lse = lm.cross_entropy %logits, %targets
      : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
  return
}
