// RUN: tresse-opt %s --tresse-build-plan | FileCheck %s

// Without the fusion stage a gradient is added to its global by a step of its
// own, in place.
// CHECK: plan.gemm "linear_grad_weight" %dy transposed, %x to %[[SUM:.*]] in f32
// CHECK: plan.launch "addf w.grad" @{{.*}}(read %w.grad, read %[[SUM]], update %w.grad)
lm.global weight @w : tensor<5x8xf32>
lm.global gradient @w.grad : tensor<5x8xf32> {of = @w}
func.func @gradients(%dy: tensor<3x5xf32> {lm.name = "dy"}, %x: tensor<3x8xf32> {lm.name = "x"}) attributes {lm.entry = "gradients"} {
  %old = lm.load @w.grad : tensor<5x8xf32>
  %dw = lm.linear_grad_weight %dy, %x : (tensor<3x5xf32>, tensor<3x8xf32>) -> tensor<5x8xf32>
  %new = arith.addf %old, %dw : tensor<5x8xf32>
  lm.store %new, @w.grad : tensor<5x8xf32>
  return
}
