// lm.sample: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.sample %{{.*}}, %{{.*}} : (tensor<2x64xf32>, tensor<2x8xf32>) -> tensor<2xi32>
func.func @example(%logits: tensor<2x64xf32>, %sampling: tensor<2x8xf32>) {
  %next = lm.sample %logits, %sampling
      : (tensor<2x64xf32>, tensor<2x8xf32>) -> tensor<2xi32>
  return
}
