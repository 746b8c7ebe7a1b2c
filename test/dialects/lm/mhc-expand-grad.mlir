// lm.mhc_expand_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mhc_expand_grad %{{.*}} : (tensor<2x5x4x64xf32>) -> tensor<2x5x64xf32>
func.func @example(%dy: tensor<2x5x4x64xf32>) {
  %dx = lm.mhc_expand_grad %dy : (tensor<2x5x4x64xf32>) -> tensor<2x5x64xf32>
  return
}
