// lm.rotary: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.rotary %{{.*}} {amplitude = 1.000000e+00 : f64, beta_fast = 3.200000e+01 : f64, beta_slow = 1.000000e+00 : f64, factor = 4.000000e+00 : f64, original_positions = 16 : i64, theta = 1.000000e+04 : f64} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
func.func @example(%positions: tensor<2x5xi32>) {
  %table = lm.rotary %positions
      {theta = 1.0e4, factor = 4.0, original_positions = 16, beta_fast = 32.0,
       beta_slow = 1.0, amplitude = 1.0} : (tensor<2x5xi32>) -> tensor<2x5x8xf32>
  return
}
