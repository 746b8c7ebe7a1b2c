// lm.balance_fraction: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.balance_fraction %{{.*}}, %{{.*}} {form = #lm.balance_form<unbiased>} : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
func.func @example(%scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<unbiased>}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.balance_fraction %{{.*}}, %{{.*}} {form = #lm.balance_form<chosen>} : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<1x8xf32>
func.func @variant(%scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  %f = lm.balance_fraction %scores, %indices {form = #lm.balance_form<chosen>}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<1x8xf32>
  return
}

// CHECK-LABEL: @communication
// CHECK: lm.balance_fraction %{{.*}}, %{{.*}} {device_limit = 2 : i64, devices = 4 : i64, form = #lm.balance_form<chosen>, level = #lm.balance_level<communication>} : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
func.func @communication(%scores: tensor<10x8xf32>, %indices: tensor<10x3xi32>) {
  %f = lm.balance_fraction %scores, %indices
      {form = #lm.balance_form<chosen>, level = #lm.balance_level<communication>,
       devices = 4, device_limit = 2}
      : (tensor<10x8xf32>, tensor<10x3xi32>) -> tensor<2x8xf32>
  return
}
