// lm.linear_grad_input: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.linear_grad_input %{{.*}}, %{{.*}} : (tensor<2x5x48xf32>, tensor<48x64xf32>) -> tensor<2x5x64xf32>
func.func @example(%dy: tensor<2x5x48xf32>, %w: tensor<48x64xf32>) {
  %dx = lm.linear_grad_input %dy, %w
      : (tensor<2x5x48xf32>, tensor<48x64xf32>) -> tensor<2x5x64xf32>
  return
}
