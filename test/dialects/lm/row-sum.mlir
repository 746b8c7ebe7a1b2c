// lm.row_sum: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.row_sum %{{.*}}, %{{.*}} : (tensor<2x5x24xf32>, tensor<24xf32>) -> tensor<24xf32>
func.func @example(%x: tensor<2x5x24xf32>, %old: tensor<24xf32>) {
  %s = lm.row_sum %x, %old
      : (tensor<2x5x24xf32>, tensor<24xf32>) -> tensor<24xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.row_sum %{{.*}} : (tensor<16x24xf32>) -> tensor<24xf32>
func.func @variant(%x: tensor<16x24xf32>) {
  %s = lm.row_sum %x : (tensor<16x24xf32>) -> tensor<24xf32>
  return
}
