// lm.grouped_linear_grad_input: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.grouped_linear_grad_input %{{.*}}, %{{.*}}, %{{.*}} : (tensor<20x48xf32>, tensor<8x48x64xf32>, tensor<8xi32>) -> tensor<20x64xf32>
func.func @example(
    %dy: tensor<20x48xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<8xi32>) {
  %dx = lm.grouped_linear_grad_input %dy, %w, %ends
      : (tensor<20x48xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
      -> tensor<20x64xf32>
  return
}
