// lm.grouped_linear: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.grouped_linear %{{.*}}, %{{.*}}, %{{.*}} : (tensor<20x64xf32>, tensor<8x48x64xf32>, tensor<8xi32>) -> tensor<20x48xf32>
func.func @example(
    %x: tensor<20x64xf32>, %w: tensor<8x48x64xf32>, %ends: tensor<8xi32>) {
  %y = lm.grouped_linear %x, %w, %ends
      : (tensor<20x64xf32>, tensor<8x48x64xf32>, tensor<8xi32>)
      -> tensor<20x48xf32>
  return
}
