// RUN: tresse-opt %s --tresse-build-update | FileCheck %s

// CHECK: lm.global moment @w.exp_avg_sq : tensor<4x4xf32> {of = @w}
// CHECK: lm.global moment @w.exp_avg : tensor<4x4xf32> {of = @w}
lm.global weight @w : tensor<4x4xf32>
lm.global gradient @w.grad : tensor<4x4xf32> {of = @w}
lm.global derived @w.storage : tensor<4x4xbf16> {of = @w}
lm.global state @bias : tensor<4xf32>
lm.global gradient @bias.load : tensor<4xi32> {of = @bias}

func.func @gradients() attributes {lm.entry = "gradients"} { return }

// The routing bias is in neither the norm nor the optimizer.
// CHECK-LABEL: func.func @update(
// CHECK-SAME: tensor<16xf32> {lm.name = "hyper"}) -> (tensor<1xf32> {lm.name = "grad_norm"})
// CHECK: %[[G:.*]] = lm.load @w.grad
// CHECK: %[[P:.*]] = lm.square_sum %[[G]], %{{.*}}
// CHECK: %[[N:.*]] = lm.global_norm %[[P]]
// CHECK: %[[W:.*]], %[[M:.*]], %[[V:.*]] = lm.adamw %{{.*}}, %[[G]], %{{.*}}, %{{.*}}, %[[N]], %{{.*}}
// CHECK: lm.store %[[W]], @w
// CHECK: lm.store %[[M]], @w.exp_avg
// CHECK: lm.store %[[V]], @w.exp_avg_sq
// CHECK: %[[Z:.*]] = lm.clear %[[G]]
// CHECK: lm.store %[[Z]], @w.grad
// CHECK: %[[S:.*]] = arith.truncf %[[W]]
// CHECK: lm.store %[[S]], @w.storage
// CHECK-NOT: lm.square_sum
// CHECK: lm.update_route_bias
// CHECK: lm.store %{{.*}}, @bias.load
