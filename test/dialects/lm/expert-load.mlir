// lm.expert_load: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.expert_load %{{.*}}, %{{.*}} : (tensor<10x3xi32>, tensor<8xi32>) -> tensor<8xi32>
func.func @example(%indices: tensor<10x3xi32>, %old: tensor<8xi32>) {
  %load = lm.expert_load %indices, %old
      : (tensor<10x3xi32>, tensor<8xi32>) -> tensor<8xi32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.expert_load %{{.*}} : (tensor<10x3xi32>) -> tensor<8xi32>
func.func @variant(%indices: tensor<10x3xi32>) {
  %load = lm.expert_load %indices : (tensor<10x3xi32>) -> tensor<8xi32>
  return
}
