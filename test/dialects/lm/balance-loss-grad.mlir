// lm.balance_loss_grad: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.balance_loss_grad %{{.*}}, %{{.*}}, %{{.*}} {normalize = true} : (tensor<10x8xf32>, tensor<2x8xf32>, tensor<1xf32>) -> tensor<10x8xf32>
func.func @example(
    %scores: tensor<10x8xf32>, %f: tensor<2x8xf32>, %dloss: tensor<1xf32>) {
  %ds = lm.balance_loss_grad %scores, %f, %dloss {normalize = true}
      : (tensor<10x8xf32>, tensor<2x8xf32>, tensor<1xf32>) -> tensor<10x8xf32>
  return
}
