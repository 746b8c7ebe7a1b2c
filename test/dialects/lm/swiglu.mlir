// lm.swiglu: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.swiglu %{{.*}}, %{{.*}} : (tensor<30x48xf32>, tensor<8xi32>) -> tensor<30x24xf32>
func.func @example(%gate_up: tensor<30x48xf32>, %ends: tensor<8xi32>) {
  %h = lm.swiglu %gate_up, %ends
      : (tensor<30x48xf32>, tensor<8xi32>) -> tensor<30x24xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.swiglu %{{.*}} : (tensor<?x?x48xbf16>) -> tensor<?x?x24xbf16>
func.func @variant(%gate_up: tensor<?x?x48xbf16>) {
  %h = lm.swiglu %gate_up : (tensor<?x?x48xbf16>) -> tensor<?x?x24xbf16>
  return
}
