// lm.store: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

lm.global weight @w : tensor<48x64xf32>

// CHECK-LABEL: @example
// CHECK: lm.store %{{.*}}, @w : tensor<48x64xf32>
func.func @example(%new: tensor<48x64xf32>) {
  lm.store %new, @w : tensor<48x64xf32>
  return
}
