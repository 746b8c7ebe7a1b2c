// lm.grouped_linear_grad_weight: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.grouped_linear_grad_weight %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>, tensor<8x48x64xf32>) -> tensor<8x48x64xf32>
func.func @example(
    %dy: tensor<20x48xf32>, %x: tensor<20x64xf32>, %ends: tensor<8xi32>,
    %old: tensor<8x48x64xf32>) {
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends, %old
      : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>,
         tensor<8x48x64xf32>) -> tensor<8x48x64xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.grouped_linear_grad_weight %{{.*}}, %{{.*}}, %{{.*}} : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>) -> tensor<8x48x64xf32>
func.func @variant(
    %dy: tensor<20x48xf32>, %x: tensor<20x64xf32>, %ends: tensor<8xi32>) {
  %dw = lm.grouped_linear_grad_weight %dy, %x, %ends
      : (tensor<20x48xf32>, tensor<20x64xf32>, tensor<8xi32>)
      -> tensor<8x48x64xf32>
  return
}
