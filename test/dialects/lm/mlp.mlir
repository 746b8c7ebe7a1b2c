// lm.mlp: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mlp %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x5x32xf32>, tensor<96x32xf32>, tensor<32x48xf32>) -> tensor<2x5x32xf32>
func.func @example(
    %x: tensor<2x5x32xf32>, %gate_up: tensor<96x32xf32>,
    %down: tensor<32x48xf32>) {
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<2x5x32xf32>, tensor<96x32xf32>, tensor<32x48xf32>)
      -> tensor<2x5x32xf32>
  return
}
