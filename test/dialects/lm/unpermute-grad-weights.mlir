// lm.unpermute_grad_weights: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.unpermute_grad_weights %{{.*}}, %{{.*}}, %{{.*}} : (tensor<10x64xf32>, tensor<30x64xf32>, tensor<10x3xi32>) -> tensor<10x3xf32>
func.func @example(
    %dy: tensor<10x64xf32>, %rows: tensor<30x64xf32>,
    %row_of_slot: tensor<10x3xi32>) {
  %dw = lm.unpermute_grad_weights %dy, %rows, %row_of_slot
      : (tensor<10x64xf32>, tensor<30x64xf32>, tensor<10x3xi32>)
      -> tensor<10x3xf32>
  return
}
