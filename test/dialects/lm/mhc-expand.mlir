// lm.mhc_expand: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.mhc_expand %{{.*}} : (tensor<2x5x64xf32>) -> tensor<2x5x4x64xf32>
func.func @example(%x: tensor<2x5x64xf32>) {
  %streams = lm.mhc_expand %x : (tensor<2x5x64xf32>) -> tensor<2x5x4x64xf32>
  return
}
