// RUN: tresse-opt %s --tresse-mark-recompute="fraction=0.5" | FileCheck %s
// RUN: tresse-opt %s --tresse-mark-recompute --tresse-differentiate --tresse-flatten --cse | FileCheck %s --check-prefix=FLAT

lm.global weight @w : tensor<4x4xf32>

func.func private @layer(%x: tensor<2x4xf32>, %w: tensor<4x4xf32>) -> tensor<2x4xf32> {
  %y = lm.linear %x, %w : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %z = arith.mulf %y, %y : tensor<2x4xf32>
  return %z : tensor<2x4xf32>
}

// CHECK: call @layer(%{{.*}}) {lm.recompute}
// CHECK: call @layer(%{{[^)]*}}) :
// Two layers: their linear ops appear again behind barriers, CSE or not.
// FLAT-LABEL: func.func @gradients
// FLAT-COUNT-2: lm.linear %
// FLAT: lm.cross_entropy_grad
// FLAT: lm.barrier
// FLAT: lm.linear %
// FLAT: lm.barrier
// FLAT: lm.linear %
func.func @gradients(%x: tensor<2x4xf32>, %targets: tensor<2xi32>) -> (tensor<1xf32> {lm.name = "objective"}) attributes {lm.entry = "gradients"} {
  %w = lm.load @w : tensor<4x4xf32>
  %y = call @layer(%x, %w) : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %z = call @layer(%y, %w) : (tensor<2x4xf32>, tensor<4x4xf32>) -> tensor<2x4xf32>
  %l, %lse = lm.cross_entropy %z, %targets : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<2xf32>, tensor<2xf32>)
  %loss = lm.mean_valid %l, %targets : (tensor<2xf32>, tensor<2xi32>) -> tensor<1xf32>
  return %loss : tensor<1xf32>
}
