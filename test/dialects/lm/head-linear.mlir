// lm.head_linear: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.head_linear %{{.*}}, %{{.*}} : (tensor<2x5x4x8xf32>, tensor<4x16x8xf32>) -> tensor<2x5x4x16xf32>
func.func @example(%x: tensor<2x5x4x8xf32>, %w: tensor<4x16x8xf32>) {
  %y = lm.head_linear %x, %w
      : (tensor<2x5x4x8xf32>, tensor<4x16x8xf32>) -> tensor<2x5x4x16xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.head_linear %{{.*}}, %{{.*}} {transposed = true} : (tensor<2x5x4x8xf32>, tensor<4x8x16xf32>) -> tensor<2x5x4x16xf32>
func.func @variant(%x: tensor<2x5x4x8xf32>, %w: tensor<4x8x16xf32>) {
  %y = lm.head_linear %x, %w {transposed = true}
      : (tensor<2x5x4x8xf32>, tensor<4x8x16xf32>) -> tensor<2x5x4x16xf32>
  return
}
