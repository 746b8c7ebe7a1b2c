// RUN: tresse-opt %s --tresse-expand-composites | FileCheck %s

// A dense feed-forward: one linear op for the gate and the up projection.
// CHECK-LABEL: func.func @mlp
// CHECK: %[[BOTH:.*]] = lm.linear %arg0, %arg1 : {{.*}} -> tensor<2x3x10xbf16>
// CHECK: %[[HIDDEN:.*]] = lm.swiglu %[[BOTH]] : (tensor<2x3x10xbf16>) -> tensor<2x3x5xbf16>
// CHECK: %[[Y:.*]] = lm.linear %[[HIDDEN]], %arg2 : {{.*}} -> tensor<2x3x4xbf16>
// CHECK: return %[[Y]]
func.func @mlp(%x: tensor<2x3x4xbf16>, %gate_up: tensor<10x4xbf16>,
               %down: tensor<4x5xbf16>) -> tensor<2x3x4xbf16> {
  %y = lm.mlp %x, %gate_up, %down
      : (tensor<2x3x4xbf16>, tensor<10x4xbf16>, tensor<4x5xbf16>)
      -> tensor<2x3x4xbf16>
  return %y : tensor<2x3x4xbf16>
}

// The head's mix is a wide linear op over the flattened streams.
// CHECK-LABEL: func.func @hc_head
// CHECK: %[[FLAT:.*]] = tensor.collapse_shape %arg0 {{.*}} into tensor<2x3x8xbf16>
// CHECK: %[[MIX:.*]] = lm.linear %[[FLAT]], %arg1 : {{.*}} -> tensor<2x3x2xf32>
// CHECK: %[[Y:.*]] = lm.mhc_head %arg0, %[[MIX]], %arg2, %arg3
// CHECK: return %[[Y]]
func.func @hc_head(%x: tensor<2x3x2x4xbf16>, %fn: tensor<2x8xf32>,
                   %base: tensor<2xf32>, %scale: tensor<1xf32>)
    -> tensor<2x3x4xbf16> {
  %y = lm.hc_head %x, %fn, %base, %scale
      {epsilon = 1.0e-6, norm_epsilon = 1.0e-6}
      : (tensor<2x3x2x4xbf16>, tensor<2x8xf32>, tensor<2xf32>, tensor<1xf32>)
      -> tensor<2x3x4xbf16>
  return %y : tensor<2x3x4xbf16>
}
