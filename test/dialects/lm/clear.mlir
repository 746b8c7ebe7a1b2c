// lm.clear: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.clear %{{.*}} : (tensor<48x64xf32>) -> tensor<48x64xf32>
func.func @example(%old: tensor<48x64xf32>) {
  %zeros = lm.clear %old : (tensor<48x64xf32>) -> tensor<48x64xf32>
  return
}
