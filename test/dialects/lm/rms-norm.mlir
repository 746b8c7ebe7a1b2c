// lm.rms_norm: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.rms_norm %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64} : (tensor<2x5x64xf32>, tensor<64xf32>) -> tensor<2x5x64xf32>
func.func @example(%x: tensor<2x5x64xf32>, %weight: tensor<64xf32>) {
  %y = lm.rms_norm %x, %weight {epsilon = 1.0e-6}
      : (tensor<2x5x64xf32>, tensor<64xf32>) -> tensor<2x5x64xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.rms_norm %{{.*}}, %{{.*}} {epsilon = 9.9999999999999995E-7 : f64} : (tensor<?x?x64xbf16>, tensor<64xf32>) -> tensor<?x?x64xbf16>
func.func @variant(%x: tensor<?x?x64xbf16>, %weight: tensor<64xf32>) {
  %y = lm.rms_norm %x, %weight {epsilon = 1.0e-6}
      : (tensor<?x?x64xbf16>, tensor<64xf32>) -> tensor<?x?x64xbf16>
  return
}
