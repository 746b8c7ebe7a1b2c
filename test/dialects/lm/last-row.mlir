// lm.last_row: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.last_row %{{.*}}, %{{.*}} : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> tensor<2x64xf32>
func.func @example(%x: tensor<2x5x64xf32>, %positions: tensor<2x5xi32>) {
  %last = lm.last_row %x, %positions
      : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> tensor<2x64xf32>
  return
}
