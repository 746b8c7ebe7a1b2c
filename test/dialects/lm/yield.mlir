// lm.yield: the op's example and its other spellings, read and printed.
// RUN: tresse-opt %s | tresse-opt | FileCheck %s

// CHECK-LABEL: @example
// CHECK: lm.yield %{{.*}} : tensor<10x64xf32>
func.func @example(%a: tensor<10x64xf32>, %b: tensor<10x64xf32>) {
  %y = lm.fusion(%a, %b) : (tensor<10x64xf32>, tensor<10x64xf32>) -> tensor<10x64xf32> {
  ^bb0(%x: tensor<10x64xf32>, %r: tensor<10x64xf32>):
    %s = arith.addf %x, %r : tensor<10x64xf32>
    lm.yield %s : tensor<10x64xf32>
  }
  return
}
