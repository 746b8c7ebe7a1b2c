// lm.linear: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.linear %{{.*}}, %{{.*}} : (tensor<2x5x64xf32>, tensor<48x64xf32>) -> tensor<2x5x48xf32>
func.func @example(%x: tensor<2x5x64xf32>, %w: tensor<48x64xf32>) {
  %y = lm.linear %x, %w
      : (tensor<2x5x64xf32>, tensor<48x64xf32>) -> tensor<2x5x48xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.linear %{{.*}}, %{{.*}} : (tensor<?x?x64xbf16>, tensor<48x64xf32>) -> tensor<?x?x48xf32>
func.func @variant(%x: tensor<?x?x64xbf16>, %w: tensor<48x64xf32>) {
  %y = lm.linear %x, %w
      : (tensor<?x?x64xbf16>, tensor<48x64xf32>) -> tensor<?x?x48xf32>
  return
}
