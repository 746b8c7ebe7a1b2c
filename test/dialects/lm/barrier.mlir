// lm.barrier: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.barrier %{{.*}}, %{{.*}} : (tensor<2x5x64xf32>, tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
func.func @example(%x: tensor<2x5x64xf32>, %dy: tensor<2x5x64xf32>) {
  %late = lm.barrier %x, %dy
      : (tensor<2x5x64xf32>, tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
  return
}
