// RUN: tresse-opt %s --tresse-keep-master-weights | FileCheck %s

// CHECK: lm.global weight @w : tensor<4x4xf32>
// CHECK: lm.global derived @w.storage : tensor<4x4xbf16> {of = @w}
// CHECK: lm.global weight @norm : tensor<4xf32>
lm.global weight @w : tensor<4x4xbf16>
lm.global weight @norm : tensor<4xf32>

// CHECK-LABEL: func.func @prepare
// CHECK: %[[W:.*]] = lm.load @w : tensor<4x4xf32>
// CHECK: %[[N:.*]] = arith.truncf %[[W]]
// CHECK: lm.store %[[N]], @w.storage
func.func @prepare() attributes {lm.entry = "prepare"} { return }

// CHECK-LABEL: func.func @gradients
// CHECK: lm.load @w.storage : tensor<4x4xbf16>
// CHECK: lm.load @norm
func.func @gradients() -> (tensor<4x4xbf16>, tensor<4xf32>) attributes {lm.entry = "gradients"} {
  %w = lm.load @w : tensor<4x4xbf16>
  %n = lm.load @norm : tensor<4xf32>
  return %w, %n : tensor<4x4xbf16>, tensor<4xf32>
}
