// RUN: tresse-opt %s --tresse-fuse-accumulate | FileCheck %s

lm.global gradient @w.grad : tensor<4x8xf32> {of = @w}
lm.global gradient @load : tensor<3xi32> {of = @bias}
lm.global state @bias : tensor<3xf32>
lm.global weight @w : tensor<4x8xf32>

// The load moves up to the op: the gradient is added where it is made.
// CHECK-LABEL: func.func @one_summand(
// CHECK-SAME: %[[DY:.*]]: tensor<2x4xf32>, %[[X:.*]]: tensor<2x8xf32>)
// CHECK-NEXT: %[[OLD:.*]] = lm.load @w.grad
// CHECK-NEXT: %[[NEW:.*]] = lm.linear_grad_weight %[[DY]], %[[X]], %[[OLD]]
// CHECK-NEXT: %[[Y:.*]] = arith.negf
// CHECK-NEXT: lm.store %[[NEW]], @w.grad
// CHECK-NEXT: return %[[Y]]
func.func @one_summand(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %y = arith.negf %x : tensor<2x8xf32>
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return %y : tensor<2x8xf32>
}

// A weight that is read twice has two summands, in whatever tree they come.
// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %[[DY:.*]]: tensor<2x4xf32>, %[[X:.*]]: tensor<2x8xf32>, %[[TOKENS:.*]]: tensor<5xi32>, %[[DE:.*]]: tensor<5x8xf32>)
// CHECK-NEXT: %[[OLD:.*]] = lm.load @w.grad
// CHECK-NEXT: %[[A:.*]] = lm.linear_grad_weight %[[DY]], %[[X]], %[[OLD]]
// CHECK-NEXT: %[[B:.*]] = lm.embed_grad %[[TOKENS]], %[[DE]], %[[A]]
// CHECK-NEXT: lm.store %[[B]], @w.grad
func.func @chain(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>, %tokens: tensor<5xi32>, %de: tensor<5x8xf32>) {
  %a = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %b = lm.embed_grad %tokens, %de : (tensor<5xi32>, tensor<5x8xf32>) -> tensor<4x8xf32>
  %ba = arith.addf %b, %a : tensor<4x8xf32>
  %old = lm.load @w.grad : tensor<4x8xf32>
  %sum = arith.addf %old, %ba : tensor<4x8xf32>
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return
}

// CHECK-LABEL: func.func @chain_on_the_left(
// CHECK: %[[OLD:.*]] = lm.load @w.grad
// CHECK-NEXT: %[[A:.*]] = lm.linear_grad_weight %{{.*}}, %{{.*}}, %[[OLD]]
// CHECK-NEXT: %[[B:.*]] = lm.linear_grad_weight %{{.*}}, %{{.*}}, %[[A]]
// CHECK-NEXT: lm.store %[[B]], @w.grad
func.func @chain_on_the_left(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>, %z: tensor<2x8xf32>) {
  %old = lm.load @w.grad : tensor<4x8xf32>
  %a = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %b = lm.linear_grad_weight %dy, %z : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %sum = arith.addf %old, %a : tensor<4x8xf32>
  %all = arith.addf %sum, %b : tensor<4x8xf32>
  lm.store %all, @w.grad : tensor<4x8xf32>
  return
}

// What cannot accumulate is added behind what can.
// CHECK-LABEL: func.func @other_summand(
// CHECK-SAME: %{{.*}}: tensor<2x4xf32>, %{{.*}}: tensor<2x8xf32>, %[[OTHER:.*]]: tensor<4x8xf32>)
// CHECK: %[[OLD:.*]] = lm.load @w.grad
// CHECK-NEXT: %[[A:.*]] = lm.linear_grad_weight %{{.*}}, %{{.*}}, %[[OLD]]
// CHECK-NEXT: %[[SUM:.*]] = arith.addf %[[A]], %[[OTHER]]
// CHECK-NEXT: lm.store %[[SUM]], @w.grad
func.func @other_summand(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>, %other: tensor<4x8xf32>) {
  %old = lm.load @w.grad : tensor<4x8xf32>
  %a = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %both = arith.addf %other, %a : tensor<4x8xf32>
  %sum = arith.addf %old, %both : tensor<4x8xf32>
  lm.store %sum, @w.grad : tensor<4x8xf32>
  return
}

// CHECK-LABEL: func.func @integers(
// CHECK: %[[OLD:.*]] = lm.load @load
// CHECK-NEXT: %[[SUM:.*]] = lm.expert_load %{{.*}}, %[[OLD]]
// CHECK-NEXT: lm.store %[[SUM]], @load
func.func @integers(%indices: tensor<5x2xi32>) {
  %count = lm.expert_load %indices : (tensor<5x2xi32>) -> tensor<3xi32>
  %old = lm.load @load : tensor<3xi32>
  %sum = arith.addi %old, %count : tensor<3xi32>
  lm.store %sum, @load : tensor<3xi32>
  return
}

// Only gradients are sums over calls.
// CHECK-LABEL: func.func @not_a_gradient(
// CHECK: lm.linear_grad_weight %{{.*}}, %{{.*}} : (tensor<2x4xf32>, tensor<2x8xf32>)
// CHECK: arith.addf
func.func @not_a_gradient(%dy: tensor<2x4xf32>, %x: tensor<2x8xf32>) {
  %dw = lm.linear_grad_weight %dy, %x : (tensor<2x4xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %old = lm.load @w : tensor<4x8xf32>
  %sum = arith.addf %old, %dw : tensor<4x8xf32>
  lm.store %sum, @w : tensor<4x8xf32>
  return
}
