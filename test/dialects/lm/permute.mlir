// lm.permute: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.permute %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<10x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>, tensor<10x3xf32>) -> tensor<30x64xf32>
func.func @example(
    %x: tensor<10x64xf32>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>,
    %weights: tensor<10x3xf32>) {
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends, %weights
      : (tensor<10x64xf32>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>,
         tensor<10x3xf32>) -> tensor<30x64xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.permute %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<10x64xbf16>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>) -> tensor<30x64xbf16>
func.func @variant(
    %x: tensor<10x64xbf16>, %slot_of_row: tensor<30xi32>,
    %row_of_slot: tensor<10x3xi32>, %ends: tensor<8xi32>) {
  %rows = lm.permute %x, %slot_of_row, %row_of_slot, %ends
      : (tensor<10x64xbf16>, tensor<30xi32>, tensor<10x3xi32>, tensor<8xi32>)
      -> tensor<30x64xbf16>
  return
}
