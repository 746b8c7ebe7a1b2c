// lm.stop_gradient: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.stop_gradient %{{.*}} : (tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
func.func @example(%x: tensor<2x5x64xf32>) {
  %y = lm.stop_gradient %x : (tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
  return
}
