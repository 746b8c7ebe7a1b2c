// lm.group_rows: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}}, %{{.*}} = lm.group_rows %{{.*}} : (tensor<10x3xi32>) -> (tensor<10x3xi32>, tensor<30xi32>, tensor<8xi32>)
func.func @example(%indices: tensor<10x3xi32>) {
  %row_of_slot, %slot_of_row, %ends = lm.group_rows %indices
      : (tensor<10x3xi32>) -> (tensor<10x3xi32>, tensor<30xi32>, tensor<8xi32>)
  return
}
