// lm.embed_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.embed_grad %{{.*}}, %{{.*}}, %{{.*}} : (tensor<2x5xi32>, tensor<2x5x32xf32>, tensor<64x32xf32>) -> tensor<64x32xf32>
func.func @example(
    %tokens: tensor<2x5xi32>, %dy: tensor<2x5x32xf32>,
    %old: tensor<64x32xf32>) {
  %dt = lm.embed_grad %tokens, %dy, %old
      : (tensor<2x5xi32>, tensor<2x5x32xf32>, tensor<64x32xf32>)
      -> tensor<64x32xf32>
  return
}

// CHECK-LABEL: @variant
// CHECK: %{{.*}} = lm.embed_grad %{{.*}}, %{{.*}} : (tensor<5xi32>, tensor<5x32xbf16>) -> tensor<64x32xf32>
func.func @variant(%tokens: tensor<5xi32>, %dy: tensor<5x32xbf16>) {
  %dt = lm.embed_grad %tokens, %dy
      : (tensor<5xi32>, tensor<5x32xbf16>) -> tensor<64x32xf32>
  return
}
