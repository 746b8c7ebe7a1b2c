// lm.fill: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.fill  {value = 0.000000e+00 : f64} : () -> tensor<64xf32>
func.func @example() {
  %zeros = lm.fill {value = 0.0} : () -> tensor<64xf32>
  return
}
