// lm.embed: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.embed %{{.*}}, %{{.*}} : (tensor<2x5xi32>, tensor<64x32xf32>) -> tensor<2x5x32xf32>
func.func @example(%tokens: tensor<2x5xi32>, %table: tensor<64x32xf32>) {
  %e = lm.embed %tokens, %table
      : (tensor<2x5xi32>, tensor<64x32xf32>) -> tensor<2x5x32xf32>
  return
}
