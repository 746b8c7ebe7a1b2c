// lm.cache_write: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.cache_write %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x64x16xf32>, tensor<2x5x16xf32>, tensor<2x5xi32>) -> tensor<2x64x16xf32>
func.func @example(
    %cache: tensor<2x64x16xf32>, %rows: tensor<2x5x16xf32>,
    %positions: tensor<2x5xi32>) {
  %new = lm.cache_write %cache, %rows, %positions
      : (tensor<2x64x16xf32>, tensor<2x5x16xf32>, tensor<2x5xi32>)
      -> tensor<2x64x16xf32>
  return
}
