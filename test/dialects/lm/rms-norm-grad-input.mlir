// lm.rms_norm_grad_input: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.rms_norm_grad_input %{{.*}}, %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x64xf32>, tensor<64xf32>, tensor<2x5x64xf32>) -> tensor<2x5x64xf32>
func.func @example(
    %x: tensor<2x5x64xf32>, %weight: tensor<64xf32>, %dy: tensor<2x5x64xf32>) {
  %dx = lm.rms_norm_grad_input %x, %weight, %dy {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<64xf32>, tensor<2x5x64xf32>)
      -> tensor<2x5x64xf32>
  return
}
