// lm.mean_valid_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mean_valid_grad %{{.*}}, %{{.*}} : (tensor<1xf32>, tensor<2x5xi32>) -> tensor<2x5xf32>
func.func @example(%dloss: tensor<1xf32>, %targets: tensor<2x5xi32>) {
  %dlosses = lm.mean_valid_grad %dloss, %targets
      : (tensor<1xf32>, tensor<2x5xi32>) -> tensor<2x5xf32>
  return
}
