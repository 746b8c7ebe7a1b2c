// lm.attention_grad_key: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}}, %{{.*}} = lm.attention_grad_key %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {scale = 2.500000e-01 : f64} : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>, tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>, tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
func.func @example(
    %q: tensor<2x5x4x16xf32>, %kv: tensor<2x7x4x20xf32>,
    %k_rope: tensor<2x7x8xf32>, %positions: tensor<2x5xi32>,
    %lse: tensor<2x5x4xf32>, %delta: tensor<2x5x4xf32>,
    %dout: tensor<2x5x4x12xf32>) {
  %dkv, %dk_rope = lm.attention_grad_key %q, %kv, %k_rope, %positions, %lse,
      %delta, %dout {scale = 0.25}
      : (tensor<2x5x4x16xf32>, tensor<2x7x4x20xf32>, tensor<2x7x8xf32>,
         tensor<2x5xi32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>,
         tensor<2x5x4x12xf32>) -> (tensor<2x7x4x20xf32>, tensor<2x7x8xf32>)
  return
}
