// lm.unpermute: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.unpermute %{{.*}}, %{{.*}} weights(%{{.*}}) order(%{{.*}}, %{{.*}}) : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>, tensor<8xi32>) -> tensor<10x64xf32>
func.func @example(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<10x3xi32>,
    %weights: tensor<10x3xf32>, %slot_of_row: tensor<30xi32>,
    %ends: tensor<8xi32>) {
  %y = lm.unpermute %rows, %row_of_slot weights(%weights)
      order(%slot_of_row, %ends)
      : (tensor<30x64xf32>, tensor<10x3xi32>, tensor<10x3xf32>, tensor<30xi32>,
         tensor<8xi32>) -> tensor<10x64xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.unpermute %{{.*}}, %{{.*}} : (tensor<30x64xf32>, tensor<10x3xi32>) -> tensor<10x64xf32>
func.func @variant(
    %rows: tensor<30x64xf32>, %row_of_slot: tensor<10x3xi32>) {
  %y = lm.unpermute %rows, %row_of_slot
      : (tensor<30x64xf32>, tensor<10x3xi32>) -> tensor<10x64xf32>
  return
}
