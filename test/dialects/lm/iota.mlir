// lm.iota: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.iota  : () -> tensor<2x5xi32>
func.func @example() {
  %positions = lm.iota : () -> tensor<2x5xi32>
  return
}
