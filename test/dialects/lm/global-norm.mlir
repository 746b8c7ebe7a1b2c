// lm.global_norm: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.global_norm %{{.*}} : (tensor<16xf32>) -> tensor<1xf32>
func.func @example(%sums: tensor<16xf32>) {
  %norm = lm.global_norm %sums : (tensor<16xf32>) -> tensor<1xf32>
  return
}
