// lm.update_route_bias: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.update_route_bias %{{.*}}, %{{.*}}, %{{.*}} : (tensor<8xf32>, tensor<8xi32>, tensor<16xf32>) -> tensor<8xf32>
func.func @example(
    %bias: tensor<8xf32>, %load: tensor<8xi32>, %hyper: tensor<16xf32>) {
  %new = lm.update_route_bias %bias, %load, %hyper
      : (tensor<8xf32>, tensor<8xi32>, tensor<16xf32>) -> tensor<8xf32>
  return
}
