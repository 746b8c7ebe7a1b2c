// lm.token_log_prob: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}} = lm.token_log_prob %{{.*}}, %{{.*}} : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
func.func @example(
    %logits: tensor<2x5x64xf32>, %targets: tensor<2x5xi32>) {
  %logp, %lse = lm.token_log_prob %logits, %targets
      : (tensor<2x5x64xf32>, tensor<2x5xi32>) -> (tensor<2x5xf32>, tensor<2x5xf32>)
  return
}
