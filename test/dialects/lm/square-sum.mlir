// lm.square_sum: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.square_sum %{{.*}}, %{{.*}} : (tensor<48x64xf32>, tensor<16xf32>) -> tensor<16xf32>
func.func @example(%g: tensor<48x64xf32>, %old: tensor<16xf32>) {
  %sums = lm.square_sum %g, %old
      : (tensor<48x64xf32>, tensor<16xf32>) -> tensor<16xf32>
  return
}
