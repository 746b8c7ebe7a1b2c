// RUN: tresse-opt %s --tresse-accumulate-in-place | FileCheck %s

lm.global weight @w : tensor<16x8xf32>
lm.global gradient @g : tensor<16x8xf32> {of = @w}
lm.global gradient @h : tensor<16x8xf32> {of = @w}

// The load moves up to the op that adds to it; either order of the addition.
// CHECK-LABEL: func.func @gradients
// CHECK: %[[G:.*]] = lm.load @g
// CHECK-NEXT: %[[DW:.*]] = lm.linear_grad_weight %{{.*}}, %{{.*}}, %[[G]]
// CHECK-NOT: arith.addf
// CHECK: lm.store %[[DW]], @g
func.func @gradients(%dy: tensor<4x16xf32>, %x: tensor<4x8xf32>) attributes {lm.entry = "gradients"} {
  %0 = lm.linear_grad_weight %dy, %x : (tensor<4x16xf32>, tensor<4x8xf32>) -> tensor<16x8xf32>
  %1 = lm.load @g : tensor<16x8xf32>
  %2 = arith.addf %0, %1 : tensor<16x8xf32>
  lm.store %2, @g : tensor<16x8xf32>
  return
}

// Not when the sum has another use.
// CHECK-LABEL: func.func @sum_used_twice
// CHECK: arith.addf
func.func @sum_used_twice(%dy: tensor<4x16xf32>, %x: tensor<4x8xf32>) -> tensor<16x8xf32> {
  %0 = lm.linear_grad_weight %dy, %x : (tensor<4x16xf32>, tensor<4x8xf32>) -> tensor<16x8xf32>
  %1 = lm.load @g : tensor<16x8xf32>
  %2 = arith.addf %1, %0 : tensor<16x8xf32>
  lm.store %2, @g : tensor<16x8xf32>
  return %0 : tensor<16x8xf32>
}

// Not into another global.
// CHECK-LABEL: func.func @other_global
// CHECK: arith.addf
func.func @other_global(%dy: tensor<4x16xf32>, %x: tensor<4x8xf32>) {
  %0 = lm.linear_grad_weight %dy, %x : (tensor<4x16xf32>, tensor<4x8xf32>) -> tensor<16x8xf32>
  %1 = lm.load @h : tensor<16x8xf32>
  %2 = arith.addf %1, %0 : tensor<16x8xf32>
  lm.store %2, @g : tensor<16x8xf32>
  return
}
