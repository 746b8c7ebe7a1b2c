// RUN: tresse-opt %s --tresse-hoist-last-row | FileCheck %s

// CHECK-LABEL: func.func @through_linear
// CHECK: %[[ROW:.*]] = lm.last_row %{{.*}} -> tensor<2x8xf32>
// CHECK: lm.linear %[[ROW]], %{{.*}} -> tensor<2x16xf32>
func.func @through_linear(%x: tensor<2x4x8xf32>, %w: tensor<16x8xf32>, %p: tensor<2x4xi32>) -> tensor<2x16xf32> {
  %0 = lm.linear %x, %w : (tensor<2x4x8xf32>, tensor<16x8xf32>) -> tensor<2x4x16xf32>
  %1 = lm.last_row %0, %p : (tensor<2x4x16xf32>, tensor<2x4xi32>) -> tensor<2x16xf32>
  return %1 : tensor<2x16xf32>
}

// All rows are wanted elsewhere: nothing to save.
// CHECK-LABEL: func.func @used_twice
// CHECK: lm.linear %{{.*}} -> tensor<2x4x16xf32>
// CHECK: lm.last_row
func.func @used_twice(%x: tensor<2x4x8xf32>, %w: tensor<16x8xf32>, %p: tensor<2x4xi32>) -> (tensor<2x16xf32>, tensor<2x4x16xf32>) {
  %0 = lm.linear %x, %w : (tensor<2x4x8xf32>, tensor<16x8xf32>) -> tensor<2x4x16xf32>
  %1 = lm.last_row %0, %p : (tensor<2x4x16xf32>, tensor<2x4xi32>) -> tensor<2x16xf32>
  return %1, %0 : tensor<2x16xf32>, tensor<2x4x16xf32>
}
