// lm.rope: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.rope %{{.*}}, %{{.*}} {interleaved = true, offset = 8 : i64} : (tensor<2x5x4x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x4x16xf32>
func.func @example(%x: tensor<2x5x4x16xf32>, %table: tensor<2x5x8xf32>) {
  %y = lm.rope %x, %table {interleaved = true, offset = 8 : i64}
      : (tensor<2x5x4x16xf32>, tensor<2x5x8xf32>) -> tensor<2x5x4x16xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.rope %{{.*}}, %{{.*}} {interleaved = false, inverse = true, offset = 0 : i64} : (tensor<?x8xbf16>, tensor<?x8xf32>) -> tensor<?x8xbf16>
func.func @variant(%x: tensor<?x8xbf16>, %table: tensor<?x8xf32>) {
  %y = lm.rope %x, %table {interleaved = false, inverse = true, offset = 0 : i64}
      : (tensor<?x8xbf16>, tensor<?x8xf32>) -> tensor<?x8xbf16>
  return
}
