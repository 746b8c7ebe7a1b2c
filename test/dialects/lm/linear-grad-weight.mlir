// lm.linear_grad_weight: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.linear_grad_weight %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x5x48xf32>, tensor<2x5x64xf32>, tensor<48x64xf32>) -> tensor<48x64xf32>
func.func @example(
    %dy: tensor<2x5x48xf32>, %x: tensor<2x5x64xf32>, %old: tensor<48x64xf32>) {
  %dw = lm.linear_grad_weight %dy, %x, %old
      : (tensor<2x5x48xf32>, tensor<2x5x64xf32>, tensor<48x64xf32>)
      -> tensor<48x64xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.linear_grad_weight %{{.*}}, %{{.*}} : (tensor<5x48xbf16>, tensor<5x64xbf16>) -> tensor<48x64xf32>
func.func @variant(%dy: tensor<5x48xbf16>, %x: tensor<5x64xbf16>) {
  %dw = lm.linear_grad_weight %dy, %x
      : (tensor<5x48xbf16>, tensor<5x64xbf16>) -> tensor<48x64xf32>
  return
}
