// lm.cross_entropy_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.cross_entropy_grad %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x5x64xf32>, tensor<2x5xi32>, tensor<2x5xf32>, tensor<2x5xf32>) -> tensor<2x5x64xf32>
func.func @example(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>,
    %lse: tensor<2x5xf32>, %dlosses: tensor<2x5xf32>) {
  %dlogits = lm.cross_entropy_grad %logits, %targets, %lse, %dlosses
      : (tensor<2x5x64xf32>, tensor<2x5xi32>, tensor<2x5xf32>, tensor<2x5xf32>)
      -> tensor<2x5x64xf32>
  return
}
