// RUN: tresse-opt %s --tresse-differentiate | FileCheck %s

lm.global weight @w : tensor<4x4xf32>

// Calls that want the same gradients share one forward and one backward half.
func.func private @layer(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %y = lm.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %z = arith.mulf %y, %y : tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @gradients
// CHECK-SAME: -> (tensor<1xf32> {lm.name = "loss"})
// CHECK: %[[W:.*]] = lm.load @w
// CHECK: %[[F0:.*]]:2 = call @{{.*}}.forward(%{{.*}}, %[[W]])
// CHECK: %[[F1:.*]]:2 = call @[[LAYER:.*]].forward(%[[F0]]#0, %[[W]])
// CHECK: %[[F2:.*]]:2 = call @[[LAYER]].forward(%[[F1]]#0, %[[W]])
// CHECK: lm.cross_entropy_grad
// CHECK: %[[B2:.*]]:2 = call @[[LAYER]].backward(%{{.*}}, %[[F1]]#0, %[[W]], %[[F2]]#1)
// CHECK: %[[B1:.*]]:2 = call @[[LAYER]].backward(%[[B2]]#0, %[[F0]]#0, %[[W]], %[[F1]]#1)
// CHECK: %[[SUM:.*]] = arith.addf %[[B2]]#1, %[[B1]]#1
// The first layer's input wants no gradient: only the weight's comes back.
// CHECK: %[[B0:.*]] = call @{{.*}}backward(%[[B1]]#0
// CHECK: %[[ALL:.*]] = arith.addf %[[SUM]], %[[B0]]
// CHECK: %[[OLD:.*]] = lm.load @w.grad
// CHECK: %[[NEW:.*]] = arith.addf %[[OLD]], %[[ALL]]
// CHECK: lm.store %[[NEW]], @w.grad
func.func @gradients(%x: tensor<2x4xf32>, %targets: tensor<2xi32>)
    -> (tensor<1xf32> {lm.name = "loss"}, tensor<1xf32> {lm.name = "objective"}) attributes {lm.entry = "gradients"} {
  %w = lm.load @w : tensor<4x4xf32>
  %y = call @layer(%x, %w) : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %y1 = call @layer(%y, %w) : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %z = call @layer(%y1, %w) : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %l, %lse = lm.cross_entropy %z, %targets : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<2xf32>, tensor<2xf32>)
  %loss = lm.mean_valid %l, %targets : (tensor<2xf32>, tensor<2xi32>) -> tensor<1xf32>
  return %loss, %loss : tensor<1xf32>, tensor<1xf32>
}

// The forward half saves y, which mulf's gradient reads; arguments are not
// saved again.
// CHECK: func.func private @[[LAYER]].forward(%{{.*}}) -> (tensor<2x4xf32>, tensor<2x4xf32>)
// CHECK: func.func private @[[LAYER]].backward(
