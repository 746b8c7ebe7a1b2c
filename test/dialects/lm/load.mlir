// lm.load: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

lm.global weight @w : tensor<48x64xf32>

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.load @w : tensor<48x64xf32>
func.func @example() {
  %w = lm.load @w : tensor<48x64xf32>
  return
}
