// lm.balance_loss: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: %{{.*}} = lm.balance_loss %{{.*}}, %{{.*}} {normalize = true} : (tensor<10x8xf32>, tensor<2x8xf32>) -> tensor<1xf32>
func.func @example(%scores: tensor<10x8xf32>, %f: tensor<2x8xf32>) {
  %loss = lm.balance_loss %scores, %f {normalize = true}
      : (tensor<10x8xf32>, tensor<2x8xf32>) -> tensor<1xf32>
  return
}
