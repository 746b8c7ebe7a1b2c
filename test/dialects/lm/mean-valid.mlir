// lm.mean_valid: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mean_valid %{{.*}}, %{{.*}} : (tensor<2x5xf32>, tensor<2x5xi32>) -> tensor<1xf32>
func.func @example(%losses: tensor<2x5xf32>, %targets: tensor<2x5xi32>) {
  %loss = lm.mean_valid %losses, %targets
      : (tensor<2x5xf32>, tensor<2x5xi32>) -> tensor<1xf32>
  return
}
